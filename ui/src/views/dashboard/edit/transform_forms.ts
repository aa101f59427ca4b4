/** What can be set of each transformation, for its form; what it does, for the list of them; what a new one begins with. */

import type { OptionSpec, Read } from "./option_spec.ts";

/** about: one sentence; specs: the controls. `organize` has a form of its own. */
export interface TransformForm {
  about: string;
  specs: readonly OptionSpec[];
}

type Choices = NonNullable<OptionSpec["choices"]>;

const spec = (path: string, label: string, kind: OptionSpec["kind"], more: Partial<OptionSpec> = {}): OptionSpec => ({ path, label, group: "", kind, ...more });
const choice = (path: string, label: string, choices: Choices, wanted: unknown, more: Partial<OptionSpec> = {}) => spec(path, label, "choice", { choices, wanted, ...more });
const is = (path: string, ...values: unknown[]) => (read: Read) => values.includes(read(path));

const mode = (...names: string[]) => (read: Read) => names.includes(String(read("mode") ?? "reduceRow"));
const OPERATORS: Choices = ["+", "-", "*", "/", "**", "%", "=", "!=", ">", ">=", "<", "<="].map((one) => [one, one] as const);
const UNARY: Choices = [["abs", "Absolute value"], ["exp", "Exponential"], ["ln", "Natural logarithm"], ["log", "Logarithm of base 10"], ["floor", "Floor"], ["ceil", "Ceiling"], ["round", "Round"], ["sign", "Sign"], ["sqrt", "Square root"]];
const TESTS: Choices = [
  ["isNull", "Is null"], ["isNotNull", "Is not null"], ["greater", "Is greater"], ["greaterOrEqual", "Is greater or equal"], ["lower", "Is lower"], ["lowerOrEqual", "Is lower or equal"], ["equal", "Is equal"],
  ["notEqual", "Is different"], ["between", "Is between"], ["substring", "Contains"], ["notSubstring", "Does not contain"], ["regex", "Matches the regex"],
];
const HANDLERS: Choices = [
  ["__ignore", "Nothing"], ["field.name", "Name of the field"], ["field.value", "Value of the field"], ["field.label", "A label"], ["displayName", "Display name"], ["unit", "Unit"], ["min", "Min"], ["max", "Max"], ["decimals", "Decimals"],
  ["color", "Colour"], ["noValue", "No value"], ["description", "Description"], ["threshold1", "Threshold"], ["mappings.value", "Value mappings: value"], ["mappings.text", "Value mappings: text"], ["mappings.color", "Value mappings: colour"],
];
const MAPPINGS = (withReducer: boolean) =>
  spec("mappings", "What each column says", "list", {
    hint: "Column", first: {},
    item: [spec("fieldName", "Column", "field"), choice("handlerKey", "Is the", HANDLERS, "__ignore"), ...(withReducer ? [spec("reducerId", "By its", "reducer", { wanted: "lastNotNull" })] : [])],
  });
const GROUP_BY = spec("fields", "Columns", "record", {
  of: "fields",
  item: [
    choice("operation", "Use", [["", "Left out"], ["groupby", "Group by"], ["aggregate", "Calculate"]], ""),
    spec("aggregations", "Values", "reducers", { wanted: [], when: is("operation", "aggregate") }),
  ],
});
const JOIN: readonly OptionSpec[] = [
  spec("byField", "By the column", "field", { hint: "Time" }),
  choice("mode", "Keep", [["outer", "All rows (time series)"], ["outerTabular", "All rows (tables)"], ["inner", "Rows that all have"]], "outer"),
];

