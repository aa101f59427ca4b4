/** What overrides may say: matchers, settings, and what a new one begins with. */

import type { Thresholds } from "../../../core/frame/config.ts";
import type { Panel } from "../../../core/model/dashboard.ts";

export type { Override } from "../../../core/frame/config.ts";
export type ThresholdsEditorValue = Thresholds | undefined;

export const MATCHERS: readonly (readonly [string, string])[] = [
  ["byName", "Named"], ["byRegexp", "Names by regex"], ["byType", "Of type"], ["byFrameRefID", "Of query"], ["byNames", "Of names"], ["byValue", "By value"],
];

export const STANDARD_PROPERTIES: [string, string][] = [
  ["unit", "Unit"], ["min", "Min"], ["max", "Max"], ["decimals", "Decimals"], ["displayName", "Name"], ["noValue", "No value"], ["color", "Colour"],
  ["thresholds", "Thresholds"], ["mappings", "Value mappings"], ["links", "Data links"],
];

/** What a matcher of this kind begins with. */
export function matcherOptions(id: string, panel: Panel): unknown {
  switch (id) {
    case "byType":
      return "number";
    case "byFrameRefID":
      return panel.targets[0]?.refId ?? "A";
    case "byNames":
      return { mode: "exclude", names: [], prefix: "All except:", readOnly: true };
    case "byValue":
      return { reducer: "allIsZero", op: "gte", value: 0 };
    case "byRegexp":
      return "/.*/";
  }
  return "";
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
    case "displayName":
    case "noValue":
      return "";
  }
  return undefined;
}
