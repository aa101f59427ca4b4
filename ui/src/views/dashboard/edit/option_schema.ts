/** What can be set of each panel type, for the forms of the panel editor: one entry for each control. */

import { REDUCERS } from "../../../core/frame/reducers.ts";
import { withMore } from "./more_options.ts";
import type { OptionSpec } from "./option_spec.ts";

export type { OptionSpec } from "./option_spec.ts";

const c = "fieldConfig.defaults.custom.";
const o = "options.";

const SPANS: readonly (readonly [number, string])[] = [[60_000, "1 min"], [300_000, "5 min"], [900_000, "15 min"], [3_600_000, "1 h"], [21_600_000, "6 h"], [86_400_000, "1 d"]];
const isCalculated = (read: (path: string) => unknown) => read("options.calculate") === true;
const SIZING = (width: string, height: string): OptionSpec[] => [
  { path: `${o}sizing`, label: "Size", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["manual", "By hand"]], wanted: "auto" },
  { path: `${o}minVizWidth`, label: "Least width, px", group: "Look", kind: "number", hint: width, when: (read) => read(`${o}sizing`) === "manual" },
  { path: `${o}minVizHeight`, label: "Least height, px", group: "Look", kind: "number", hint: height, when: (read) => read(`${o}sizing`) === "manual" },
];

const LEGEND: OptionSpec[] = [
  { path: `${o}legend.showLegend`, label: "Legend", group: "Legend", kind: "switch", wanted: true },
  { path: `${o}legend.displayMode`, label: "As", group: "Legend", kind: "choice", choices: [["list", "List"], ["table", "Table"]], wanted: "list" },
  { path: `${o}legend.placement`, label: "Place", group: "Legend", kind: "choice", choices: [["bottom", "Below"], ["right", "Right"]], wanted: "bottom" },
  { path: `${o}legend.width`, label: "Width, px", group: "Legend", kind: "number", when: (read) => read(`${o}legend.placement`) === "right" },
  { path: `${o}legend.calcs`, label: "Values", group: "Legend", kind: "reducers", wanted: [] },
  { path: `${o}legend.sortBy`, label: "Sorted by", group: "Legend", kind: "choice", choices: [["", "As drawn"], ["Name", "Name"], ...REDUCERS.filter(({ id }) => !/^p\d+$/.test(id)).map(({ name }) => [name, name] as const)], wanted: "", when: (read) => read(`${o}legend.displayMode`) === "table" },
  { path: `${o}legend.sortDesc`, label: "Descending", group: "Legend", kind: "switch", when: (read) => read(`${o}legend.displayMode`) === "table" && Boolean(read(`${o}legend.sortBy`)) },
];
const TOOLTIP: OptionSpec[] = [
  { path: `${o}tooltip.mode`, label: "Tooltip", group: "Tooltip", kind: "choice", choices: [["single", "One series"], ["multi", "All series"], ["none", "None"]], wanted: "single" },
  { path: `${o}tooltip.sort`, label: "Order", group: "Tooltip", kind: "choice", choices: [["none", "As drawn"], ["asc", "Ascending"], ["desc", "Descending"]], wanted: "none", when: (read) => read(`${o}tooltip.mode`) === "multi" },
  { path: `${o}tooltip.hideZeros`, label: "Hide zeros", group: "Tooltip", kind: "switch", when: (read) => read(`${o}tooltip.mode`) === "multi" },
  { path: `${o}tooltip.hoverProximity`, label: "Only near a point, px", group: "Tooltip", kind: "number", min: 0, when: (read) => read(`${o}tooltip.mode`) !== "none" },
  { path: `${o}tooltip.maxHeight`, label: "Most height, px", group: "Tooltip", kind: "number", min: 50, wanted: 600, when: (read) => read(`${o}tooltip.mode`) === "multi" },
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
  { path: `${c}axisGridShow`, label: "Grid lines", group: "Axis", kind: "choice", choices: [["", "Auto"], [true, "On"], [false, "Off"]], wanted: "" },
  { path: `${c}axisColorMode`, label: "Colour", group: "Axis", kind: "choice", choices: [["text", "Text"], ["series", "Of the series"]], wanted: "text" },
  { path: `${c}axisSoftMin`, label: "Soft min", group: "Axis", kind: "number" },
  { path: `${c}axisSoftMax`, label: "Soft max", group: "Axis", kind: "number" },
  { path: `${c}axisCenteredZero`, label: "Zero in the middle", group: "Axis", kind: "switch" },
  { path: `${c}scaleDistribution.type`, label: "Scale", group: "Axis", kind: "choice", choices: [["linear", "Linear"], ["log", "Logarithmic"], ["symlog", "Symlog"]], wanted: "linear" },
  { path: `${c}scaleDistribution.log`, label: "Base", group: "Axis", kind: "choice", choices: [[2, "2"], [10, "10"]], wanted: 10, when: (read) => ["log", "symlog"].includes(String(read(`${c}scaleDistribution.type`))) },
  { path: `${c}scaleDistribution.linearThreshold`, label: "Linear up to", group: "Axis", kind: "number", wanted: 1, when: (read) => read(`${c}scaleDistribution.type`) === "symlog" },
];
const HIDE: OptionSpec[] = [
  { path: `${c}hideFrom.viz`, label: "Hide in the picture", group: "Hide series", kind: "switch" },
  { path: `${c}hideFrom.legend`, label: "Hide in the legend", group: "Hide series", kind: "switch" },
  { path: `${c}hideFrom.tooltip`, label: "Hide in the tooltip", group: "Hide series", kind: "switch" },
];
const isBars = (read: (path: string) => unknown) => read(`${c}drawStyle`) === "bars";
const isLine = (read: (path: string) => unknown) => (read(`${c}drawStyle`) ?? "line") === "line";

