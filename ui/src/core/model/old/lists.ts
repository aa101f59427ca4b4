/** Small panels whose settings once stood on the panel itself: text, dashboard list, alert list, and the pie chart that was a plugin. */

import { isRecord, type Json, number, present, record, text, without } from "../part.ts";
import { legendOf } from "./graph.ts";
import { calcOf } from "./singlestat.ts";

/** The text panel. */
export function fromOldText(raw: Json): Json {
  if (isRecord(raw.options) && raw.options.content !== undefined) return raw;
  const mode = text(raw.mode) === "html" ? "html" : "markdown";
  return { ...without(raw, ["content", "mode"]), options: { mode, content: text(raw.content) ?? "", ...record(raw.options) } };
}

/** The dashboard list. */
export function fromOldDashlist(raw: Json): Json {
  if (isRecord(raw.options) && Object.keys(raw.options).length) return raw;
  const flag = (value: unknown, otherwise: boolean) => (typeof value === "boolean" ? value : otherwise);
  return {
    ...without(raw, ["starred", "recent", "search", "headings", "limit", "query", "tags", "folderId"]),
    options: present({
      showStarred: flag(raw.starred, true), showRecentlyViewed: flag(raw.recent, false), showSearch: flag(raw.search, false), showHeadings: flag(raw.headings, true),
      maxItems: number(raw.limit) ?? 10, query: text(raw.query) ?? "", tags: Array.isArray(raw.tags) ? raw.tags : [], folderId: number(raw.folderId),
    }),
  };
}

/** The alert list. */
export function fromOldAlertlist(raw: Json): Json {
  if (isRecord(raw.options) && Object.keys(raw.options).length) return raw;
  return {
    ...without(raw, ["show", "limit", "sortOrder", "onlyAlertsOnDashboard", "stateFilter", "nameFilter", "dashboardTags", "alertName"]),
    options: {
      maxItems: number(raw.limit) ?? 20, sortOrder: number(raw.sortOrder) ?? 1, alertName: text(raw.nameFilter) ?? text(raw.alertName) ?? "",
      dashboardAlerts: raw.onlyAlertsOnDashboard === true, stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true }, viewMode: "list",
    },
  };
}

/** The pie chart plugin `grafana-piechart-panel`. */
export function fromOldPiechart(raw: Json): Json {
  const legend = record(raw.legend);
  const colors = Object.entries(record(raw.aliasColors)).filter(([, color]) => typeof color === "string");
  return {
    ...without(raw, ["aliasColors", "breakPoint", "combine", "fontSize", "format", "legend", "legendType", "nullPointMode", "pieType", "strokeWidth", "valueName", "decimals"]),
    type: "piechart",
    fieldConfig: {
      defaults: present({ unit: text(raw.format), decimals: number(raw.decimals), color: { mode: "palette-classic" } }),
      overrides: colors.map(([name, fixedColor]) => ({ matcher: { id: "byName", options: name }, properties: [{ id: "color", value: { mode: "fixed", fixedColor } }] })),
    },
    options: {
      pieType: raw.pieType === "donut" ? "donut" : "pie", displayLabels: [],
      reduceOptions: { calcs: [calcOf(raw.valueName ?? "current")], fields: "", values: false },
      legend: {
        ...legendOf({ ...legend, rightSide: raw.legendType === "Right side" || raw.legendType === "rightSide", values: false }),
        showLegend: legend.show !== false && raw.legendType !== "On graph",
        values: [...(legend.values === true ? ["value"] : []), ...(legend.percentage === true ? ["percent"] : [])],
      },
    },
  };
}
