/** A query of a panel, asked of an Alertmanager: its alerts as a table. */

import { AlertmanagerClient } from "../api/alertmanager.ts";
import { proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import type { Target } from "../core/model/dashboard.ts";
import { frame } from "../core/frame/frame.ts";
import type { Field } from "../core/frame/frame.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import type { QueryContext } from "./context.ts";
import type { TargetAnswer } from "./prometheus_query.ts";
import { scheduler } from "./scheduler.ts";

/** A row for each alert: Time, alertname, state, and a column for each other label and for the summary. Raises ApiError. */
export async function alertmanagerQuery(target: Target, source: DataSource, context: QueryContext): Promise<TargetAnswer> {
  const client = new AlertmanagerClient(proxyPath(source.uid));
  const text = interpolate(target.expr ?? "", context.scope);
  const filter = text.replace(/^\{|\}$/g, "").split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((one) => one.trim()).filter((one) => one);
  const alerts = await scheduler.run(`${client.base} alerts ${text}`, context.priority, (signal) => client.alerts({ filter }, signal), context.signal);
  const names = [...new Set(alerts.flatMap((alert) => Object.keys(alert.labels)))].filter((name) => name !== "alertname").sort();
  const column = (name: string, values: unknown[], type: Field["type"] = "string"): Field => ({ name, type, values, config: {} });
  const made = frame(
    [
      column("Time", alerts.map((alert) => Date.parse(alert.startsAt)), "time"),
      column("alertname", alerts.map((alert) => alert.labels.alertname ?? "")),
      column("state", alerts.map((alert) => alert.status.state)),
      column("summary", alerts.map((alert) => alert.annotations.summary ?? alert.annotations.description ?? "")),
      ...names.map((name) => column(name, alerts.map((alert) => alert.labels[name] ?? ""))),
    ],
    { refId: target.refId, meta: { kind: "table", executed: text } },
  );
  return { frames: [made], notices: [], executed: [] };
}
