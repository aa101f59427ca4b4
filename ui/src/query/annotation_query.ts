/** Annotations of a dashboard: events of Prometheus queries and those that are kept on the server. */

import { isAbort, readable } from "../api/errors.ts";
import { grafana } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import type { Annotation } from "../core/model/dashboard.ts";
import type { TimeRange } from "../core/time/range.ts";
import { resolveDatasource } from "../core/variables/datasource.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import type { Scope } from "../core/variables/scope.ts";
import { scheduler } from "./scheduler.ts";

/** Something that happened; `timeEnd` equals `time` where it took no time. */
export interface AnnotationEvent {
  time: number;
  timeEnd: number;
  title: string;
  text: string;
  tags: string[];
  color: string;
  /** The annotation's name. */
  source: string;
  panelId?: number;
  id?: number;
}

export interface AnnotationContext {
  range: TimeRange;
  scope: Scope;
  sources: readonly DataSource[];
  dashboardUid: string;
  signal?: AbortSignal | undefined;
}

/** After what panels ask. */
export const ANNOTATION_PRIORITY = 8;

/** Events of all that are enabled, by time; those that fail are told by name. */
export async function queryAnnotations(list: readonly Annotation[], context: AnnotationContext): Promise<{ events: AnnotationEvent[]; faults: Map<string, string> }> {
  const faults = new Map<string, string>();
  const all = await Promise.all(
    list.filter((one) => one.enable !== false).map(async (one) => {
      try {
        return await events(one, context);
      } catch (error) {
        if (context.signal?.aborted || isAbort(error)) throw error;
        faults.set(one.name, readable(error));
        return [];
      }
    }),
  );
  return { events: all.flat().sort((a, b) => a.time - b.time), faults };
}

async function events(annotation: Annotation, context: AnnotationContext): Promise<AnnotationEvent[]> {
  if (Array.isArray(annotation.snapshotData)) return frozen(annotation, annotation.snapshotData);
  const { source, special } = resolveDatasource(annotation.datasource, context.scope, context.sources);
  const color = annotation.iconColor || "#4fb3c8";
  if (special || annotation.builtIn === 1) return stored(annotation, color, context);
  return source ? (await import("./annotation_events.ts")).queriedEvents(annotation, color, source as DataSource, context) : [];
}

/** Events that a snapshot keeps. */
function frozen(annotation: Annotation, list: readonly unknown[]): AnnotationEvent[] {
  return list.flatMap((item) => {
    const said = (item ?? {}) as Partial<AnnotationEvent> & { isRegion?: boolean };
    if (typeof said.time !== "number") return [];
    const tags = Array.isArray(said.tags) ? said.tags.filter((tag) => typeof tag === "string") : [];
    return [{
      time: said.time, timeEnd: typeof said.timeEnd === "number" && said.timeEnd > said.time ? said.timeEnd : said.time, title: String(said.title ?? annotation.name),
      text: String(said.text ?? ""), tags, color: annotation.iconColor || "#4fb3c8", source: annotation.name, ...(said.panelId ? { panelId: Number(said.panelId) } : {}),
    }];
  });
}

async function stored(annotation: Annotation, color: string, context: AnnotationContext): Promise<AnnotationEvent[]> {
  const target = annotation.target as { type?: string; tags?: string[]; matchAny?: boolean; limit?: number } | undefined;
  const tags = (target?.tags ?? (annotation.tags as string[] | undefined) ?? []).map((tag) => interpolate(tag, context.scope));
  const byTags = (target?.type ?? annotation.type) === "tags" && tags.length > 0;
  const params = {
    from: context.range.span.from, to: context.range.span.to, limit: target?.limit ?? 100,
    ...(byTags ? { tags, matchAny: target?.matchAny } : { dashboardUID: context.dashboardUid }),
  };
  if (!byTags && !context.dashboardUid) return [];
  const list = await scheduler.run(`annotations ${JSON.stringify(params)}`, ANNOTATION_PRIORITY, (signal) => grafana.annotations(params, signal), context.signal);
  return list.map((one) => ({
    time: one.time, timeEnd: one.timeEnd || one.time, title: annotation.name, text: one.text ?? "", tags: one.tags ?? [], color, source: annotation.name, id: one.id,
    ...(one.panelId ? { panelId: one.panelId } : {}),
  }));
}