const SCHEMA: Record<string, OptionSpec[]> = {
  timeseries: [
    { path: `${c}drawStyle`, label: "Style", group: "Graph", kind: "choice", choices: [["line", "Lines"], ["bars", "Bars"], ["points", "Points"]], wanted: "line" },
    { path: `${c}lineInterpolation`, label: "Between points", group: "Graph", kind: "choice", choices: [["linear", "Straight"], ["smooth", "Smooth"], ["stepBefore", "Step before"], ["stepAfter", "Step after"]], wanted: "linear", when: isLine },
    { path: `${c}lineWidth`, label: "Line width", group: "Graph", kind: "number", min: 0, max: 10, wanted: 1 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Graph", kind: "number", min: 0, max: 100, wanted: 0 },
    { path: `${c}gradientMode`, label: "Gradient", group: "Graph", kind: "choice", choices: [["none", "None"], ["opacity", "Opacity"], ["hue", "Hue"], ["scheme", "Scheme"]], wanted: "none" },
    { path: `${c}lineStyle.fill`, label: "Line", group: "Graph", kind: "choice", choices: [["solid", "Solid"], ["dash", "Dashed"], ["dot", "Dotted"]], wanted: "solid", when: isLine },
    { path: `${c}barAlignment`, label: "Bars stand", group: "Graph", kind: "choice", choices: [[-1, "Before their time"], [0, "Around it"], [1, "After it"]], wanted: 0, when: isBars },
    { path: `${c}barWidthFactor`, label: "Bar width", group: "Graph", kind: "number", min: 0.1, max: 1, wanted: 0.6, when: isBars },
    { path: `${c}barMaxWidth`, label: "Most bar width, px", group: "Graph", kind: "number", min: 1, wanted: 100, when: isBars },
    { path: `${c}lineStyle.dash`, label: "Dashes and gaps, px", group: "Graph", kind: "numbers", hint: "10, 10", when: (read) => isLine(read) && ["dash", "dot"].includes(String(read(`${c}lineStyle.fill`))) },
    { path: `${c}spanNulls`, label: "Connect gaps", group: "Graph", kind: "choice", choices: [[false, "Never"], [true, "Always"], ...SPANS], wanted: false, when: isLine },
    { path: `${c}insertNulls`, label: "Break lines at gaps of", group: "Graph", kind: "choice", choices: [[false, "No length"], ...SPANS], wanted: false, when: isLine },
    { path: `${c}showPoints`, label: "Points", group: "Graph", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto", when: (read) => read(`${c}drawStyle`) !== "points" },
    { path: `${c}pointSize`, label: "Point size", group: "Graph", kind: "number", min: 1, max: 40, wanted: 5 },
    { path: `${c}stacking.mode`, label: "Stack", group: "Graph", kind: "choice", choices: [["none", "No"], ["normal", "Yes"], ["percent", "100 %"]], wanted: "none" },
    { path: `${c}stacking.group`, label: "Stack of", group: "Graph", kind: "text", hint: "A", when: (read) => ["normal", "percent"].includes(String(read(`${c}stacking.mode`))) },
    { path: `${c}transform`, label: "Transform", group: "Graph", kind: "choice", choices: [["", "None"], ["constant", "Constant"], ["negative-Y", "Below the axis"]], wanted: "" },
    { path: `${c}thresholdsStyle.mode`, label: "Thresholds as", group: "Graph", kind: "choice", choices: [["off", "Nothing"], ["line", "Lines"], ["dashed", "Dashed lines"], ["area", "Areas"], ["line+area", "Lines and areas"], ["dashed+area", "Dashed lines and areas"]], wanted: "off" },
    ...AXIS, ...LEGEND, ...TOOLTIP, ...HIDE,
  ],
  stat: [
    ...REDUCE,
    ORIENTATION,
    { path: `${o}textMode`, label: "Text", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["value", "Value"], ["value_and_name", "Value and name"], ["name", "Name"], ["none", "None"]], wanted: "auto" },
    { path: `${o}colorMode`, label: "Colour", group: "Look", kind: "choice", choices: [["none", "None"], ["value", "Value"], ["background", "Background"], ["background_solid", "Plain background"]], wanted: "value" },
    { path: `${o}graphMode`, label: "Graph", group: "Look", kind: "choice", choices: [["none", "None"], ["area", "Area"]], wanted: "area" },
    { path: `${o}justifyMode`, label: "Text at", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["center", "Middle"]], wanted: "auto" },
    { path: `${o}showPercentChange`, label: "Change in %", group: "Look", kind: "switch" },
    { path: `${o}percentChangeColorMode`, label: "Colour of the change", group: "Look", kind: "choice", choices: [["standard", "More is green"], ["inverted", "More is red"], ["same_as_value", "As the value"]], wanted: "standard", when: (read) => read(`${o}showPercentChange`) === true },
    { path: `${o}wideLayout`, label: "Name beside value", group: "Look", kind: "switch", wanted: true },
    ...TEXT_SIZE,
  ],
  gauge: [
    ...REDUCE, ORIENTATION,
    { path: `${o}showThresholdLabels`, label: "Threshold labels", group: "Look", kind: "switch" },
    { path: `${o}showThresholdMarkers`, label: "Threshold ring", group: "Look", kind: "switch", wanted: true },
    ...SIZING("75", "75"),
    ...TEXT_SIZE,
  ],
  bargauge: [
    ...REDUCE, ORIENTATION,
    { path: `${o}displayMode`, label: "Bars", group: "Look", kind: "choice", choices: [["gradient", "Gradient"], ["lcd", "LCD"], ["basic", "Plain"]], wanted: "gradient" },
    { path: `${o}valueMode`, label: "Value", group: "Look", kind: "choice", choices: [["color", "In its colour"], ["text", "In text colour"], ["hidden", "Hidden"]], wanted: "color" },
    { path: `${o}namePlacement`, label: "Names", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["top", "Above"], ["left", "Left"], ["hidden", "Hidden"]], wanted: "auto" },
    { path: `${o}showUnfilled`, label: "Show what is left", group: "Look", kind: "switch", wanted: true },
    ...SIZING("8", "16"),
    { path: `${o}maxVizHeight`, label: "Most height, px", group: "Look", kind: "number", hint: "300", when: (read) => read(`${o}sizing`) === "manual" },
    ...TEXT_SIZE,
  ],
  table: [
    { path: `${o}showHeader`, label: "Header", group: "Table", kind: "switch", wanted: true },
    { path: `${o}showSearch`, label: "Search over all columns", group: "Table", kind: "switch" },
    { path: `${o}frameIndex`, label: "Frame (from 0)", group: "Table", kind: "number", min: 0, hint: "0" },
    { path: `${o}sortBy`, label: "Sorted by", group: "Table", kind: "list", hint: "Column", first: {}, item: [{ path: "displayName", label: "Column", group: "", kind: "field" }, { path: "desc", label: "Descending", group: "", kind: "switch" }] },
    { path: `${o}cellHeight`, label: "Rows", group: "Table", kind: "choice", choices: [["sm", "Low"], ["md", "Middle"], ["lg", "High"]], wanted: "sm" },
    { path: `${c}align`, label: "Align", group: "Table", kind: "choice", choices: [["auto", "Auto"], ["left", "Left"], ["center", "Middle"], ["right", "Right"]], wanted: "auto" },
    { path: `${c}cellOptions.type`, label: "Cells", group: "Table", kind: "choice", choices: [["auto", "Text"], ["color-text", "Coloured text"], ["color-background", "Coloured background"], ["gauge", "Gauge"], ["sparkline", "Sparkline"], ["json-view", "JSON"], ["data-links", "Links"], ["pill", "Pills"], ["image", "Picture"], ["markdown", "Markdown"]], wanted: "auto" },
    { path: `${c}cellOptions.mode`, label: "Look of cells", group: "Table", kind: "choice", choices: [["basic", "Plain"], ["gradient", "Gradient"], ["lcd", "LCD"]], wanted: "gradient", when: (read) => ["gauge", "color-background"].includes(String(read(`${c}cellOptions.type`))) },
    { path: `${c}cellOptions.valueDisplayMode`, label: "Value of the gauge", group: "Table", kind: "choice", choices: [["color", "In its colour"], ["text", "In text colour"], ["hidden", "Hidden"]], wanted: "color", when: (read) => read(`${c}cellOptions.type`) === "gauge" },
    { path: `${c}cellOptions.applyToRow`, label: "Colour the whole row", group: "Table", kind: "switch", when: (read) => read(`${c}cellOptions.type`) === "color-background" },
    { path: `${c}cellOptions.wrapText`, label: "Wrap text", group: "Table", kind: "switch", when: (read) => ["auto", "color-text", "color-background", "undefined"].includes(String(read(`${c}cellOptions.type`))) },
    { path: `${c}hidden`, label: "Hide the column", group: "Table", kind: "switch" },
    { path: `${c}width`, label: "Column width, px", group: "Table", kind: "number" },
    { path: `${c}minWidth`, label: "Least width, px", group: "Table", kind: "number" },
    { path: `${c}filterable`, label: "Filters in the header", group: "Table", kind: "switch" },
    { path: `${c}inspect`, label: "Look into cells", group: "Table", kind: "switch" },
    { path: `${o}footer.show`, label: "Footer", group: "Footer", kind: "switch" },
    { path: `${o}footer.reducer.0`, label: "Number", group: "Footer", kind: "reducer", wanted: "sum", when: (read) => read(`${o}footer.show`) === true },
    { path: `${o}footer.countRows`, label: "Number of rows", group: "Footer", kind: "switch", when: (read) => read(`${o}footer.show`) === true && [read(`${o}footer.reducer`)].flat()[0] === "count" },
    { path: `${o}footer.fields`, label: "Columns", group: "Footer", kind: "names", of: "fields", hint: "all numbers", wanted: [], when: (read) => read(`${o}footer.show`) === true },
    { path: `${o}footer.enablePagination`, label: "Pages", group: "Footer", kind: "switch" },
  ],
  text: [
    { path: `${o}mode`, label: "As", group: "Text", kind: "choice", choices: [["markdown", "Markdown"], ["html", "HTML"], ["code", "Code"]], wanted: "markdown" },
    { path: `${o}code.language`, label: "Language", group: "Text", kind: "choice", choices: ["plaintext", "json", "yaml", "xml", "html", "sql", "go", "markdown", "typescript"].map((name) => [name, name] as const), wanted: "plaintext", when: (read) => read(`${o}mode`) === "code" },
    { path: `${o}content`, label: "Content (variables may stand in it)", group: "Text", kind: "lines", wanted: "" },
  ],
  logs: [
    { path: `${o}showTime`, label: "Time", group: "Lines", kind: "switch" },
    { path: `${o}showLabels`, label: "Labels", group: "Lines", kind: "switch" },
    { path: `${o}showCommonLabels`, label: "Common labels", group: "Lines", kind: "switch" },
    { path: `${o}wrapLogMessage`, label: "Wrap lines", group: "Lines", kind: "switch" },
    { path: `${o}prettifyLogMessage`, label: "Unfold JSON", group: "Lines", kind: "switch" },
    { path: `${o}enableLogDetails`, label: "Details", group: "Lines", kind: "switch", wanted: true },
    { path: `${o}fontSize`, label: "Text size", group: "Lines", kind: "choice", choices: [["default", "As usual"], ["small", "Small"]], wanted: "default" },
    { path: `${o}dedupStrategy`, label: "Leave out repeats", group: "Lines", kind: "choice", choices: [["none", "No"], ["exact", "Equal lines"], ["numbers", "Equal but for numbers"], ["signature", "Equal but for words"]], wanted: "none" },
    { path: `${o}sortOrder`, label: "Order", group: "Lines", kind: "choice", choices: [["Descending", "Newest first"], ["Ascending", "Oldest first"]], wanted: "Descending" },
  ],
  heatmap: [
    { path: `${o}calculate`, label: "Buckets", group: "Heatmap", kind: "choice", choices: [[false, "From the data"], [true, "Calculated"]], wanted: false },
    { path: `${o}calculation.xBuckets.mode`, label: "Columns by", group: "Heatmap", kind: "choice", choices: [["size", "Size"], ["count", "Number"]], wanted: "size", when: isCalculated },
    { path: `${o}calculation.xBuckets.value`, label: "Size or number of columns", group: "Heatmap", kind: "text", hint: "auto", when: isCalculated },
    { path: `${o}calculation.yBuckets.mode`, label: "Rows by", group: "Heatmap", kind: "choice", choices: [["size", "Size"], ["count", "Number"]], wanted: "size", when: isCalculated },
    { path: `${o}calculation.yBuckets.value`, label: "Size or number of rows", group: "Heatmap", kind: "text", hint: "auto", when: isCalculated },
    { path: `${o}calculation.yBuckets.scale.type`, label: "Scale of the rows", group: "Heatmap", kind: "choice", choices: [["linear", "Linear"], ["log", "Logarithmic"], ["symlog", "Symlog"]], wanted: "linear", when: isCalculated },
    { path: `${o}calculation.yBuckets.scale.log`, label: "Base", group: "Heatmap", kind: "choice", choices: [[2, "2"], [10, "10"]], wanted: 2, when: (read) => isCalculated(read) && ["log", "symlog"].includes(String(read(`${o}calculation.yBuckets.scale.type`))) },
    { path: `${o}rowsFrame.layout`, label: "Names are", group: "Heatmap", kind: "choice", choices: [["auto", "Auto"], ["unknown", "Of the middle"], ["ge", "Lower limits"], ["le", "Upper limits"]], wanted: "auto", when: (read) => !isCalculated(read) },
    { path: `${o}showValue`, label: "Values in cells", group: "Heatmap", kind: "choice", choices: [["never", "Never"], ["auto", "Where there is room"], ["always", "Always"]], wanted: "never" },
    { path: `${o}cellGap`, label: "Gap, px", group: "Heatmap", kind: "number", min: 0, max: 25, wanted: 1 },
    { path: `${o}filterValues.le`, label: "Hide values up to", group: "Heatmap", kind: "number", hint: "none" },
    { path: `${o}filterValues.ge`, label: "Hide values from", group: "Heatmap", kind: "number", hint: "none" },
    { path: `${o}cellValues.unit`, label: "Unit of cells", group: "Heatmap", kind: "unit" },
    { path: `${o}cellValues.decimals`, label: "Decimals of cells", group: "Heatmap", kind: "number", min: 0, max: 15 },
    { path: `${o}yAxis.unit`, label: "Unit of the axis", group: "Axis", kind: "unit" },
    { path: `${o}yAxis.decimals`, label: "Decimals", group: "Axis", kind: "number", min: 0, max: 15 },
    { path: `${o}yAxis.axisPlacement`, label: "Place", group: "Axis", kind: "choice", choices: [["left", "Left"], ["right", "Right"], ["hidden", "Hidden"]], wanted: "left" },
    { path: `${o}yAxis.axisLabel`, label: "Label", group: "Axis", kind: "text" },
    { path: `${o}yAxis.min`, label: "Min", group: "Axis", kind: "number" },
    { path: `${o}yAxis.max`, label: "Max", group: "Axis", kind: "number" },
    { path: `${o}yAxis.reverse`, label: "Turned round", group: "Axis", kind: "switch" },
    { path: `${o}color.mode`, label: "Colours", group: "Colours", kind: "choice", choices: [["scheme", "Scheme"], ["opacity", "Opacity"]], wanted: "scheme" },
    { path: `${o}color.scheme`, label: "Scheme", group: "Colours", kind: "choice", choices: ["Oranges", "Greens", "Blues", "Reds", "Purples", "Greys", "RdBu", "RdYlBu", "RdYlGn", "Spectral", "Turbo", "Viridis", "Magma", "Inferno", "Plasma", "Cividis", "Warm", "Cool", "Cubehelix", "YlOrRd", "YlOrBr", "YlGnBu", "YlGn", "BuGn", "BuPu", "GnBu", "OrRd", "PuBu", "PuBuGn", "PuRd", "RdPu"].map((name) => [name, name] as const), wanted: "Oranges", when: (read) => read(`${o}color.mode`) !== "opacity" },
    { path: `${o}color.fill`, label: "Colour", group: "Colours", kind: "color", wanted: "dark-orange", when: (read) => read(`${o}color.mode`) === "opacity" },
    { path: `${o}color.scale`, label: "Scale", group: "Colours", kind: "choice", choices: [["exponential", "Exponential"], ["linear", "Linear"]], wanted: "exponential", when: (read) => read(`${o}color.mode`) === "opacity" },
    { path: `${o}color.exponent`, label: "Exponent", group: "Colours", kind: "number", min: 0.1, max: 2, wanted: 0.5 },
    { path: `${o}color.steps`, label: "Steps", group: "Colours", kind: "number", min: 2, max: 128, wanted: 64 },
    { path: `${o}color.min`, label: "From the value", group: "Colours", kind: "number" },
    { path: `${o}color.max`, label: "To the value", group: "Colours", kind: "number" },
    { path: `${o}color.reverse`, label: "Turned round", group: "Colours", kind: "switch" },
    { path: `${o}legend.show`, label: "Legend", group: "Colours", kind: "switch", wanted: true },
    { path: `${o}tooltip.mode`, label: "Tooltip", group: "Tooltip", kind: "choice", choices: [["single", "One cell"], ["multi", "All of its time"], ["none", "None"]], wanted: "single" },
    { path: `${o}tooltip.yHistogram`, label: "With a histogram", group: "Tooltip", kind: "switch" },
    { path: `${o}tooltip.maxHeight`, label: "Most height, px", group: "Tooltip", kind: "number", min: 50 },
  ],
  histogram: [
    { path: `${o}bucketSize`, label: "Bucket size", group: "Histogram", kind: "number" },
    { path: `${o}bucketCount`, label: "Buckets", group: "Histogram", kind: "number", wanted: 30 },
    { path: `${o}bucketOffset`, label: "Offset", group: "Histogram", kind: "number", wanted: 0 },
    { path: `${o}combine`, label: "Series together", group: "Histogram", kind: "switch" },
    { path: `${c}stacking.mode`, label: "Stack", group: "Histogram", kind: "choice", choices: [["none", "No"], ["normal", "Yes"], ["percent", "100 %"]], wanted: "none" },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Histogram", kind: "number", min: 0, max: 100, wanted: 80 },
    { path: `${c}lineWidth`, label: "Line width", group: "Histogram", kind: "number", wanted: 1 },
    ...LEGEND, ...TOOLTIP,
  ],
  piechart: [
    ...REDUCE,
    { path: `${o}pieType`, label: "As", group: "Look", kind: "choice", choices: [["pie", "Pie"], ["donut", "Ring"]], wanted: "pie" },
    { path: `${o}sort`, label: "Order", group: "Look", kind: "choice", choices: [["desc", "Largest first"], ["asc", "Smallest first"], ["none", "As they come"]], wanted: "desc" },
    { path: `${o}displayLabels`, label: "Labels", group: "Look", kind: "many", choices: [["name", "Name"], ["value", "Value"], ["percent", "Percent"]], wanted: [] },
    { path: `${o}legend.values`, label: "Legend values", group: "Legend", kind: "many", choices: [["value", "Value"], ["percent", "Percent"]], wanted: [] },
    ...LEGEND.filter(({ path }) => !/calcs|sort/.test(path)), ...TOOLTIP.filter(({ path }) => !path.endsWith("hoverProximity")), ...HIDE,
  ],
  barchart: [
    ORIENTATION,
    { path: `${o}xField`, label: "Along", group: "Look", kind: "field" },
    { path: `${o}showValue`, label: "Values", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto" },
    { path: `${o}stacking`, label: "Stack", group: "Look", kind: "choice", choices: [["none", "No"], ["normal", "Yes"], ["percent", "100 %"]], wanted: "none" },
    { path: `${o}groupWidth`, label: "Width of groups", group: "Look", kind: "number", wanted: 0.7 },
    { path: `${o}barWidth`, label: "Width of bars", group: "Look", kind: "number", wanted: 0.97 },
    { path: `${o}barRadius`, label: "Rounded, 0 to 0.5", group: "Look", kind: "number", min: 0, max: 0.5, wanted: 0 },
    { path: `${o}colorByField`, label: "Colour by", group: "Look", kind: "field", hint: "Its own" },
    { path: `${o}xTickLabelRotation`, label: "Labels turned, °", group: "Look", kind: "number", min: -90, max: 90, wanted: 0 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Look", kind: "number", min: 0, max: 100, wanted: 80 },
    { path: `${c}lineWidth`, label: "Line width", group: "Look", kind: "number", min: 0, max: 10, wanted: 1 },
    ...AXIS, ...LEGEND, ...TOOLTIP, ...HIDE,
  ],
  "state-timeline": [
    { path: `${o}mergeValues`, label: "Join equal values", group: "Look", kind: "switch", wanted: true },
    { path: `${o}showValue`, label: "Values", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto" },
    { path: `${o}alignValue`, label: "Values at", group: "Look", kind: "choice", choices: [["left", "Left"], ["center", "Middle"], ["right", "Right"]], wanted: "left" },
    { path: `${o}rowHeight`, label: "Row height", group: "Look", kind: "number", wanted: 0.9 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Look", kind: "number", min: 0, max: 100, wanted: 70 },
    { path: `${c}lineWidth`, label: "Line width", group: "Look", kind: "number", min: 0, max: 10, wanted: 0 },
    ...LEGEND.filter(({ path }) => !/calcs|sort/.test(path)), ...TOOLTIP.filter(({ path }) => !path.endsWith("hoverProximity")), ...HIDE,
  ],
  "status-history": [
    { path: `${o}showValue`, label: "Values", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["always", "Always"], ["never", "Never"]], wanted: "auto" },
    { path: `${o}rowHeight`, label: "Row height", group: "Look", kind: "number", wanted: 0.9 },
    { path: `${o}colWidth`, label: "Column width", group: "Look", kind: "number", wanted: 0.9 },
    { path: `${c}fillOpacity`, label: "Fill, %", group: "Look", kind: "number", min: 0, max: 100, wanted: 70 },
    { path: `${c}lineWidth`, label: "Line width", group: "Look", kind: "number", min: 0, max: 10, wanted: 0 },
    ...LEGEND.filter(({ path }) => !/calcs|sort/.test(path)), ...TOOLTIP.filter(({ path }) => !path.endsWith("hoverProximity")), ...HIDE,
  ],
  alertlist: [
    { path: `${o}viewMode`, label: "As", group: "Alerts", kind: "choice", choices: [["list", "List"], ["stat", "Number"]], wanted: "list" },
    { path: `${o}groupMode`, label: "Groups", group: "Alerts", kind: "choice", choices: [["default", "None"], ["custom", "By labels"]], wanted: "default" },
    { path: `${o}groupBy`, label: "Labels", group: "Alerts", kind: "names", hint: "alertname", wanted: [], when: (read) => read(`${o}groupMode`) === "custom" },
    { path: `${o}maxItems`, label: "At most", group: "Alerts", kind: "number", min: 1, wanted: 20 },
    { path: `${o}sortOrder`, label: "Order", group: "Alerts", kind: "choice", choices: [[1, "By name"], [2, "By name, from Z"], [3, "By importance"], [4, "Oldest first"], [5, "Newest first"]], wanted: 1 },
    { path: `${o}alertName`, label: "Name has", group: "Filter", kind: "text", wanted: "" },
    { path: `${o}alertInstanceLabelFilter`, label: "Labels", group: "Filter", kind: "text", hint: '{severity="critical"}', wanted: "" },
    { path: `${o}stateFilter.firing`, label: "Firing", group: "Filter", kind: "switch", wanted: true },
    { path: `${o}stateFilter.pending`, label: "Pending", group: "Filter", kind: "switch", wanted: true },
    { path: `${o}stateFilter.normal`, label: "Normal", group: "Filter", kind: "switch" },
    { path: `${o}stateFilter.noData`, label: "No data", group: "Filter", kind: "switch" },
    { path: `${o}stateFilter.error`, label: "Error", group: "Filter", kind: "switch", wanted: true },
  ],
  dashlist: [
    { path: `${o}showStarred`, label: "With a star", group: "Lists", kind: "switch", wanted: true },
    { path: `${o}showRecentlyViewed`, label: "Opened last", group: "Lists", kind: "switch" },
    { path: `${o}showSearch`, label: "Found", group: "Lists", kind: "switch" },
    { path: `${o}showHeadings`, label: "Headings", group: "Lists", kind: "switch", wanted: true },
    { path: `${o}showFolderNames`, label: "Folders", group: "Lists", kind: "switch", wanted: true },
    { path: `${o}query`, label: "Words", group: "Search", kind: "text", wanted: "", when: (read) => read(`${o}showSearch`) === true },
    { path: `${o}folderUID`, label: "Folder (uid)", group: "Search", kind: "text", hint: "all", when: (read) => read(`${o}showSearch`) === true },
    { path: `${o}tags`, label: "Tags", group: "Search", kind: "names", hint: "any", wanted: [], when: (read) => read(`${o}showSearch`) === true },
    { path: `${o}maxItems`, label: "At most", group: "Lists", kind: "number", min: 1, wanted: 10 },
    { path: `${o}includeVars`, label: "Links with the variables", group: "Lists", kind: "switch" },
    { path: `${o}keepTime`, label: "Links with the time range", group: "Lists", kind: "switch" },
  ],
};

/** Controls of a panel type, in order; groups stand together. None for a type that is not known. */
export function optionSchema(type: string): readonly OptionSpec[] {
  const known = type === "graph" ? "timeseries" : type;
  return withMore(known, Object.hasOwn(SCHEMA, known) ? SCHEMA[known]! : []);
}

/** What has no colours, units and thresholds. */
export const WITHOUT_FIELDS: ReadonlySet<string> = new Set(["text", "logs", "alertlist", "dashlist", "row"]);

export { PANEL_TYPES } from "./panel_types.ts";

/** One setting of a type that an override may change: its id, and controls by paths below its value ("" is the value itself). */
export interface OverrideProperty {
  id: string;
  title: string;
  specs: readonly OptionSpec[];
}

/** The custom settings that an override may change, each with all that it holds. */
export function overridable(type: string): readonly OverrideProperty[] {
  const made = new Map<string, OverrideProperty & { specs: OptionSpec[] }>();
  for (const spec of optionSchema(type)) {
    if (!spec.path.startsWith(c)) continue;
    const [key, ...rest] = spec.path.slice(c.length).split(".") as [string, ...string[]];
    const id = `custom.${key}`;
    const base = `${c}${key}.`;
    const own: OptionSpec = { ...spec, path: rest.join(".") };
    // Conditions see the value of this setting alone; one that is all of it is always shown.
    if (!rest.length) delete own.when;
    else if (spec.when) own.when = (read) => spec.when!((path) => (path.startsWith(base) ? read(path.slice(base.length)) : undefined));
    const known = made.get(id);
    if (known) known.specs.push(own);
    else made.set(id, { id, title: `${spec.group}: ${NAMES[key] ?? spec.label}`, specs: [own] });
  }
  return [...made.values()];
}

const NAMES: Record<string, string> = { scaleDistribution: "Scale", stacking: "Stack", lineStyle: "Line", hideFrom: "Hide in", cellOptions: "Cells", thresholdsStyle: "Thresholds as" };
