/** The table of before Grafana 7: styles by column pattern, as field config and overrides. */

import type { Override } from "../../frame/config.ts";
import { type Json, number, present, record, records, text, without } from "../part.ts";
import { mapsOf } from "./maps.ts";
import { calcOf, stepsOf } from "./singlestat.ts";

const KEYS = ["columns", "fontSize", "pageSize", "scroll", "showHeader", "sort", "styles", "transform", "filterNull", "timeFrom_"];

type Properties = Override["properties"];

/** The panel in today's form. */
export function fromOldTable(raw: Json): Json {
  const styles = records(raw.styles);
  const all = styles.find((style) => isEverything(text(style.pattern)));
  const defaults: Json = { custom: { align: "auto" } };
  for (const { id, value } of all ? propertiesOf(all) : []) {
    if (id.startsWith("custom.")) (defaults.custom as Json)[id.slice(7)] = value;
    else defaults[id] = value;
  }
  // The old table took the first style that fits a column, overrides are ruled by the last.
  const overrides = styles
    .filter((style) => !isEverything(text(style.pattern)))
    .map((style) => overrideOf(style, all?.type === "hidden"))
    .filter((override) => override !== null)
    .reverse();
  const transformations = [...transformOf(raw), ...records(raw.transformations)];
  const sort = record(raw.sort);
  const sortName = typeof sort.col === "string" ? sort.col : undefined;
  return {
    ...without(raw, KEYS),
    type: "table",
    fieldConfig: { defaults, overrides },
    transformations,
    options: {
      showHeader: raw.showHeader !== false, cellHeight: "sm",
      sortBy: sortName ? [{ displayName: sortName, desc: sort.desc === true }] : [],
      footer: { show: false, reducer: ["sum"], fields: "" },
      // Columns were sorted by number; which one that is shows when there is data.
      ...(number(sort.col) === undefined ? {} : { sortByIndex: { index: number(sort.col), desc: sort.desc === true } }),
    },
  };
}

function isEverything(pattern: string | undefined): boolean {
  return pattern === "/.*/" || pattern === "/./" || pattern === ".*";
}

/** With `shown`, where all columns that no style is for are hidden, the style's own are not. */
function overrideOf(style: Json, shown: boolean): Override | null {
  const pattern = text(style.pattern);
  const properties = propertiesOf(style);
  if (shown && style.type !== "hidden") properties.push({ id: "custom.hidden", value: false });
  if (!pattern || !properties.length) return null;
  return { matcher: { id: /^\/.*\/[a-z]*$/s.test(pattern) ? "byRegexp" : "byName", options: pattern }, properties };
}

function propertiesOf(style: Json): Properties {
  const made: Properties = [];
  const set = (id: string, value: unknown) => value !== undefined && value !== null && made.push({ id, value });
  set("displayName", text(style.alias));
  if (style.type === "hidden") set("custom.hidden", true);
  if (style.type === "date") set("unit", `time: ${text(style.dateFormat) ?? "YYYY-MM-DD HH:mm:ss"}`);
  if (style.type === "number") {
    set("unit", text(style.unit));
    set("decimals", number(style.decimals));
  }
  const steps = stepsOf(style.thresholds, style.colors);
  const cell = { cell: "color-background", row: "color-background", value: "color-text" }[String(style.colorMode)];
  if (cell) {
    set("custom.cellOptions", present({ type: cell, mode: cell === "color-background" ? "basic" : undefined, applyToRow: style.colorMode === "row" ? true : undefined }));
    set("color", { mode: "thresholds" });
  }
  if (steps && cell) set("thresholds", { mode: "absolute", steps });
  if (style.link === true && text(style.linkUrl)) {
    set("links", [{ title: cellNames(text(style.linkTooltip) ?? ""), url: cellNames(text(style.linkUrl)!), targetBlank: style.linkTargetBlank === true }]);
  }
  if (typeof style.align === "string" && style.align && style.align !== "auto") set("custom.align", style.align);
  const mappings = mapsOf(style);
  if (mappings.length) set("mappings", mappings);
  return made;
}

/** `$__cell` and `$__cell_2` of old links. */
function cellNames(url: string): string {
  return url
    .replace(/\$\{?__cell_(\d+)(?::(\w+))?\}?/g, (_all, index: string, format?: string) => `\${__data.fields[${index}]${format ? `:${format}` : ""}}`)
    .replace(/\$\{__cell(?::(\w+))?\}/g, (_all, format?: string) => `\${__value.text${format ? `:${format}` : ""}}`)
    .replace(/\$__cell\b/g, "${__value.text}");
}

/** The columns of aggregated series; the mean where none is named. */
function aggregations(columns: unknown): Json[] {
  const named = records(columns);
  return named.length ? named : [{ value: "avg" }];
}

function transformOf(raw: Json): Json[] {
  switch (raw.transform) {
    case "timeseries_to_rows":
      return [{ id: "seriesToRows", options: {} }];
    case "timeseries_to_columns":
      return [{ id: "joinByField", options: { mode: "outer" } }];
    case "timeseries_aggregations":
      return [{ id: "reduce", options: { includeTimeField: false, reducers: aggregations(raw.columns).map((column) => calcOf(column.value)) } }];
    case "table":
      // Several queries were put side by side where their labels agree.
      return records(raw.targets).length > 1 ? [{ id: "merge", options: {} }] : [];
    default:
      return [];
  }
}
