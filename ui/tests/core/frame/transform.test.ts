import { describe, expect, test } from "vitest";
import { displayNames } from "../../../src/core/frame/display_name.ts";
import { frame, type Frame } from "../../../src/core/frame/frame.ts";
import { transform, TRANSFORMATIONS } from "../../../src/core/frame/transform.ts";
import { contents, field, table } from "./frames.ts";

const run = (frames: Frame[], id: string, options: unknown = {}, interpolate = (text: string) => text) => transform(frames, [{ id, options }], interpolate);
const names = (frames: Frame[]) => frames.map((one) => one.fields.map((column) => displayNames(frames).get(column)));
const series = (labels: Record<string, string>, values: number[], refId = "A") =>
  frame([field("Time", values.map((_, i) => (i + 1) * 1000)), field("Value", values, { labels })], { refId });

const cpu = () => table({ Time: [1, 1], pod: ["p1", "p2"], "Value #A": [1, 2] }, { refId: "A" });
const memory = () => table({ Time: [1, 1], pod: ["p2", "p3"], "Value #B": [20, 30] }, { refId: "B" });

describe("a table of several queries", () => {
  test("joined, renamed, in order: times carry numbers, values their queries' letters", () => {
    const made = transform([cpu(), memory()], [
      { id: "joinByField", options: { byField: "$by", mode: "outer" } },
      { id: "organize", options: { excludeByName: { "Time 1": true, "Time 2": true }, renameByName: { "Value #A": "CPU", pod: "Pod" }, indexByName: { "Value #B": 0, pod: 1 } } },
    ], (text) => text.replace("$by", "pod"));
    expect(names(made)).toEqual([["Value #B", "Pod", "CPU"]]);
    expect(contents(made)).toEqual([{ "Value #B": [null, 20, 30], pod: ["p1", "p2", "p3"], "Value #A": [1, 2, null] }]);
  });

  test("joined by all pairs of rows", () => {
    const left = table({ k: ["a", "a", "b"], x: [1, 2, 3] });
    const right = table({ k: ["a", "c"], y: [10, 30] });
    expect(contents(run([left, right], "joinByField", { byField: "k", mode: "inner" }))).toEqual([{ k: ["a", "a"], x: [1, 2], y: [10, 10] }]);
    expect(contents(run([left, right], "joinByField", { byField: "k", mode: "outerTabular" }))).toEqual([{ k: ["a", "a", "b", "c"], x: [1, 2, 3, null], y: [10, 10, null, 30] }]);
  });

  test("joined where a value is there twice and the tables have the same rows", () => {
    const made = run([table({ k: ["a", "a"], x: [1, 2] }), table({ k: ["a", "a"], y: [3, 4] })], "joinByField", { byField: "k" });
    expect(contents(made)).toEqual([{ k: ["a", "a"], x: [1, 2], y: [3, 4] }]);
    const back = run([table({ Time: [2, 1], x: [20, 10] }), table({ Time: [2, 1], y: [21, 11] })], "joinByField", { byField: "Time" });
    expect(contents(back)).toEqual([{ Time: [1, 2], x: [10, 20], y: [11, 21] }]);
  });

  test("merged: rows that agree become one, and what has no columns goes", () => {
    expect(run([cpu(), frame([], { refId: "B" })], "merge")).toEqual([cpu()]);
    expect(contents(run([cpu(), memory()], "merge"))).toEqual([{ Time: [1, 1, 1], pod: ["p1", "p2", "p3"], "Value #A": [1, 2, null], "Value #B": [null, 20, 30] }]);
  });

  test("merging tables that share nothing but a time takes no square of the rows", () => {
    const rows = 20_000;
    const many = (name: string, value: string) => table({ Time: Array(rows).fill(1), [name]: Array.from({ length: rows }, (_, i) => `${name}${i}`), [value]: Array(rows).fill(1) });
    const start = performance.now();
    expect(run([many("pod", "Value #A"), many("node", "Value #B")], "merge")[0]!.length).toBe(rows);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

const jobs = () => table({ job: ["a", "a", "b"], instance: ["i1", "i2", "i1"], Value: [1, 3, null], up: [true, false, true] }, { refId: "A" });

test("what changes annotations alone leaves the panel's frames as they are", () => {
  expect(transform([cpu()], [{ id: "organize", topic: "annotations", options: { excludeByName: { pod: true } } }], (text) => text)).toEqual([cpu()]);
});

describe("rows", () => {
  test("grouped and reduced", () => {
    const made = run([jobs()], "groupBy", { fields: { job: { operation: "groupby" }, Value: { operation: "aggregate", aggregations: ["mean", "count"] }, up: { operation: null } } });
    expect(contents(made)).toEqual([{ job: ["a", "b"], "Value (mean)": [2, null], "Value (count)": [2, 0] }]);
    expect(run([jobs()], "groupBy", {})).toEqual([jobs()]);
    expect(run([jobs()], "groupBy", { fields: { nope: { operation: "groupby" } } })).toEqual([]);
    // By what the query called it, though it is renamed or has a legend.
    const renamed = table({ job: ["a", "a"], Value: [1, 2] });
    renamed.fields[0]!.config = { displayName: "Job" };
    renamed.fields[1]!.config = { displayNameFromDS: "of a" };
    expect(names(run([renamed], "groupBy", { fields: { job: { operation: "groupby" }, Value: { operation: "aggregate", aggregations: ["sum"] } } }))).toEqual([["Job", "Value (sum)"]]);
  });

  test("sorted: numbers by size, missing first; texts letter by letter, missing last", () => {
    expect(contents(run([table({ n: ["n9", "n10", null, "a"] })], "sortBy", { sort: [{ field: "n" }] }))).toEqual([{ n: ["a", "n10", "n9", null] }]);
    expect(contents(run([table({ n: [2, null, 10] })], "sortBy", { sort: [{ field: "n" }] }))).toEqual([{ n: [null, 2, 10] }]);
    expect(contents(run([jobs()], "sortBy", { sort: [{ field: "instance", desc: true }, { field: "Value", desc: true }] }))[0]!.Value).toEqual([3, 1, null]);
  });

  test("filtered by value", () => {
    const kept = (filters: unknown[], more: object = {}) => contents(run([jobs()], "filterByValue", { filters, ...more }))[0]!.instance;
    const filter = (fieldName: string, id: string, options: object = {}) => ({ fieldName, config: { id, options } });
    expect(kept([filter("Value", "greaterOrEqual", { value: "$n" })])).toEqual([]);
    expect(kept([filter("Value", "greaterOrEqual", { value: 1 })])).toEqual(["i1", "i2"]);
    expect(kept([filter("Value", "isNull")], { type: "exclude" })).toEqual(["i1", "i2"]);
    expect(kept([filter("Value", "between", { from: 1, to: 4 })])).toEqual(["i2"]);
    expect(kept([filter("job", "regex", { value: "a|b" }), filter("instance", "equal", { value: "i1" })], { match: "all" })).toEqual(["i1", "i1"]);
    expect(kept([filter("job", "notEqual", { value: "a" })])).toEqual(["i1"]);
    expect(kept([filter("Value", "lower", { value: 2 })])).toEqual(["i1", "i1"]);
    // A filter of a column that is not there fits no row.
    expect(kept([filter("nope", "isNull")])).toEqual([]);
    expect(kept([filter("nope", "isNull")], { type: "exclude" })).toHaveLength(3);
    expect(kept([filter("nope", "isNull"), filter("job", "equal", { value: "b" })])).toEqual(["i1"]);
    expect(kept([filter("nope", "isNull"), filter("job", "equal", { value: "b" })], { match: "all" })).toEqual([]);
  });

  test("limited: the first, the last", () => {
    expect(contents(run([jobs()], "limit", { limitField: "1" }))[0]!.job).toEqual(["a"]);
    expect(contents(run([jobs()], "limit", { limitField: 1, limitMode: "last" }))[0]!.job).toEqual(["b"]);
  });

  test("partitioned", () => {
    const made = run([jobs()], "partitionByValues", { fields: ["job"], naming: { asLabels: true } });
    expect(made.map(({ fields }) => [fields[1]!.values, fields[1]!.labels])).toEqual([[[1, 3], { job: "a" }], [[null], { job: "b" }]]);
    expect(run([jobs()], "partitionByValues", { fields: ["job"], naming: { asLabels: false, withNames: true } }).map(({ name }) => name)).toEqual(["job=a", "job=b"]);
  });

  test("made columns, and the other way round", () => {
    const limits = table({ name: ["cpu", "memory"], value: [1, 2], unit: ["short", "bytes"], zone: ["x", "y"] });
    const [made] = run([limits], "rowsToFields");
    expect(made!.fields.map(({ name, values, config, labels }) => [name, values, config.unit, labels])).toEqual([["cpu", [1], "short", { zone: "x" }], ["memory", [2], "bytes", { zone: "y" }]]);
    const turned = run([table({ pod: ["a", "b"], x: [1, 2], y: [3, 4] })], "transpose");
    expect([names(turned), turned[0]!.fields.map(({ values }) => values)]).toEqual([[["Field", "a", "b"]], [["x", "y"], [1, 3], [2, 4]]]);
  });
});

describe("columns", () => {
  test("computed", () => {
    const numbers = () => [table({ Time: [1, 2, 3], a: [1, null, 3], b: [10, 20, 0] })];
    const last = (options: object) => {
      const { name, values } = run(numbers(), "calculateField", options)[0]!.fields.at(-1)!;
      return [name, values];
    };
    expect(last({ mode: "binary", binary: { left: "a", operator: "/", right: "b" } })).toEqual(["a / b", [0.1, 0, Infinity]]);
    expect(last({ mode: "binary", alias: "x", binary: { left: { matcher: { id: "byName", options: "a" } }, operator: "*", right: { fixed: "1000" } } })).toEqual(["x", [1000, 0, 3000]]);
    expect(last({ mode: "reduceRow", reduce: { reducer: "sum" } })).toEqual(["Total", [11, 20, 3]]);
    expect(last({ mode: "reduceRow", reduce: { reducer: "max", include: ["a"] } })).toEqual(["Max", [1, null, 3]]);
    expect(last({ mode: "unary", unary: { operator: "abs", fieldName: "a" } })).toEqual(["abs(a)", [1, 0, 3]]);
    expect(last({ mode: "unary", unary: { operator: "percent", fieldName: "a" } })).toEqual(["percent(a)", [0.25, 0, 0.75]]);
    expect(last({ mode: "cumulativeFunctions", cumulative: { field: "a", reducer: "mean" } })).toEqual(["cumulative mean(a)", [1, 0.5, 4 / 3]]);
    expect(last({ mode: "cumulativeFunctions", cumulative: { field: "b", reducer: "sum" } })).toEqual(["cumulative sum(b)", [10, 30, 30]]);
    expect(last({ mode: "windowFunctions", window: { field: "b", reducer: "mean", windowSizeMode: "fixed", windowSize: 2 } })).toEqual(["trailing moving mean(b)", [10, 15, 10]]);
    expect(last({ mode: "index" })).toEqual(["Row", [0, 1, 2]]);
    expect(run(numbers(), "calculateField", { mode: "binary", binary: { left: "nope", operator: "+", right: "b" } })).toEqual(numbers());
    expect(names(run(numbers(), "calculateField", { mode: "reduceRow", replaceFields: true }))).toEqual([["Time", "Total"]]);
  });

  test("computed of series of several queries: they are one table first", () => {
    const named = (name: string, values: number[], start = 0) => frame([field("Time", values.map((_, i) => start + i)), field("Value", values, { config: { displayNameFromDS: name } })], { refId: name, name });
    const both = () => [named("used", [1, 2]), named("limit", [4, 4, 8])];
    const ratio = { mode: "binary", alias: "share", binary: { left: "used", operator: "/", right: "limit" } };
    const made = run(both(), "calculateField", ratio);
    expect([names(made), contents(made)]).toEqual([[["Time", "used", "limit", "share"]], [{ Time: [0, 1, 2], used: [1, 2, null], limit: [4, 4, 8], share: [0.25, 0.5, 0] }]]);
    expect(contents(run(both(), "calculateField", { mode: "reduceRow", alias: "mean", reduce: { reducer: "mean", include: ["used", "limit"] } }))[0]!.mean).toEqual([2.5, 3, 8]);
    expect(names(run(both(), "calculateField", { timeSeries: false, alias: "sum" }))).toEqual([["Time", "used", "sum"], ["Time", "limit", "sum"]]);
    // Tables of one time each stay next to each other, row by row.
    const tables = [table({ Time: [1, 1], "Value #A": [1, 2] }), table({ Time: [1, 1], "Value #B": [3, 4] })];
    expect(contents(run(tables, "calculateField", { binary: { left: "Value #A", operator: "+", right: "Value #B" }, mode: "binary" }))[0]!["Value #A + Value #B"]).toEqual([4, 6]);
    // Without a time in each there is nothing to join by.
    expect(run([named("used", [1]), table({ x: [1] })], "calculateField", {})).toHaveLength(2);
  });

  test("converted", () => {
    const conversions = [{ targetField: "a", destinationType: "number" }, { targetField: "t", destinationType: "time" }, { targetField: "o", destinationType: "other" }];
    const made = run([table({ a: ["1,234.5", "", "x"], t: ["2024-01-02", "1700000000000", "?"], o: ['{"b":1}', "{", null] })], "convertFieldType", { conversions });
    expect(contents(made)).toEqual([{ a: [1234.5, null, null], t: [Date.UTC(2024, 0, 2), 1_700_000_000_000, null], o: [{ b: 1 }, null, null] }]);
  });

  test("extracted of labels, JSON, pairs, parts and groups", () => {
    const labels = frame([field("labels", [{ app: "x" }, { app: "y", env: "p" }], { type: "other" }), field("Time", [1, 2])]);
    expect(contents(run([labels], "extractFields", { source: "labels", replace: true, keepTime: true }))).toEqual([{ Time: [1, 2], app: ["x", "y"], env: [undefined, "p"] }]);
    const of = (line: string, options: object) => contents(run([table({ Line: [line] })], "extractFields", { source: "Line", replace: true, ...options }))[0];
    expect(of('{"a":{"b":[5]},"c":"d"}', { format: "json", jsonPaths: [{ path: "a.b[0]", alias: "five" }, { path: "c" }] })).toEqual({ five: [5], c: ["d"] });
    expect(of('level=info msg="two words" n: 3', { format: "kvp" })).toEqual({ level: ["info"], msg: ["two words"], n: ["3"] });
    expect(of("a, b", { format: "delimiter", delimiter: "," })).toEqual({ a: ["a"], b: ["b"] });
    expect(of("GET /x", { format: "regexp", regExp: "/(?<method>\\w+) (?<path>.*)/" })).toEqual({ method: ["GET"], path: ["/x"] });
    expect(of("not json", { format: "json" })).toEqual({});
  });

  test("kept by name, renamed", () => {
    expect(names(run([jobs()], "filterFieldsByName", { include: { pattern: "/^(job|Val)/" }, exclude: { names: ["job"] } }))).toEqual([["Value"]]);
    expect(names(run([jobs()], "filterFieldsByName", { byVariable: true, include: { variable: "$v" } }, (text) => (text === "$v" ? "{job,up}" : text)))).toEqual([["job", "up"]]);
    expect(names(run([jobs()], "renameByRegex", { regex: "/(.*)ance/", renamePattern: "$1X" }))).toEqual([["job", "instX", "Value", "up"]]);
  });

  test("organized by what people call them or what the query did; \"Time\" is every time", () => {
    const build = frame([field("Time", [1]), field("Value", [1], { labels: {}, config: { displayNameFromDS: "up{job=\"a\"}" } }), field("job", ["a"])]);
    expect(names(run([build], "organize", { excludeByName: { Value: true, Time: true } }))).toEqual([["job"]]);
    const joined = transform([cpu(), memory()], [{ id: "joinByField", options: { byField: "pod" } }, { id: "organize", options: { excludeByName: { Time: true } } }], (text) => text);
    expect(names(joined)).toEqual([["pod", "Value #A", "Value #B"]]);
    const renamed = (id: string, options: object) => names(transform([cpu()], [{ id: "organize", options: { renameByName: { pod: "Pod" } } }, { id, options }], (text) => text));
    expect(renamed("organize", { includeByName: { pod: true } })).toEqual([["Pod"]]);
    expect(renamed("filterFieldsByName", { include: { names: ["pod"] } })).toEqual([["Pod"]]);
    expect(renamed("filterFieldsByName", { exclude: { names: ["pod"], pattern: "Time" } })).toEqual([["Value #A"]]);
    expect(renamed("filterFieldsByName", { include: { pattern: "^pod$" } })).toEqual([]);
  });

  test("a matrix of a long table", () => {
    expect(contents(run([jobs()], "groupingToMatrix", { columnField: "instance", rowField: "job", valueField: "Value", emptyValue: "null" }))).toEqual([{ "job\\instance": ["a", "b"], i1: [1, null], i2: [3, null] }]);
  });

  test("config out of data", () => {
    const config = table({ max: [50], unit: ["bytes"], threshold1: [10] }, { refId: "config" });
    const [made] = run([series({}, [1, 2]), config], "configFromData", { configRefId: "config" });
    expect(made!.fields[1]!.config).toMatchObject({ max: 50, unit: "bytes", thresholds: { steps: [{ value: null }, { value: 10 }] } });
    // A table that holds both stays.
    const merged = run([table({ used: [1], limit: [8] }, { refId: "merge-A-B" })], "configFromData", { configRefId: "merge-A-B", applyTo: { id: "byName", options: "used" }, mappings: [{ fieldName: "limit", handlerKey: "max" }] });
    expect([contents(merged), merged[0]!.fields.map(({ config }) => config)]).toEqual([[{ used: [1], limit: [8] }], [{ max: 8 }, {}]]);
  });

  test("texts and times written otherwise", () => {
    expect(contents(run([table({ s: ["fooBar baz"] })], "formatString", { stringField: "s", outputFormat: "Snake Case" }))).toEqual([{ s: ["foo_bar_baz"] }]);
    expect(contents(run([table({ Time: [0] })], "formatTime", { timeField: "Time", outputFormat: "YYYY", timezone: "utc" }))).toEqual([{ Time: ["1970"] }]);
  });
});

describe("series", () => {
  const two = () => [series({ job: "a" }, [1, 2]), series({ job: "b" }, [3, 4], "B")];

  test("reduced to rows, to fields", () => {
    expect(contents(run(two(), "reduce", { reducers: ["max", "lastNotNull"] }))).toEqual([{ Field: ["a", "b"], Max: [2, 4], "Last *": [2, 4] }]);
    expect(names(run(two(), "reduce", { mode: "reduceFields", reducers: ["min", "max"] }))[0]).toEqual(['{job="a", reducer="Min"}', '{job="a", reducer="Max"}']);
    expect(run(two(), "reduce", { reducers: ["nope"] })).toHaveLength(2);
  });

  test("labels to columns and rows", () => {
    expect(contents(run(two(), "labelsToFields"))[0]).toEqual({ Time: [1000, 2000], Value: [1, 2], job: ["a", "a"] });
    expect(names(run(two(), "labelsToFields", { valueLabel: "job" }))).toEqual([["Time", "a"], ["Time", "b"]]);
    expect(contents(run(two(), "labelsToFields", { mode: "rows" }))[1]).toEqual({ label: ["job"], value: ["b"] });
  });

  test("wide, many, long", () => {
    expect(contents(run(two(), "prepareTimeSeries", { format: "long" }))).toEqual([{ Time: [1000, 1000, 2000, 2000], job: ["a", "b", "a", "b"], Value: [1, 3, 2, 4] }]);
    const wide = run(two(), "prepareTimeSeries", { format: "wide" });
    expect([wide.length, names(wide)]).toEqual([1, [["Time", "a", "b"]]]);
    const back = run([table({ Time: [1, 1], pod: ["x", "y"], Value: [1, 2] })], "prepareTimeSeries", { format: "many" });
    expect(back.map(({ fields }) => [fields[1]!.labels, fields[1]!.values])).toEqual([[{ pod: "x" }, [1]], [{ pod: "y" }, [2]]]);
  });

  test("rows of time, name and value; tables of labels", () => {
    expect(contents(run(two(), "seriesToRows"))[0]!.Metric).toEqual(["a", "b", "a", "b"]);
    expect(contents(run(two(), "joinByLabels", { value: "job" }))).toEqual([{ a: [2], b: [4] }]);
    expect(contents(run(two(), "timeSeriesTable"))).toEqual([{ job: ["a"], "Trend #A": [2] }, { job: ["b"], "Trend #B": [4] }]);
  });

  test("side by side", () => {
    const named = [frame([field("Time", [1]), field("Value", [2])], { name: "one" }), frame([field("Value", [3])], { name: "two" })];
    expect(contents(run(named, "concatenate"))).toEqual([{ "one · Time": [1], one: [2], two: [3] }]);
    const [made] = run(two(), "concatenate", { frameNameMode: "label" });
    expect(made!.fields.map(({ labels }) => labels?.frame)).toEqual(["a", "a", "b", "b"]);
  });

  test("a line and a curve through points", () => {
    const line = run([series({}, [1, 3, 5])], "regression", { predictionCount: 3 });
    expect(line[1]!.fields[0]!.values).toEqual([1000, 2000, 3000]);
    line[1]!.fields[1]!.values.forEach((value, i) => expect(value).toBeCloseTo([1, 3, 5][i]!));
    const curve = run([series({}, [1, 0, 1])], "regression", { modelType: "polynomial", degree: 2, predictionCount: 5 });
    curve[1]!.fields[1]!.values.forEach((value, i) => expect(value).toBeCloseTo([1, 0.25, 0, 0.25, 1][i]!));
  });

  test("a histogram", () => {
    // Whole numbers have buckets of whole numbers.
    expect(contents(run([table({ Value: [1, 2, 2, 4] })], "histogram", {}))[0]!.xMin).toEqual([1, 2, 3, 4]);
    const [made] = run([table({ Value: [1, 2, 2.5, 9.9, null, NaN] })], "histogram", { bucketSize: 2.5 });
    expect(contents([made!])).toEqual([{ xMin: [0, 2.5, 5, 7.5], xMax: [2.5, 5, 7.5, 10], Value: [2, 1, 0, 1] }]);
    const [combined] = run(two(), "histogram", { combine: true, bucketCount: 3 });
    expect(contents([combined!])).toEqual([{ xMin: [1, 2, 3, 4], xMax: [2, 3, 4, 5], count: [1, 1, 1, 1] }]);
    expect(run([table({ Value: [null] })], "histogram")).toEqual([]);
    expect(run([table({ Value: [0, 1e300] })], "histogram", { bucketSize: 1 })[0]!.length).toBeLessThan(20_002);
  });
});

describe("the list", () => {
  test("disabled ones are left out, filters say which frames are meant", () => {
    const frames = [cpu(), memory()];
    expect(transform(frames, [{ id: "limit", options: { limitField: 0 }, disabled: true }], (text) => text)).toBe(frames);
    const made = transform(frames, [{ id: "limit", options: { limitField: 1 }, filter: { id: "byRefId", options: "B" } }], (text) => text);
    expect(made.map(({ refId, length }) => [refId, length])).toEqual([["B", 1], ["A", 2]]);
    expect(contents(run(frames, "filterByRefId", { include: "B" }))).toHaveLength(1);
  });

  test("an unknown one is told of, the panel stays", () => {
    const [made] = run([cpu()], "constructor");
    expect(made!.length).toBe(2);
    expect(made!.meta!.notices).toEqual([{ severity: "warning", text: 'Unknown transformation "constructor" was left out' }]);
  });

  test.each(Object.keys(TRANSFORMATIONS))("%s: options of any kind do no harm, and the frames given stay as they are", (id) => {
    const frames = () => [cpu(), memory(), series({ job: "a" }, [1, 2]), table({}), frame([])];
    const before = frames();
    const junk = [undefined, null, {}, [], 5, "x", { fields: null, filters: [null], conversions: [null], sort: [null], include: 5, names: 5 }];
    for (const options of junk) expect(Array.isArray(run(before, id, options))).toBe(true);
    expect(run([], id, {})).toEqual(id === "joinByField" || id === "seriesToColumns" ? [] : expect.any(Array));
    expect(before).toEqual(frames());
  });
});
