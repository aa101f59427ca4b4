/** What overrides may say: matchers, settings, and what a new one begins with. */

import type { Thresholds } from "../../../core/frame/config.ts";
import type { Known } from "./option_spec.ts";

export type { Override } from "../../../core/frame/config.ts";
export type ThresholdsEditorValue = Thresholds | undefined;

export const MATCHERS: readonly (readonly [string, string])[] = [
  ["byName", "With the name"], ["byRegexp", "With names by regex"], ["byNames", "With one of the names"], ["byType", "Of the type"], ["byFrameRefID", "Of the query"], ["byValue", "With the value"],
];

export const FIELD_TYPES: readonly (readonly [string, string])[] = [
  ["number", "Number"], ["string", "Text"], ["time", "Time"], ["boolean", "Yes or no"], ["other", "Other"],
];

/** What of a column `byValue` looks at. The first two are questions of their own. */
export const VALUE_REDUCERS: readonly (readonly [string, string])[] = [
  ["allIsZero", "All zeros"], ["allIsNull", "All nulls"], ["lastNotNull", "Last *"], ["last", "Last"], ["firstNotNull", "First *"], ["min", "Min"], ["max", "Max"], ["mean", "Mean"], ["sum", "Total"], ["count", "Count"],
  ["distinctCount", "Distinct count"], ["range", "Range"],
];

export const VALUE_TESTS: readonly (readonly [string, string])[] = [["gt", ">"], ["gte", "≥"], ["lt", "<"], ["lte", "≤"], ["eq", "="], ["neq", "≠"]];

export const STANDARD_PROPERTIES: readonly (readonly [string, string])[] = [
  ["unit", "Unit"], ["min", "Min"], ["max", "Max"], ["fieldMinMax", "Min and max of each column"], ["decimals", "Decimals"], ["displayName", "Name"], ["noValue", "No value"], ["description", "Description"], ["color", "Colour"],
  ["thresholds", "Thresholds"], ["mappings", "Value mappings"], ["links", "Data links"], ["filterable", "Filters for this value"],
];

/** What a matcher of this kind begins with. */
export function matcherOptions(id: string, known: Known): unknown {
  switch (id) {
    case "byName":
      return known.fields.find((name) => name !== "Time") ?? "";
    case "byType":
      return "number";
    case "byFrameRefID":
      return known.queries[0] ?? "A";
    case "byNames":
      return { mode: "include", names: [] };
    case "byValue":
      return { reducer: "allIsZero", op: "gte", value: 0 };
    case "byRegexp":
      return "/.*/";
  }
  return undefined;
}

/** What a setting begins with. */
export function propertyValue(id: string): unknown {
  switch (id) {
    case "color":
      return { mode: "fixed", fixedColor: "green" };
    case "thresholds":
      return { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 80, color: "red" }] };
    case "mappings":
    case "links":
      return [];
    case "custom.hideFrom":
      return { viz: true, legend: false, tooltip: false };
    case "custom.transform":
      return "negative-Y";
    case "custom.lineStyle":
      return { fill: "dash", dash: [10, 10] };
    case "custom.stacking":
      return { mode: "normal", group: "A" };
    case "custom.cellOptions":
      return { type: "color-background" };
    case "fieldMinMax":
    case "filterable":
      return true;
    case "displayName":
    case "noValue":
    case "description":
      return "";
  }
  return undefined;
}
