/** What panels ask the dashboard and the server for beside their queries. */

import { AlertmanagerClient } from "../../api/alertmanager.ts";
import { grafana, proxyPath } from "../../api/grafana.ts";
import { PrometheusClient } from "../../api/prometheus.ts";
import { stripBase } from "../../api/base.ts";
import type { AnnotationMark } from "../../charts/marks.ts";
import type { Panel } from "../../core/model/dashboard.ts";
import { defaultSource } from "../../core/variables/datasource.ts";
import { session } from "../../page/session.svelte.ts";
import { provideServices } from "../../panels/services.ts";
import type { AlertRow, DashboardQuery, DashboardRow } from "../../panels/services.ts";
import type { Board } from "./board.svelte.ts";
import { marking } from "./annotate/marking.svelte.ts";
import { visited } from "./visited.ts";

interface RuleGroups {
  groups: { name: string; file: string; rules: { name: string; type: string; state?: string; alerts?: RuleAlert[] }[] }[];
}

interface RuleAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: string;
  activeAt?: string;
  value: string;
}

/** Gives all panels below the calling component their services. */
export function panelServices(board: Board): void {
  provideServices({
    base: board.base,
    annotations: (panel) => marksOf(board, panel),
    refreshed: () => board.ticks,
    recolor: (panel, name, color) => void recolor(board, panel, name, color),
    alerts: (signal) => alerts(board, signal),
    dashboards,
  });
}

/** While the dashboard is edited it is a change like others; else it is shown, not saved. */
async function recolor(board: Board, panel: Panel, name: string, color: string): Promise<void> {
  const { recolored } = await import("../../core/model/recolor.ts");
  const model = recolored(board.model, panel.id ?? -1, name, color);
  if (board.editing || board.changed) {
    board.edit(model, `color ${name}`);
    return;
  }
  board.show(model);
  board.saved = model;
}

function marksOf(board: Board, panel: Panel): AnnotationMark[] {
  return board.events
    .filter((event) => event.panelId === undefined || event.panelId === panel.id)
    .map((event): AnnotationMark => ({
      time: event.time, ...(event.timeEnd > event.time ? { timeEnd: event.timeEnd } : {}), title: event.title, text: event.text, tags: event.tags, color: event.color,
      ...(event.id !== undefined && session.canEdit && board.origin === "stored" ? { change: () => (marking.asked = { event: event as typeof event & { id: number } }) } : {}),
    }));
}

async function alerts(board: Board, signal: AbortSignal): Promise<AlertRow[]> {
  const prometheus = defaultSource(board.sources, "prometheus");
  if (prometheus) {
    const { groups } = await new PrometheusClient(proxyPath(prometheus.uid)).get<RuleGroups>("rules", { type: "alert" }, signal);
    return groups.flatMap((group) =>
      group.rules.flatMap((rule) =>
        (rule.alerts ?? []).map((alert): AlertRow => ({
          name: alert.labels.alertname ?? rule.name, state: alert.state === "pending" ? "pending" : "firing", labels: alert.labels, group: group.name, folder: group.file,
          ...(alert.activeAt ? { since: Date.parse(alert.activeAt) } : {}), summary: alert.annotations.summary ?? alert.annotations.description ?? "", value: alert.value,
          href: `/rules?search=${encodeURIComponent(rule.name)}`,
        })),
      ),
    );
  }
  const alertmanager = defaultSource(board.sources, "alertmanager");
  if (!alertmanager) throw new Error("there is no data source that knows alerts");
  const list = await new AlertmanagerClient(proxyPath(alertmanager.uid)).alerts({ silenced: false, inhibited: false }, signal);
  return list.map((alert) => ({
    name: alert.labels.alertname ?? "", state: "firing", labels: alert.labels, since: Date.parse(alert.startsAt), summary: alert.annotations.summary ?? "", href: "/alerts",
  }));
}

async function dashboards(query: DashboardQuery, signal: AbortSignal): Promise<DashboardRow[]> {
  const params = {
    type: "dash-db", query: query.query || null, tag: query.tags ?? [], starred: query.starred ? true : null, limit: query.recent ? 1000 : query.limit,
    folderUIDs: query.folderUid ?? null,
  };
  const hits = await grafana.search(params, signal);
  const rows = hits.map((hit): DashboardRow => ({
    uid: hit.uid, title: hit.title, href: stripBase(hit.url) ?? hit.url, tags: hit.tags, starred: hit.isStarred === true, ...(hit.folderTitle ? { folder: hit.folderTitle } : {}),
  }));
  if (!query.recent) return rows;
  const byUid = new Map(rows.map((row) => [row.uid, row]));
  return visited().flatMap((one) => byUid.get(one.uid) ?? []).slice(0, query.limit);
}
