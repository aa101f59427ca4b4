/** Controls for what few panels have: each stands at the end of its group. */

import type { OptionSpec } from "./option_spec.ts";

const c = "fieldConfig.defaults.custom.";
const o = "options.";

const TOOLTIP_WIDTH: OptionSpec = { path: `${o}tooltip.maxWidth`, label: "Most width, px", group: "Tooltip", kind: "number", min: 100 };
const LANES: OptionSpec = { path: `${o}annotations.multiLane`, label: "Each annotation in a row", group: "Annotations", kind: "switch" };
const BORDER: OptionSpec = { path: `${c}axisBorderShow`, label: "Line along it", group: "Axis", kind: "switch" };
const PER_PAGE: OptionSpec = { path: `${o}perPage`, label: "Rows on a page", group: "Look", kind: "number", min: 1, hint: "all" };
const segmented = (read: (path: string) => unknown) => Number(read(`${o}segmentCount`)) > 1;

export const MORE_OPTIONS: Record<string, OptionSpec[]> = {
  timeseries: [BORDER, TOOLTIP_WIDTH, LANES],
  "state-timeline": [PER_PAGE, TOOLTIP_WIDTH, LANES],
  "status-history": [PER_PAGE, TOOLTIP_WIDTH, LANES],
  gauge: [
    { path: `${o}shape`, label: "As", group: "Look", kind: "choice", choices: [["gauge", "Arc"], ["circle", "Circle"]], wanted: "gauge" },
    { path: `${o}textMode`, label: "Text", group: "Look", kind: "choice", choices: [["auto", "Auto"], ["value", "Value"], ["value_and_name", "Value and name"], ["name", "Name"], ["none", "None"]], wanted: "auto" },
    { path: `${o}neutral`, label: "The bar begins at", group: "Look", kind: "number", hint: "min" },
    { path: `${o}barWidthFactor`, label: "Bar width, 0.1 to 1", group: "Look", kind: "number", min: 0.1, max: 1, hint: "0.5" },
    { path: `${o}segmentCount`, label: "Segments", group: "Look", kind: "number", min: 1, max: 100, hint: "1" },
    { path: `${o}segmentSpacing`, label: "Space between them, 0 to 1", group: "Look", kind: "number", min: 0, max: 1, hint: "0.3", when: segmented },
    { path: `${o}barShape`, label: "Ends of the bar", group: "Look", kind: "choice", choices: [["flat", "Flat"], ["rounded", "Round"]], wanted: "flat", when: (read) => !segmented(read) },
    { path: `${o}endpointMarker`, label: "Mark at the value", group: "Look", kind: "choice", choices: [["none", "None"], ["point", "Point"], ["glow", "Glow"]], wanted: "none", when: (read) => read(`${o}barShape`) === "rounded" },
    { path: `${o}sparkline`, label: "Sparkline", group: "Look", kind: "switch" },
    { path: `${o}effects.gradient`, label: "Colours along the bar", group: "Look", kind: "switch" },
    { path: `${o}effects.barGlow`, label: "The bar glows", group: "Look", kind: "switch" },
    { path: `${o}effects.centerGlow`, label: "The middle glows", group: "Look", kind: "switch" },
  ],
  bargauge: [
    { path: `${o}legend.showLegend`, label: "Legend", group: "Legend", kind: "switch" },
    { path: `${o}legend.displayMode`, label: "As", group: "Legend", kind: "choice", choices: [["list", "List"], ["table", "Table"]], wanted: "list", when: (read) => read(`${o}legend.showLegend`) === true },
    { path: `${o}legend.placement`, label: "Place", group: "Legend", kind: "choice", choices: [["bottom", "Below"], ["right", "Right"]], wanted: "bottom", when: (read) => read(`${o}legend.showLegend`) === true },
    { path: `${o}legend.calcs`, label: "Values", group: "Legend", kind: "reducers", wanted: [], when: (read) => read(`${o}legend.showLegend`) === true },
  ],
  table: [
    { path: `${o}frozenColumns.left`, label: "Columns that stay at the left", group: "Table", kind: "number", min: 0, hint: "0" },
    { path: `${o}maxRowHeight`, label: "Most height of rows, px", group: "Table", kind: "number", min: 0, hint: "any" },
    { path: `${c}wrapHeaderText`, label: "Wrap the header", group: "Table", kind: "switch" },
    { path: `${c}hideHeader`, label: "Hide the header's text", group: "Table", kind: "switch" },
    { path: `${c}tooltip.field`, label: "Tooltip from", group: "Table", kind: "field", hint: "Its own text" },
    { path: `${c}styleField`, label: "Look from", group: "Table", kind: "field", hint: "Its own" },
    { path: `${c}cellOptions.hideValue`, label: "Without the last value", group: "Table", kind: "switch", when: (read) => read(`${c}cellOptions.type`) === "sparkline" },
    { path: `${c}cellOptions.alt`, label: "Text of the picture", group: "Table", kind: "text", when: (read) => read(`${c}cellOptions.type`) === "image" },
  ],
  text: [{ path: `${o}code.showLineNumbers`, label: "Line numbers", group: "Text", kind: "switch", when: (read) => read(`${o}mode`) === "code" }],
  logs: [{ path: `${o}displayedFields`, label: "Fields in the line's place", group: "Lines", kind: "names", of: "labels", hint: "the line", wanted: [] }],
  heatmap: [
    { path: `${o}rowsFrame.value`, label: "What is counted", group: "Heatmap", kind: "text", hint: "Requests" },
    { path: `${o}cellRadius`, label: "Rounded, px", group: "Heatmap", kind: "number", min: 0, max: 100 },
    { path: `${o}yAxis.axisWidth`, label: "Width, px", group: "Axis", kind: "number" },
    { path: `${o}exemplars.color`, label: "Exemplars", group: "Colours", kind: "color", wanted: "rgba(255,0,255,0.7)" },
    TOOLTIP_WIDTH, LANES,
  ],
  barchart: [
    { path: `${o}fullHighlight`, label: "Light the whole category", group: "Look", kind: "switch" },
    { path: `${o}xTickLabelMaxLength`, label: "Letters of a label at most", group: "Look", kind: "number", min: 0, hint: "all" },
    { path: `${o}xTickLabelSpacing`, label: "Space of labels, px", group: "Look", kind: "number", wanted: 0 },
    { path: `${o}text.valueSize`, label: "Value size, px", group: "Look", kind: "number" },
    { path: `${c}gradientMode`, label: "Gradient", group: "Look", kind: "choice", choices: [["none", "None"], ["opacity", "Opacity"], ["hue", "Hue"]], wanted: "none" },
    { path: `${c}thresholdsStyle.mode`, label: "Thresholds as", group: "Look", kind: "choice", choices: [["off", "Nothing"], ["line", "Lines"], ["dashed", "Dashed lines"], ["area", "Areas"], ["line+area", "Lines and areas"], ["dashed+area", "Dashed lines and areas"]], wanted: "off" },
    BORDER, TOOLTIP_WIDTH,
  ],
  piechart: [TOOLTIP_WIDTH],
  histogram: [TOOLTIP_WIDTH],
};

/** Controls with those that few panels have at the end of their groups. */
export function withMore(type: string, specs: readonly OptionSpec[]): OptionSpec[] {
  const made = [...specs];
  for (const spec of Object.hasOwn(MORE_OPTIONS, type) ? MORE_OPTIONS[type]! : []) {
    const last = made.findLastIndex((each) => each.group === spec.group);
    made.splice(last < 0 ? made.length : last + 1, 0, spec);
  }
  return made;
}