/** By the id that dashboards have. */
export const TRANSFORM_FORMS: Readonly<Record<string, TransformForm>> = {
  calculateField: {
    about: "Adds a column that is computed of others, row by row.",
    specs: [
      choice("mode", "Mode", [["reduceRow", "Reduce row"], ["binary", "Binary operation"], ["unary", "Unary operation"], ["cumulativeFunctions", "Cumulative function"], ["windowFunctions", "Window function"], ["index", "Row index"]], "reduceRow"),
      spec("reduce.include", "Of the columns", "names", { of: "fields", hint: "all numbers", when: mode("reduceRow") }),
      spec("reduce.reducer", "Calculation", "reducer", { wanted: "sum", when: mode("reduceRow") }),
      spec("binary.left", "Left", "operand", { of: "fields", when: mode("binary") }),
      choice("binary.operator", "Operator", OPERATORS, "+", { when: mode("binary") }),
      spec("binary.right", "Right", "operand", { when: mode("binary") }),
      choice("unary.operator", "Operation", UNARY, "abs", { when: mode("unary") }),
      spec("unary.fieldName", "Of", "field", { when: mode("unary") }),
      spec("cumulative.field", "Of", "field", { when: mode("cumulativeFunctions") }),
      choice("cumulative.reducer", "Calculation", [["sum", "Total"], ["mean", "Mean"]], "sum", { when: mode("cumulativeFunctions") }),
      spec("window.field", "Of", "field", { when: mode("windowFunctions") }),
      choice("window.reducer", "Calculation", [["mean", "Mean"], ["variance", "Variance"], ["stdDev", "Standard deviation"]], "mean", { when: mode("windowFunctions") }),
      choice("window.windowAlignment", "Window", [["trailing", "Before the row"], ["centered", "Around the row"], ["leading", "After the row"]], "trailing", { when: mode("windowFunctions") }),
      choice("window.windowSizeMode", "Size in", [["percentage", "Part of all rows"], ["fixed", "Rows"]], "percentage", { when: mode("windowFunctions") }),
      spec("window.windowSize", "Size", "number", { min: 0, hint: "0.1", when: mode("windowFunctions") }),
      spec("index.asPercentile", "As a percentile", "switch", { when: mode("index") }),
      spec("alias", "Name", "text", { hint: "made of the calculation" }),
      spec("replaceFields", "In place of all columns", "switch"),
    ],
  },
  concatenate: {
    about: "Puts all columns of all frames side by side in one.",
    specs: [
      choice("frameNameMode", "Name of the frame", [["field", "Before the name of the column"], ["label", "As a label"], ["drop", "Left out"]], "field"),
      spec("frameNameLabel", "Label", "text", { wanted: "frame", when: is("frameNameMode", "label") }),
    ],
  },
  configFromData: {
    about: "Takes units, limits, thresholds and mappings of columns from the result of one query.",
    specs: [spec("configRefId", "Settings are in", "query"), spec("applyTo", "They are for the columns", "matcher", { wanted: { id: "byType", options: "number" } }), MAPPINGS(true)],
  },
  convertFieldType: {
    about: "Reads columns as another type.",
    specs: [
      spec("conversions", "Column", "list", {
        hint: "Column", first: { destinationType: "number" },
        item: [
          spec("targetField", "Column", "field"),
          choice("destinationType", "As", [["number", "Number"], ["string", "Text"], ["time", "Time"], ["boolean", "Yes or no"], ["other", "JSON"]], "number"),
          spec("dateFormat", "Written as", "text", { hint: "YYYY-MM-DD", when: is("destinationType", "time") }),
          spec("joinWith", "Lists joined with", "text", { hint: ", ", when: is("destinationType", "string") }),
        ],
      }),
    ],
  },
  extractFields: {
    about: "Makes columns of what a text or labels hold: JSON, pairs, parts, groups of an expression.",
    specs: [
      spec("source", "From", "field"),
      choice("format", "As", [["auto", "Auto"], ["json", "JSON"], ["kvp", "Keys and values"], ["delimiter", "Parts with a delimiter"], ["regexp", "Regex"]], "auto"),
      spec("delimiter", "Delimiter", "text", { wanted: ",", when: is("format", "delimiter") }),
      spec("regExp", "Expression with named groups", "text", { hint: "/(?<name>.*)/", when: is("format", "regexp") }),
      spec("jsonPaths", "Path", "list", { hint: "Path", first: { path: "" }, when: is("format", "json"), item: [spec("path", "Path", "text", { hint: "a.b[0]" }), spec("alias", "Name", "text", { hint: "the path" })] }),
      spec("replace", "In place of all columns", "switch"),
      spec("keepTime", "Keep the time", "switch", { when: is("replace", true) }),
    ],
  },
  filterByRefId: {
    about: "Keeps the results of some queries alone.",
    specs: [spec("include", "Keep", "names", { of: "queries", join: "|", hint: "all" }), spec("exclude", "Leave out", "names", { of: "queries", join: "|", hint: "none" })],
  },
  filterByValue: {
    about: "Keeps or drops rows by what columns hold.",
    specs: [
      choice("type", "Rows that match", [["include", "Stay"], ["exclude", "Go"]], "include"),
      choice("match", "Conditions", [["all", "All must match"], ["any", "Any may match"]], "any"),
      spec("filters", "Condition", "list", {
        hint: "Condition", first: { config: { id: "greater", options: { value: 0 } } },
        item: [
          spec("fieldName", "Column", "field"),
          choice("config.id", "Value", TESTS, "greater"),
          spec("config.options.value", "Than", "text", { wanted: "", when: (read) => !["isNull", "isNotNull", "between"].includes(String(read("config.id"))) }),
          spec("config.options.from", "From", "text", { wanted: "", when: is("config.id", "between") }),
          spec("config.options.to", "To", "text", { wanted: "", when: is("config.id", "between") }),
        ],
      }),
    ],
  },
  filterFieldsByName: {
    about: "Keeps or drops columns by their names.",
    specs: [
      spec("include.names", "Keep", "names", { of: "fields", hint: "all" }),
      spec("include.pattern", "Keep what matches", "text", { hint: "/^node_/" }),
      spec("exclude.names", "Leave out", "names", { of: "fields", hint: "none" }),
      spec("exclude.pattern", "Leave out what matches", "text", { hint: "/_total$/" }),
      spec("byVariable", "Names of a variable", "switch"),
      spec("include.variable", "Variable", "text", { hint: "$names", when: is("byVariable", true) }),
    ],
  },
  formatString: {
    about: "Writes a column of texts otherwise: upper case, trimmed, cut.",
    specs: [
      spec("stringField", "Column", "field"),
      choice("outputFormat", "As", ["Upper Case", "Lower Case", "Sentence Case", "Title Case", "Pascal Case", "Camel Case", "Snake Case", "Kebab Case", "Trim", "Substring"].map((one) => [one, one] as const), "Upper Case"),
      spec("substringStart", "From", "number", { min: 0, wanted: 0, when: is("outputFormat", "Substring") }),
      spec("substringEnd", "To", "number", { min: 0, wanted: 100, when: is("outputFormat", "Substring") }),
    ],
  },
  formatTime: {
    about: "Writes a column of times by a pattern.",
    specs: [spec("timeField", "Column", "field"), spec("outputFormat", "Pattern", "text", { wanted: "YYYY-MM-DD HH:mm:ss" }), spec("timezone", "Time zone", "zone", { wanted: "utc" })],
  },
  groupBy: { about: "Makes rows with the same values one, and calculates the others.", specs: [GROUP_BY] },
  groupToNestedTable: { about: "Groups rows as “Group by” does, with the rows of each group below it.", specs: [spec("showSubframeHeaders", "Headers of the inner tables", "switch", { wanted: true }), GROUP_BY] },
  groupingToMatrix: {
    about: "Makes a matrix of a long table: columns of one column's values, rows of another's.",
    specs: [
      spec("columnField", "Columns", "field", { wanted: "Time" }), spec("rowField", "Rows", "field", { wanted: "Time" }), spec("valueField", "Cells", "field", { wanted: "Value" }),
      choice("emptyValue", "Empty cells", [["empty", "Empty text"], ["null", "Null"], ["zero", "Zero"], ["true", "True"], ["false", "False"]], "empty"),
    ],
  },
  histogram: {
    about: "Counts how many values fall into each of many buckets.",
    specs: [
      spec("bucketCount", "Buckets", "number", { min: 1, wanted: 30 }), spec("bucketSize", "Bucket size", "number", { min: 0 }), spec("bucketOffset", "Offset", "number", { wanted: 0 }),
      spec("combine", "All series together", "switch"),
    ],
  },
  joinByField: { about: "Puts frames side by side where a column has the same values.", specs: JOIN },
  joinByLabels: {
    about: "Makes one table of series: a column for each value of a label.",
    specs: [spec("value", "Columns of the label", "label"), spec("join", "Rows by the labels", "names", { of: "labels", hint: "all others" })],
  },
  labelsToFields: {
    about: "Makes columns, or rows, of labels.",
    specs: [
      choice("mode", "As", [["columns", "Columns"], ["rows", "Rows"]], "columns"),
      spec("keepLabels", "Only these labels", "names", { of: "labels", hint: "all" }),
      spec("valueLabel", "Name the value by", "label", { hint: "Nothing", when: (read) => read("mode") !== "rows" }),
    ],
  },
  limit: { about: "Keeps the first rows, or the last.", specs: [spec("limitField", "Rows", "number", { min: 0, wanted: 10 }), choice("limitMode", "Which", [["first", "The first"], ["last", "The last"]], "first")] },
  merge: { about: "Makes one table of all; rows that agree become one. There is nothing to set.", specs: [] },
  organize: { about: "Hides columns, puts them in order and renames them.", specs: [] },
  partitionByValues: {
    about: "Makes a frame for each combination of values of some columns.",
    specs: [
      spec("fields", "By the columns", "names", { of: "fields" }),
      choice("naming.asLabels", "Values become", [[true, "Labels"], [false, "The frame's name"]], true),
      spec("naming.append", "After the name that it has", "switch", { when: is("naming.asLabels", false) }),
      spec("naming.withNames", "With the column's name", "switch", { when: is("naming.asLabels", false) }),
      spec("naming.separator1", "Between name and value", "text", { wanted: "=", when: is("naming.withNames", true) }),
      spec("naming.separator2", "Between values", "text", { wanted: " ", when: is("naming.asLabels", false) }),
      spec("keepFields", "Keep the columns", "switch"),
    ],
  },
  prepareTimeSeries: {
    about: "Gives time series another form: a frame each, one wide frame, or one long table.",
    specs: [choice("format", "As", [["multi", "A frame for each series"], ["wide", "One wide frame"], ["long", "One long table"], ["many", "A frame for each series (old name)"]], "wide")],
  },
  reduce: {
    about: "Makes one value of each column: the last, the mean, the largest and others.",
    specs: [
      choice("mode", "As", [["seriesToRows", "Series to rows"], ["reduceFields", "Reduce fields"]], "seriesToRows"),
      spec("reducers", "Values", "reducers", { wanted: ["max"] }),
      spec("fields", "Of the columns", "matcher", { wanted: { id: "byType", options: "number" } }),
      spec("includeTimeField", "Times too", "switch", { when: is("mode", "reduceFields") }),
      spec("labelsToFields", "Labels as columns", "switch", { when: (read) => read("mode") !== "reduceFields" }),
    ],
  },
  regression: {
    about: "Adds a line or a curve that comes closest to the points.",
    specs: [
      spec("xFieldName", "X", "field", { hint: "The time" }), spec("yFieldName", "Y", "field", { hint: "The first number" }),
      choice("modelType", "Model", [["linear", "Line"], ["polynomial", "Curve"]], "linear"),
      choice("degree", "Degree", [2, 3, 4, 5].map((one) => [one, String(one)] as const), 2, { when: is("modelType", "polynomial") }),
      spec("predictionCount", "Points", "number", { min: 2, wanted: 100 }),
    ],
  },
  renameByRegex: { about: "Renames columns by an expression.", specs: [spec("regex", "Match", "text", { hint: "(.*)", wanted: "" }), spec("renamePattern", "Name", "text", { hint: "$1", wanted: "" })] },
  rowsToFields: { about: "Makes a column of each row: its name, value, settings and labels.", specs: [MAPPINGS(false)] },
  seriesToColumns: { about: "The old name of “Join by field”.", specs: JOIN },
  seriesToRows: { about: "Makes one long table of time, series and value. There is nothing to set.", specs: [] },
  sortBy: {
    about: "Puts rows in the order of a column.",
    specs: [spec("sort", "Column", "list", { hint: "Column", first: {}, item: [spec("field", "By", "field"), spec("desc", "Descending", "switch")] })],
  },
  timeSeriesTable: {
    about: "Makes a row of each series: its labels, and one number.",
    specs: [spec("", "Number of each query", "record", { of: "queries", item: [spec("stat", "Number", "reducer", { wanted: "lastNotNull" })] })],
  },
  transpose: {
    about: "Turns rows and columns about.",
    specs: [spec("firstFieldName", "Name of the first column", "text", { hint: "its own" }), spec("restFieldsName", "Name of the others", "text", { hint: "their values" })],
  },
};

const FIRST: Record<string, unknown> = {
  joinByField: { mode: "outer" },
  seriesToColumns: { mode: "outer" },
  organize: { excludeByName: {}, indexByName: {}, renameByName: {} },
  reduce: { reducers: ["max"], mode: "seriesToRows" },
  groupBy: { fields: {} },
  groupToNestedTable: { fields: {}, showSubframeHeaders: true },
  calculateField: { mode: "reduceRow", reduce: { reducer: "sum" }, replaceFields: false },
  filterByValue: { filters: [{ config: { id: "greater", options: { value: 0 } } }], type: "include", match: "any" },
  sortBy: { sort: [{}] },
  convertFieldType: { conversions: [{ destinationType: "number" }] },
  limit: { limitField: 10 },
  labelsToFields: { mode: "columns" },
  extractFields: { format: "auto" },
  concatenate: { frameNameMode: "field" },
  prepareTimeSeries: { format: "wide" },
  configFromData: { mappings: [] },
  rowsToFields: { mappings: [] },
};

/** What a new transformation begins with. */
export function firstOptions(id: string): unknown {
  return structuredClone(FIRST[id] ?? {});
}
