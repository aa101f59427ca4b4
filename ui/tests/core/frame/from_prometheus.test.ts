import { expect, test } from "vitest";
import { framesOfExemplars } from "../../../src/core/frame/from_exemplars.ts";
import { framesOfPrometheus, type PrometheusData } from "../../../src/core/frame/from_prometheus.ts";
import { contents } from "./frames.ts";

const matrix: PrometheusData = {
  resultType: "matrix",
  result: [
    { metric: { __name__: "up", job: "a", pod: "x" }, values: [[1.5, "1"], [2.5, "NaN"]] },
    { metric: { __name__: "up", job: "a", pod: "y" }, values: [[1.5, "+Inf"], [2.5, "-Inf"]] },
  ],
};
const query = { refId: "A", expr: "up" };

test("series: times in ms, shared where they are the same; names by legend", () => {
  const frames = framesOfPrometheus(matrix, { ...query, legendFormat: "{{pod}}", stepMs: 1000 });
  expect(contents(frames)).toEqual([{ Time: [1500, 2500], Value: [1, NaN] }, { Time: [1500, 2500], Value: [Infinity, -Infinity] }]);
  expect(frames[0]!.fields[0]!.values).toBe(frames[1]!.fields[0]!.values);
  expect(frames.map(({ name, fields, meta }) => [name, fields[1]!.config.displayNameFromDS, fields[1]!.labels!.job, meta!.stepMs])).toEqual([["x", "x", "a", 1000], ["y", "y", "a", 1000]]);
  expect(framesOfPrometheus(matrix, { ...query, legendFormat: "__auto" }).map(({ name }) => name)).toEqual(["x", "y"]);
});

const vector: PrometheusData = {
  resultType: "vector",
  result: [
    { metric: { pod: "x", le: "0.5" }, value: [2, "3"] },
    { metric: { pod: "y", le: "+Inf", app: "z" }, value: [2, "4"] },
  ],
};

test("tables: Time, labels in alphabetical order, le as numbers, Value by the query's letter", () => {
  const frames = framesOfPrometheus(vector, { ...query, format: "table" });
  expect(frames[0]!.fields.map(({ name, type }) => [name, type])).toEqual([["Time", "time"], ["app", "string"], ["le", "number"], ["pod", "string"], ["Value", "number"]]);
  expect(contents(frames)).toEqual([{ Time: [2000, 2000], app: ["", "z"], le: [0.5, Infinity], pod: ["x", "y"], Value: [3, 4] }]);
  expect(framesOfPrometheus(vector, { ...query, format: "table", severalTables: true })[0]!.fields.at(-1)!.name).toBe("Value #A");
  expect(contents(framesOfPrometheus({ resultType: "vector", result: [] }, { ...query, format: "table" }))).toEqual([{ Time: [], Value: [] }]);
});

test("heatmaps: buckets from the lowest, each with what is in it alone", () => {
  const bucket = (le: string, ...values: [number, string][]) => ({ metric: { le }, values });
  const data: PrometheusData = {
    resultType: "matrix",
    result: [bucket("+Inf", [1, "10"], [2, "12"]), bucket("0.1", [1, "1"]), bucket("1", [1, "4"], [2, "3"]), bucket("0.1", [1, "1"])],
  };
  const frames = framesOfPrometheus(data, { ...query, format: "heatmap" });
  expect(contents(frames)).toEqual([{ Time: [1000, 2000], "0.1": [2, null], "1": [2, 3], "+Inf": [6, 9] }]);
  expect(frames[0]!.fields.map(({ name }) => name)).toEqual(["Time", "0.1", "1", "+Inf"]);
  expect(frames[0]!.meta!.kind).toBe("heatmap");
});

test("scalars, texts, nothing, native histograms", () => {
  expect(contents(framesOfPrometheus({ resultType: "scalar", result: [3, "5"] }, query))).toEqual([{ Time: [3000], Value: [5] }]);
  expect(contents(framesOfPrometheus({ resultType: "string", result: [3, "hi"] }, query))).toEqual([{ Time: [3000], Value: ["hi"] }]);
  expect(framesOfPrometheus({ resultType: "matrix", result: [] }, query)).toEqual([]);
});

test("native histograms: averages, and in heatmaps their buckets with empty ones between", () => {
  const one = (count: string, ...buckets: [number, string, string, string][]) => ({ count, sum: "6", buckets });
  const data: PrometheusData = {
    resultType: "matrix",
    result: [
      { metric: { pod: "a" }, histograms: [[1, one("3", [0, "1", "2", "1"], [0, "4", "8", "2"])], [2, one("0")]] },
      { metric: { pod: "b" }, histograms: [[1, one("2", [0, "1", "2", "2"])], [2, one("2", [0, "-0.5", "0.5", "1"])]] },
    ],
  };
  const frames = framesOfPrometheus(data, query);
  expect(contents(frames)).toEqual([{ Time: [1000, 2000], Value: [2, Infinity] }, { Time: [1000, 2000], Value: [3, 3] }]);
  expect(frames[0]!.meta!.notices![0]!.text).toContain("Native histograms");
  const [heat] = framesOfPrometheus(data, { ...query, format: "heatmap" });
  expect(heat!.fields.map(({ name, values }) => [name, values])).toEqual([
    ["Time", [1000, 2000]], ["0.5", [null, 1]], ["1", [null, null]], ["2", [3, null]], ["4", [null, null]], ["8", [2, null]],
  ]);
  expect(contents(framesOfPrometheus({ resultType: "vector", result: [{ metric: {}, histogram: [1, one("3")] }] }, query))).toEqual([{ Time: [1000], Value: [2] }]);
});

test("exemplars in order of time", () => {
  const frames = framesOfExemplars([{ seriesLabels: { job: "a" }, exemplars: [{ labels: { trace: "2" }, value: "2", timestamp: 2 }, { labels: { trace: "1" }, value: "1", timestamp: 1 }] }], "A");
  expect(contents(frames)).toEqual([{ Time: [1000, 2000], Value: [1, 2], job: ["a", "a"], trace: ["1", "2"] }]);
});
