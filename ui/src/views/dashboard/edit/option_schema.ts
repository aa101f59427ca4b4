/** What can be set of each panel type, for the forms of the panel editor: one entry for each control. */

/**
 * path     below the panel, as `setOption` takes it
 * kind     of the control; `choice` has `choices` as [value, text]
 * wanted   what an absent value means
 * when     shown only where it says so, given a reader of the panel's values
 */
export interface OptionSpec {
  path: string;
  label: string;
  group: string;
  kind: "switch" | "choice" | "number" | "text" | "lines" | "reducer" | "reducers" | "json" | "field";
  choices?: readonly (readonly [string | number | boolean, string])[];
  wanted?: unknown;
  hint?: string;
  min?: number;
  max?: number;
  when?: (read: (path: string) => unknown) => boolean;
}

const c = "fieldConfig.defaults.custom.";
const o = "options.";

const LEGEND: OptionSpec[] = [
  { path: `${o}legend.showLegend`, label: "Legend", group: "Legend", kind: "switch", wanted: true },
  { path: `${o}legend.displayMode`, label: "As", group: "Legend", kind: "choice", choices: [["list", "List"], ["table", "Table"]], wanted: "list" },
  { path: `${o}legend.placement`, label: "Place", group: "Legend", kind: "choice", choices: [["bottom", "Below"], ["right", "Right"]], wanted: "bottom" },
  { path: `${o}legend.width`, label: "Width, px", group: "Legend", kind: "number", when: (read) => read(`${o}legend.placement`) === "right" },
  { path: `${o}legend.calcs`, label: "Values", group: "Legend", kind: "reducers", wanted: [] },
];
const TOOLTIP: OptionSpec[] = [
  { path: `${o}tooltip.mode`, label: "Tooltip", group: "Tooltip", kind: "choice", choices: [["single", "One series"], ["multi", "All series"], ["none", "None"]], wanted: "single" },
  { path: `${o}tooltip.sort`, label: "Order", group: "Tooltip", kind: "choice", choices: [["none", "As drawn"], ["asc", "Ascending"], ["desc", "Descending"]], wanted: "none", when: (read) => read(`${o}tooltip.mode`) === "multi" },
  { path: `${o}tooltip.hideZeros`, label: "Hide zeros", group: "Tooltip", kind: "switch", when: (read) => read(`${o}tooltip.mode`) === "multi" },
];
const REDUCE: OptionSpec[] = [
  { path: `${o}reduceOptions.values`, label: "Show", group: "Value", kind: "choice", choices: [[false, "One number of each series"], [true, "All values"]], wanted: false },
  { path: `${o}reduceOptions.calcs.0`, label: "Number", group: "Value", kind: "reducer", wanted: "lastNotNull", when: (read) => read(`${o}reduceOptions.values`) !== true },
  { path: `${o}reduceOptions.limit`, label: "At most", group: "Value", kind: "number", min: 1, when: (read) => read(`${o}reduceOptions.values`) === true },
  { path: `${o}reduceOptions.fields`, label: "Fields", group: "Value", kind: "text", hint: "empty: numbers; /.*/: all; /^name$/: one", wanted: "" },
];
const ORIENTATION: OptionSpec = { path: `${o}orientation`, label: "Orientation", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["horizontal", "Horizontal"], ["vertical", "Vertical"]], wanted: "auto" };
const TEXT_SIZE: OptionSpec[] = [
  { path: `${o}text.titleSize`, label: "Title size, px", group: "Look", kind: "number" },
  { path: `${o}text.valueSize`, label: "Value size, px", group: "Look", kind: "number" },
];
const AXIS: OptionSpec[] = [
  { path: `${c}axisPlacement`, label: "Place", group: "Axis", kind: "choice", choices: [["auto", "Auto"], ["left", "Left"], ["right", "Right"], ["hidden", "Hidden"]], wanted: "auto" },
  { path: `${c}axisLabel`, label: "Label", group: "Axis", kind: "text", wanted: "" },
  { path: `${c}axisWidth`, label: "Width, px", group: "Axis", kind: "number" },
  { path: `${c}axisSoftMin`, label: "Soft min", group: "Axis", kind: "number" },
  { path: `${c}axisSoftMax`, label: "Soft max", group: "Axis", kind: "number" },
  { path: `${c}axisCenteredZero`, label: "Zero in the middle", group: "Axis", kind: "switch" },
  { path: `${c}scaleDistribution.type`, label: "Scale", group: "Axis", kind: "choice", choices: [["linear", "Linear"], ["log", "Logarithmic"], ["symlog", "Symlog"]], wanted: "linear" },
  { path: `${c}scaleDistribution.log`, label: "Base", group: "Axis", kind: "choice", choices: [[2, "2"], [10, "10"]], wanted: 10, when: (read) => read(`${c}scaleDistribution.type`) !== "linear" },
];
const isLine = (read: (path: string) => unknown) => (read(`${c}drawStyle`) ?? "line") === "line";

