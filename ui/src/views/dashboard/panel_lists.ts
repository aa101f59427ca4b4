/** What the panels that list alerts and dashboards ask the server for. */

import { AlertmanagerClient } from "../../api/alertmanager.ts";
import { stripBase } from "../../api/base.ts";
import { grafana, proxyPath } from "../../api/grafana.ts";
import { PrometheusClient } from "../../api/prometheus.ts";
import { defaultSource } from "../../core/variables/datasource.ts";
import type { AlertRow, DashboardQuery, DashboardRow } from "../../panels/services.ts";
import type { Board } from "./board.svelte.ts";
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

/** Alerts that pend or fire: of Prometheus' rules, or what an Alertmanager knows. Raises ApiError. */
export async function alerts(board: Board, signal: AbortSignal): Promise<AlertRow[]> {
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

/** Dashboards as a panel asks for them. Raises ApiError. */
export async function dashboards(query: DashboardQuery, signal: AbortSignal): Promise<DashboardRow[]> {
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
