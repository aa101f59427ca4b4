/** Forms of the transformations that are used most; all others are edited as JSON. */

import type { OptionSpec } from "./option_schema.ts";

const spec = (path: string, label: string, kind: OptionSpec["kind"], more: Partial<OptionSpec> = {}): OptionSpec => ({ path, label, group: "", kind, ...more });

export const TRANSFORM_FORMS: Readonly<Record<string, readonly OptionSpec[]>> = {
  joinByField: [
    spec("byField", "By", "field"),
    spec("mode", "Keep", "choice", { choices: [["outer", "All rows"], ["inner", "Rows that all have"], ["outerTabular", "All rows, as tables"]], wanted: "outer" }),
  ],
  reduce: [
    spec("reducers", "Values", "reducers", { wanted: ["max"] }),
    spec("mode", "As", "choice", { choices: [["seriesToRows", "Rows"], ["reduceFields", "Columns"]], wanted: "seriesToRows" }),
    spec("labelsToFields", "Labels as columns", "switch"),
  ],
  merge: [],
  labelsToFields: [
    spec("mode", "As", "choice", { choices: [["columns", "Columns"], ["rows", "Rows"]], wanted: "columns" }),
    spec("valueLabel", "Name of the value by label", "text"),
    spec("keepLabels", "Only these labels", "json", { hint: '["job"]' }),
  ],
  limit: [spec("limitField", "Rows", "number", { min: 0, wanted: 10 })],
  sortBy: [spec("sort.0.field", "By", "field"), spec("sort.0.desc", "Descending", "switch")],
  renameByRegex: [spec("regex", "Match", "text", { wanted: "" }), spec("renamePattern", "Name", "text", { hint: "$1", wanted: "" })],
  filterByRefId: [spec("include", "Queries", "text", { hint: "A|B" })],
  filterFieldsByName: [spec("include.pattern", "Names by regex", "text"), spec("include.names", "Names", "json", { hint: '["Time"]' })],
  extractFields: [
    spec("source", "From", "field"),
    spec("format", "As", "choice", { choices: [["auto", "Auto"], ["json", "JSON"], ["kvp", "Key and value"], ["delimiter", "Delimiter"], ["regexp", "Regex"]], wanted: "auto" }),
    spec("replace", "In place of all", "switch"),
    spec("keepTime", "Keep the time", "switch"),
  ],
  groupingToMatrix: [spec("columnField", "Columns", "field"), spec("rowField", "Rows", "field"), spec("valueField", "Cells", "field")],
  partitionByValues: [spec("fields", "By", "json", { hint: '["job"]' })],
  seriesToRows: [],
  concatenate: [],
};

const FIRST: Record<string, unknown> = {
  joinByField: { byField: "Time", mode: "outer" },
  organize: { excludeByName: {}, indexByName: {}, renameByName: {} },
  reduce: { reducers: ["max"], mode: "seriesToRows" },
  groupBy: { fields: { Value: { operation: "aggregate", aggregations: ["sum"] } } },
  calculateField: { mode: "reduceRow", reduce: { reducer: "sum" }, replaceFields: false },
  filterByValue: { filters: [{ fieldName: "Value", config: { id: "greater", options: { value: 0 } } }], type: "include", match: "all" },
  sortBy: { sort: [{ field: "Value", desc: true }] },
  convertFieldType: { conversions: [{ targetField: "Value", destinationType: "string" }] },
  limit: { limitField: 10 },
  labelsToFields: { mode: "columns" },
};

/** What a new transformation begins with. */
export function firstOptions(id: string): unknown {
  return structuredClone(FIRST[id] ?? {});
}