const SCHEMA: Record<string, OptionSpec[]> = {
  timeseries: [
    { path: `${c}drawStyle`, label: "Style", group: "Graph", kind: "choice", choices: [["line", "Lines"], ["bars", "Bars"], ["points", "Points"]], wanted: "line" },
    { path: `${c}lineInterpolation`, label: "Between points", group: "Graph", kind: "choice", choices: [["linear", "Straight"], ["smooth", "Smooth"], ["stepBefore", "Step before"], ["stepAfter", "Step after"]], wanted: "linear", when: isLine },
    { path: `${c}lineWidth`, label: "Line width", group: "Graph", kind: "number", min: 0, max: 10, wanted: 1 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Graph", kind: "number", min: 0, max: 100, wanted: 0 },
    { path: `${c}gradientMode`, label: "Gradient", group: "Graph", kind: "choice", choices: [["none", "None"], ["opacity", "Opacity"], ["hue", "Hue"], ["scheme", "Scheme"]], wanted: "none" },
    { path: `${c}lineStyle.fill`, label: "Line", group: "Graph", kind: "choice", choices: [["solid", "Solid"], ["dash", "Dashed"], ["dot", "Dotted"]], wanted: "solid", when: isLine },
    { path: `${c}spanNulls`, label: "Connect gaps", group: "Graph", kind: "switch", wanted: false, when: isLine },
    { path: `${c}showPoints`, label: "Points", group: "Graph", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto", when: (read) => read(`${c}drawStyle`) !== "points" },
    { path: `${c}pointSize`, label: "Point size", group: "Graph", kind: "number", min: 1, max: 40, wanted: 5 },
    { path: `${c}stacking.mode`, label: "Stack", group: "Graph", kind: "choice", choices: [["none", "No"], ["normal", "Yes"], ["percent", "100 %"]], wanted: "none" },
    { path: `${c}thresholdsStyle.mode`, label: "Thresholds as", group: "Graph", kind: "choice", choices: [["off", "Nothing"], ["line", "Lines"], ["dashed", "Dashed lines"], ["area", "Areas"], ["line+area", "Lines and areas"], ["dashed+area", "Dashed lines and areas"]], wanted: "off" },
    ...AXIS, ...LEGEND, ...TOOLTIP,
  ],
  stat: [
    ...REDUCE,
    ORIENTATION,
    { path: `${o}textMode`, label: "Text", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["value", "Value"], ["value_and_name", "Value and name"], ["name", "Name"], ["none", "None"]], wanted: "auto" },
    { path: `${o}colorMode`, label: "Colour", group: "Look", kind: "choice", choices: [["none", "None"], ["value", "Value"], ["background", "Background"], ["background_solid", "Plain background"]], wanted: "value" },
    { path: `${o}graphMode`, label: "Graph", group: "Look", kind: "choice", choices: [["none", "None"], ["area", "Area"]], wanted: "area" },
    { path: `${o}justifyMode`, label: "Text at", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["center", "Middle"]], wanted: "auto" },
    { path: `${o}showPercentChange`, label: "Change in %", group: "Look", kind: "switch" },
    { path: `${o}wideLayout`, label: "Name beside value", group: "Look", kind: "switch", wanted: true },
    ...TEXT_SIZE,
  ],
  gauge: [
    ...REDUCE, ORIENTATION,
    { path: `${o}showThresholdLabels`, label: "Threshold labels", group: "Look", kind: "switch" },
    { path: `${o}showThresholdMarkers`, label: "Threshold ring", group: "Look", kind: "switch", wanted: true },
    ...TEXT_SIZE,
  ],
  bargauge: [
    ...REDUCE, ORIENTATION,
    { path: `${o}displayMode`, label: "Bars", group: "Look", kind: "choice", choices: [["gradient", "Gradient"], ["lcd", "LCD"], ["basic", "Plain"]], wanted: "gradient" },
    { path: `${o}valueMode`, label: "Value", group: "Look", kind: "choice", choices: [["color", "In its colour"], ["text", "In text colour"], ["hidden", "Hidden"]], wanted: "color" },
    { path: `${o}namePlacement`, label: "Names", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["top", "Above"], ["left", "Left"], ["hidden", "Hidden"]], wanted: "auto" },
    { path: `${o}showUnfilled`, label: "Show what is left", group: "Look", kind: "switch", wanted: true },
    { path: `${o}minVizHeight`, label: "Least height, px", group: "Look", kind: "number", wanted: 16 },
    { path: `${o}maxVizHeight`, label: "Most height, px", group: "Look", kind: "number", wanted: 300 },
    ...TEXT_SIZE,
  ],
  table: [
    { path: `${o}showHeader`, label: "Header", group: "Table", kind: "switch", wanted: true },
    { path: `${o}cellHeight`, label: "Rows", group: "Table", kind: "choice", choices: [["sm", "Low"], ["md", "Middle"], ["lg", "High"]], wanted: "sm" },
    { path: `${c}align`, label: "Align", group: "Table", kind: "choice", choices: [["auto", "Auto"], ["left", "Left"], ["center", "Middle"], ["right", "Right"]], wanted: "auto" },
    { path: `${c}cellOptions.type`, label: "Cells", group: "Table", kind: "choice", choices: [["auto", "Text"], ["color-text", "Coloured text"], ["color-background", "Coloured background"], ["gauge", "Gauge"], ["sparkline", "Sparkline"], ["json-view", "JSON"], ["data-links", "Links"]], wanted: "auto" },
    { path: `${c}cellOptions.mode`, label: "Look of cells", group: "Table", kind: "choice", choices: [["basic", "Plain"], ["gradient", "Gradient"], ["lcd", "LCD"]], wanted: "gradient", when: (read) => ["gauge", "color-background"].includes(String(read(`${c}cellOptions.type`))) },
    { path: `${c}width`, label: "Column width, px", group: "Table", kind: "number" },
    { path: `${c}minWidth`, label: "Least width, px", group: "Table", kind: "number" },
    { path: `${c}filterable`, label: "Filters in the header", group: "Table", kind: "switch" },
    { path: `${c}inspect`, label: "Look into cells", group: "Table", kind: "switch" },
    { path: `${o}footer.show`, label: "Footer", group: "Footer", kind: "switch" },
    { path: `${o}footer.reducer.0`, label: "Number", group: "Footer", kind: "reducer", wanted: "sum", when: (read) => read(`${o}footer.show`) === true },
    { path: `${o}footer.enablePagination`, label: "Pages", group: "Footer", kind: "switch" },
  ],
  text: [
    { path: `${o}mode`, label: "As", group: "Text", kind: "choice", choices: [["markdown", "Markdown"], ["html", "HTML"], ["code", "Code"]], wanted: "markdown" },
    { path: `${o}content`, label: "Content", group: "Text", kind: "lines", wanted: "" },
  ],
  logs: [
    { path: `${o}showTime`, label: "Time", group: "Lines", kind: "switch" },
    { path: `${o}showLabels`, label: "Labels", group: "Lines", kind: "switch" },
    { path: `${o}showCommonLabels`, label: "Common labels", group: "Lines", kind: "switch" },
    { path: `${o}wrapLogMessage`, label: "Wrap lines", group: "Lines", kind: "switch" },
    { path: `${o}prettifyLogMessage`, label: "Unfold JSON", group: "Lines", kind: "switch" },
    { path: `${o}enableLogDetails`, label: "Details", group: "Lines", kind: "switch", wanted: true },
    { path: `${o}dedupStrategy`, label: "Leave out repeats", group: "Lines", kind: "choice", choices: [["none", "No"], ["exact", "Equal lines"], ["numbers", "Equal but for numbers"], ["signature", "Equal but for words"]], wanted: "none" },
    { path: `${o}sortOrder`, label: "Order", group: "Lines", kind: "choice", choices: [["Descending", "Newest first"], ["Ascending", "Oldest first"]], wanted: "Descending" },
  ],
  heatmap: [
    { path: `${o}calculate`, label: "Buckets", group: "Heatmap", kind: "choice", choices: [[false, "From the data"], [true, "Calculated"]], wanted: false },
    { path: `${o}color.mode`, label: "Colours", group: "Heatmap", kind: "choice", choices: [["scheme", "Scheme"], ["opacity", "Opacity"]], wanted: "scheme" },
    { path: `${o}color.scheme`, label: "Scheme", group: "Heatmap", kind: "choice", choices: ["Oranges", "Greens", "Blues", "Reds", "Purples", "Greys", "Spectral", "RdYlGn", "Turbo", "Viridis", "Magma", "Inferno", "Plasma", "Cividis"].map((name) => [name, name] as const), wanted: "Oranges", when: (read) => read(`${o}color.mode`) !== "opacity" },
    { path: `${o}color.steps`, label: "Steps", group: "Heatmap", kind: "number", min: 2, max: 128, wanted: 64 },
    { path: `${o}color.reverse`, label: "Turn colours round", group: "Heatmap", kind: "switch" },
    { path: `${o}cellGap`, label: "Gap, px", group: "Heatmap", kind: "number", wanted: 1 },
    { path: `${o}yAxis.unit`, label: "Unit of the axis", group: "Heatmap", kind: "text" },
    { path: `${o}yAxis.reverse`, label: "Turn the axis round", group: "Heatmap", kind: "switch" },
    { path: `${o}legend.show`, label: "Legend", group: "Heatmap", kind: "switch", wanted: true },
  ],
  histogram: [
    { path: `${o}bucketSize`, label: "Bucket size", group: "Histogram", kind: "number" },
    { path: `${o}bucketCount`, label: "Buckets", group: "Histogram", kind: "number", wanted: 30 },
    { path: `${o}combine`, label: "Series together", group: "Histogram", kind: "switch" },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Histogram", kind: "number", min: 0, max: 100, wanted: 80 },
    { path: `${c}lineWidth`, label: "Line width", group: "Histogram", kind: "number", wanted: 1 },
    ...LEGEND, ...TOOLTIP,
  ],
  piechart: [
    ...REDUCE,
    { path: `${o}pieType`, label: "As", group: "Look", kind: "choice", choices: [["pie", "Pie"], ["donut", "Ring"]], wanted: "pie" },
    { path: `${o}displayLabels`, label: "Labels", group: "Look", kind: "json", hint: '["name", "value", "percent"]', wanted: [] },
    { path: `${o}legend.values`, label: "Legend values", group: "Legend", kind: "json", hint: '["value", "percent"]', wanted: [] },
    ...LEGEND, ...TOOLTIP,
  ],
  barchart: [
    ORIENTATION,
    { path: `${o}xField`, label: "Along", group: "Look", kind: "field" },
    { path: `${o}showValue`, label: "Values", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto" },
    { path: `${o}stacking`, label: "Stack", group: "Look", kind: "choice", choices: [["none", "No"], ["normal", "Yes"], ["percent", "100 %"]], wanted: "none" },
    { path: `${o}groupWidth`, label: "Width of groups", group: "Look", kind: "number", wanted: 0.7 },
    { path: `${o}barWidth`, label: "Width of bars", group: "Look", kind: "number", wanted: 0.97 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Look", kind: "number", min: 0, max: 100, wanted: 80 },
    ...AXIS, ...LEGEND, ...TOOLTIP,
  ],
  "state-timeline": [
    { path: `${o}mergeValues`, label: "Join equal values", group: "Look", kind: "switch", wanted: true },
    { path: `${o}showValue`, label: "Values", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto" },
    { path: `${o}alignValue`, label: "Values at", group: "Look", kind: "choice", choices: [["left", "Left"], ["center", "Middle"], ["right", "Right"]], wanted: "left" },
    { path: `${o}rowHeight`, label: "Row height", group: "Look", kind: "number", wanted: 0.9 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Look", kind: "number", min: 0, max: 100, wanted: 70 },
    ...LEGEND, ...TOOLTIP,
  ],
  "status-history": [
    { path: `${o}showValue`, label: "Values", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto" },
    { path: `${o}rowHeight`, label: "Row height", group: "Look", kind: "number", wanted: 0.9 },
    { path: `${o}colWidth`, label: "Column width", group: "Look", kind: "number", wanted: 0.9 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Look", kind: "number", min: 0, max: 100, wanted: 70 },
    ...LEGEND, ...TOOLTIP,
  ],
  alertlist: [
    { path: `${o}maxItems`, label: "At most", group: "Alerts", kind: "number", wanted: 20 },
    { path: `${o}alertName`, label: "Name has", group: "Alerts", kind: "text", wanted: "" },
    { path: `${o}stateFilter.firing`, label: "Firing", group: "Alerts", kind: "switch", wanted: true },
    { path: `${o}stateFilter.pending`, label: "Pending", group: "Alerts", kind: "switch", wanted: true },
    { path: `${o}stateFilter.normal`, label: "Normal", group: "Alerts", kind: "switch" },
  ],
  dashlist: [
    { path: `${o}showStarred`, label: "With a star", group: "Lists", kind: "switch", wanted: true },
    { path: `${o}showRecentlyViewed`, label: "Opened last", group: "Lists", kind: "switch" },
    { path: `${o}showSearch`, label: "Found", group: "Lists", kind: "switch" },
    { path: `${o}query`, label: "Words", group: "Lists", kind: "text", wanted: "" },
    { path: `${o}tags`, label: "Tags", group: "Lists", kind: "json", hint: '["host"]', wanted: [] },
    { path: `${o}maxItems`, label: "At most", group: "Lists", kind: "number", wanted: 10 },
  ],
};

/** Controls of a panel type, in order; groups stand together. None for a type that is not known. */
export function optionSchema(type: string): readonly OptionSpec[] {
  return SCHEMA[type === "graph" ? "timeseries" : type] ?? [];
}

/** What has no colours, units and thresholds. */
export const WITHOUT_FIELDS: ReadonlySet<string> = new Set(["text", "logs", "alertlist", "dashlist", "row"]);

/** The types that can be made, with their names. */
export const PANEL_TYPES: readonly (readonly [string, string])[] = [
  ["timeseries", "Time series"], ["stat", "Stat"], ["gauge", "Gauge"], ["bargauge", "Bar gauge"], ["table", "Table"], ["barchart", "Bar chart"],
  ["piechart", "Pie chart"], ["state-timeline", "State timeline"], ["status-history", "Status history"], ["heatmap", "Heatmap"], ["histogram", "Histogram"],
  ["logs", "Logs"], ["text", "Text"], ["alertlist", "Alert list"], ["dashlist", "Dashboard list"],
];

/** The custom settings that an override may change, by their path below `custom`. */
export function overridable(type: string): readonly OptionSpec[] {
  return optionSchema(type).filter((spec) => spec.path.startsWith(c)).map((spec) => ({ ...spec, path: spec.path.slice("fieldConfig.defaults.".length) }));
}
