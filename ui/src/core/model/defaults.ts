/** What Grafana gives a panel of each type that says nothing: for new panels, for a change of type, and for drawing what is left out. */

import type { FieldConfig } from "../frame/config.ts";

/** Options and field config of a type; fresh objects each time. */
export interface PanelDefaults {
  options: Record<string, unknown>;
  defaults: FieldConfig;
}

const legend = () => ({ displayMode: "list", placement: "bottom", showLegend: true, calcs: [] });
const tooltip = () => ({ mode: "single", sort: "none" });
const reduced = () => ({ values: false, calcs: ["lastNotNull"], fields: "" });
const steps = (): FieldConfig => ({
  mappings: [],
  thresholds: { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 80, color: "red" }] },
});

const TIMESERIES = {
  drawStyle: "line", lineInterpolation: "linear", lineWidth: 1, fillOpacity: 0, gradientMode: "none", spanNulls: false, insertNulls: false, showPoints: "auto",
  pointSize: 5, stacking: { mode: "none", group: "A" }, axisPlacement: "auto", axisLabel: "", axisColorMode: "text", axisBorderShow: false,
  scaleDistribution: { type: "linear" }, axisCenteredZero: false, hideFrom: { tooltip: false, viz: false, legend: false }, thresholdsStyle: { mode: "off" },
  barAlignment: 0,
};

const BY_TYPE: Record<string, () => PanelDefaults> = {
  timeseries: () => ({ options: { legend: legend(), tooltip: tooltip() }, defaults: { ...steps(), color: { mode: "palette-classic" }, custom: structuredClone(TIMESERIES) } }),
  stat: () => ({
    options: {
      reduceOptions: reduced(), orientation: "auto", textMode: "auto", wideLayout: true, colorMode: "value", graphMode: "area", justifyMode: "auto",
      showPercentChange: false,
    },
    defaults: { ...steps(), color: { mode: "thresholds" } },
  }),
  gauge: () => ({
    options: { reduceOptions: reduced(), orientation: "auto", showThresholdLabels: false, showThresholdMarkers: true, sizing: "auto", minVizWidth: 75, minVizHeight: 75 },
    defaults: { ...steps(), color: { mode: "thresholds" } },
  }),
  bargauge: () => ({
    options: {
      reduceOptions: reduced(), orientation: "auto", displayMode: "gradient", valueMode: "color", namePlacement: "auto", showUnfilled: true, sizing: "auto",
      minVizWidth: 8, minVizHeight: 16, maxVizHeight: 300,
    },
    defaults: { ...steps(), color: { mode: "thresholds" } },
  }),
  table: () => ({
    options: { showHeader: true, cellHeight: "sm", footer: { show: false, reducer: ["sum"], fields: "", countRows: false } },
    defaults: { ...steps(), color: { mode: "thresholds" }, custom: { align: "auto", cellOptions: { type: "auto" }, inspect: false } },
  }),
  text: () => ({ options: { mode: "markdown", content: "" }, defaults: {} }),
  logs: () => ({
    options: {
      showTime: false, showLabels: false, showCommonLabels: false, wrapLogMessage: false, prettifyLogMessage: false, enableLogDetails: true,
      dedupStrategy: "none", sortOrder: "Descending",
    },
    defaults: {},
  }),
  heatmap: () => ({
    options: {
      calculate: false, yAxis: { axisPlacement: "left", reverse: false }, rowsFrame: { layout: "auto" }, cellGap: 1, filterValues: { le: 1e-9 },
      color: { mode: "scheme", fill: "dark-orange", scale: "exponential", exponent: 0.5, scheme: "Oranges", steps: 64, reverse: false },
      exemplars: { color: "rgba(255,0,255,0.7)" }, legend: { show: true }, showValue: "never", tooltip: { mode: "single", yHistogram: false },
    },
    defaults: { custom: { scaleDistribution: { type: "linear" }, hideFrom: { tooltip: false, viz: false, legend: false } } },
  }),
  histogram: () => ({
    options: { legend: legend(), tooltip: tooltip(), bucketOffset: 0 },
    defaults: { ...steps(), color: { mode: "palette-classic" }, custom: { lineWidth: 1, fillOpacity: 80, gradientMode: "none" } },
  }),
  piechart: () => ({
    options: { reduceOptions: reduced(), pieType: "pie", tooltip: tooltip(), legend: { ...legend(), placement: "right", values: [] }, displayLabels: [] },
    defaults: { mappings: [], color: { mode: "palette-classic" }, custom: { hideFrom: { tooltip: false, viz: false, legend: false } } },
  }),
  barchart: () => ({
    options: {
      orientation: "auto", xTickLabelRotation: 0, xTickLabelSpacing: 0, showValue: "auto", stacking: "none", groupWidth: 0.7, barWidth: 0.97, barRadius: 0,
      fullHighlight: false, legend: legend(), tooltip: tooltip(),
    },
    defaults: { ...steps(), color: { mode: "palette-classic" }, custom: { lineWidth: 1, fillOpacity: 80, gradientMode: "none", axisPlacement: "auto" } },
  }),
  "state-timeline": () => ({
    options: { mergeValues: true, showValue: "auto", alignValue: "left", rowHeight: 0.9, legend: legend(), tooltip: tooltip() },
    defaults: { ...steps(), color: { mode: "thresholds" }, custom: { lineWidth: 0, fillOpacity: 70, spanNulls: false, insertNulls: false } },
  }),
  "status-history": () => ({
    options: { rowHeight: 0.9, colWidth: 0.9, showValue: "auto", legend: legend(), tooltip: tooltip() },
    defaults: { ...steps(), color: { mode: "thresholds" }, custom: { lineWidth: 1, fillOpacity: 70 } },
  }),
  alertlist: () => ({
    options: {
      viewMode: "list", groupMode: "default", groupBy: [], maxItems: 20, sortOrder: 1, dashboardAlerts: false, alertName: "", alertInstanceLabelFilter: "",
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true },
    },
    defaults: {},
  }),
  dashlist: () => ({
    options: { showStarred: true, showRecentlyViewed: false, showSearch: false, showHeadings: true, includeVars: false, keepTime: false, maxItems: 10, query: "", tags: [] },
    defaults: {},
  }),
};

/** What a panel of `type` has where it says nothing; empty for types nobody here knows. */
export function panelDefaults(type: string): PanelDefaults {
  return BY_TYPE[type]?.() ?? { options: {}, defaults: {} };
}
