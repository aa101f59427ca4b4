/** Queries and datasources of panels in today's form. */

import type { DataSourceRef, Target } from "./dashboard.ts";
import { isRecord, type Json, number, Part } from "./part.ts";

/** A reference from any form: a name as text, `{type, uid}`, an old numeric id; null and absent are undefined: inherited. */
export function datasourceOf(value: unknown): DataSourceRef | undefined {
  if (typeof value === "string" && value !== "") {
    if (value === "-- Mixed --" || value === "-- Dashboard --") return { type: "datasource", uid: value };
    if (value === "-- Grafana --") return { type: "datasource", uid: "grafana" };
    return { uid: value };
  }
  if (!isRecord(value)) return undefined;
  const ref: DataSourceRef = {};
  if (typeof value.type === "string") ref.type = value.type;
  if (typeof value.uid === "string" && value.uid) ref.uid = value.uid;
  return ref.type || ref.uid ? ref : undefined;
}

/** A, B, … Z, AA, AB, … of a number from 0. */
export function refIdOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : refIdOf(Math.floor(index / 26) - 1) + letter;
}

/** The first letter that none of `taken` is. */
export function freeRefId(taken: ReadonlySet<string>): string {
  let index = 0;
  while (taken.has(refIdOf(index))) index++;
  return refIdOf(index);
}

const FORMATS = new Set(["time_series", "table", "heatmap", "logs"]);

/** The queries of a panel, each with a letter of its own: those without get the first free ones, in order. */
export function targetsOf(panel: Part): Target[] {
  const list = panel.records("targets");
  const taken = new Set<string>();
  for (const { refId } of list) if (typeof refId === "string" && refId) taken.add(refId);
  const seen = new Set<string>();
  let next = 0;
  return list.map((raw, index) => {
    let refId = typeof raw.refId === "string" ? raw.refId : "";
    if (!refId || seen.has(refId)) {
      while (taken.has(refIdOf(next))) next++;
      refId = refIdOf(next);
      taken.add(refId);
    }
    seen.add(refId);
    return targetOf(raw, refId, new Part(raw, `query ${refId || index + 1}`, panel.notices, panel.panel));
  });
}

function targetOf(raw: Json, refId: string, part: Part): Target {
  const made: Target = { ...raw, refId };
  const keep = <K extends keyof Target>(key: K, value: Target[K] | undefined) => {
    if (value === undefined) delete made[key];
    else made[key] = value;
  };
  for (const key of ["expr", "legendFormat", "interval", "queryType", "direction"] as const) if (key in raw) keep(key, part.text(key));
  for (const key of ["instant", "range", "hide", "exemplar"] as const) if (key in raw) keep(key, part.boolean(key));
  for (const key of ["intervalFactor", "maxLines"] as const) if (key in raw) keep(key, number(raw[key]));
  if ("format" in raw) keep("format", FORMATS.has(String(raw.format)) ? (raw.format as NonNullable<Target["format"]>) : undefined);
  if ("datasource" in raw) keep("datasource", datasourceOf(raw.datasource));
  return made;
}
