/** Explore's queries as a panel, so that they are asked and drawn as a dashboard's are. */

import type { DataSource } from "../../api/grafana.ts";
import type { FieldConfigSource } from "../../core/frame/config.ts";
import type { Panel, Target } from "../../core/model/dashboard.ts";
import { references } from "../../core/variables/interpolate.ts";
import { letter } from "../../core/url/graph_url.ts";
import { givesLines } from "../../query/loki_query.ts";

/** How the graph is drawn. */
export const GRAPH_STYLES = ["lines", "bars", "points", "stacked lines", "stacked bars"] as const;
export type GraphStyle = (typeof GRAPH_STYLES)[number];

/** A target as it is sent: what Explore's options leave open has Explore's defaults, a range and an instant. An instant alone is one table of all its series. */
export function readyTarget(target: Target, source: DataSource): Target {
  const ready: Target = { ...target, datasource: { type: source.type, uid: source.uid } };
  if (source.type === "prometheus" && target.range === undefined && target.instant === undefined) {
    ready.range = true;
    ready.instant = true;
  }
  const instant = source.type === "loki" ? target.queryType === "instant" && !givesLines(target.expr ?? "") : ready.instant === true && ready.range !== true;
  if (instant) ready.format = "table";
  return ready;
}

/** Variables of the queries that nobody here has a value for; `known` tells of those that have one. Each once, in order. */
export function unknownVariables(targets: readonly Target[], known: (name: string) => boolean): string[] {
  const names = targets.flatMap((target) => (target.hide ? [] : references(`${target.expr ?? ""} ${target.legendFormat ?? ""}`))).map((one) => one.name);
  // Those of the page itself begin so; a query's own step and range are among them.
  return [...new Set(names)].filter((name) => !name.startsWith("__") && !known(name));
}

/** The panel that asks: each target at its own data source. */
export function explorePanel(targets: readonly Target[], sourceOf: (target: Target) => DataSource): Panel {
  return {
    type: "timeseries", title: "", gridPos: { x: 0, y: 0, w: 24, h: 12 }, datasource: { uid: "-- Mixed --" },
    targets: targets.map((target) => readyTarget(target, sourceOf(target))), fieldConfig: { defaults: {}, overrides: [] }, options: {}, transformations: [], links: [],
  };
}

/** More names than these have a line each: side by side they would all be cut where they begin to differ. */
const MOST_SIDE_BY_SIDE = 40;

/** The panel that draws a graph of so many series in a style. */
export function graphPanel(style: GraphStyle, series = 1, title = "Result"): Panel {
  const bars = style.endsWith("bars");
  const stacked = style.startsWith("stacked");
  const custom = {
    drawStyle: bars ? "bars" : style === "points" ? "points" : "line", lineWidth: 1, fillOpacity: bars ? 80 : stacked ? 25 : 0, showPoints: style === "points" ? "always" : "auto", pointSize: 4,
    stacking: { mode: stacked ? "normal" : "none", group: "A" },
  };
  return plainPanel("timeseries", title, { defaults: { color: { mode: "palette-classic" }, custom }, overrides: [] }, {
    legend: { displayMode: series > MOST_SIDE_BY_SIDE ? "table" : "list", placement: "bottom", showLegend: true, calcs: [] }, tooltip: { mode: "multi", sort: "desc" },
  });
}

/** A panel that only draws. */
export function plainPanel(type: string, title: string, fieldConfig: FieldConfigSource, options: Record<string, unknown>): Panel {
  return { type, title, gridPos: { x: 0, y: 0, w: 24, h: 12 }, targets: [], fieldConfig, options, transformations: [], links: [] };
}

/** The letter of a query that is added to others. */
export function freeLetter(targets: readonly Target[]): string {
  const taken = new Set(targets.map((target) => target.refId));
  for (let at = 0; ; at++) if (!taken.has(letter(at))) return letter(at);
}
