import { describe, expect, it } from "vitest";
import { countsOf, labelName, narrowed, oneNumber, pairOf, seriesIn, windowMs } from "../../../src/views/explore/cardinality.ts";
import { findMetrics, firstQuery, metricRow } from "../../../src/views/explore/metric_use.ts";
import { planLines, requestPath, statisticsOf } from "../../../src/views/explore/request_of.ts";

describe("metrics to choose from", () => {
  const metadata = { http_seconds: [{ type: "histogram", help: "How long", unit: "" }], up: [{ type: "gauge", help: "Whether a target answers", unit: "" }] };

  it("have a type and help, also by their base name", () => {
    expect(metricRow("http_seconds_bucket", metadata)).toEqual({ name: "http_seconds_bucket", type: "histogram", help: "How long" });
    expect(metricRow("http_seconds_count", metadata).type).toBe("counter");
    expect(metricRow("x_total", {})).toEqual({ name: "x_total", type: "counter", help: "" });
  });

  it("are found by name first, then by what they tell", () => {
    const rows = ["up", "http_seconds_bucket", "target_info"].map((name) => metricRow(name, metadata));
    expect(findMetrics(rows, "target").map(({ name }) => name)).toEqual(["target_info", "up"]);
    expect(findMetrics(rows, "how LONG").map(({ name }) => name)).toEqual(["http_seconds_bucket"]);
    expect(findMetrics(rows, "")).toHaveLength(3);
  });

  it("begin with a query of their type", () => {
    expect(firstQuery(metricRow("up", metadata))).toBe("up");
    expect(firstQuery(metricRow("x_total", {}))).toBe("sum(rate(x_total[$__rate_interval]))");
    expect(firstQuery(metricRow("http_seconds_bucket", metadata))).toContain("histogram_quantile");
    expect(firstQuery({ name: "a.b", type: "gauge", help: "" })).toBe('{__name__="a.b"}');
  });
});

describe("cardinality", () => {
  it("is narrowed by what was clicked", () => {
    expect(narrowed("", "__name__", "up")).toBe('{__name__="up"}');
    expect(narrowed('{__name__="up", a="x,y"}', "a", 'q"')).toBe('{__name__="up", a="q\\""}');
    expect(pairOf("job=a=b")).toEqual({ name: "job", value: "a=b" });
  });

  it("is read from answers", () => {
    const data = { resultType: "vector" as const, result: [{ metric: { job: "a" }, value: [0, "1"] as [number, string] }, { metric: {}, value: [0, "3"] as [number, string] }] };
    expect(countsOf(data, "job")).toEqual([{ name: "", value: 3 }, { name: "a", value: 1 }]);
    expect(oneNumber({ resultType: "vector", result: [] })).toBe(0);
  });
});

describe("the inspector", () => {
  const query = { refId: "A", source: "P", expr: "up", kind: "range", stepMs: 15_000, from: 1000, to: 61_000, tookMs: 1, series: 1, points: 1 };

  it("shows the request that was made", () => {
    expect(requestPath(query, { uid: "p", type: "prometheus" })).toBe("/api/datasources/proxy/uid/p/api/v1/query_range?query=up&start=1&end=61&step=15&stats=all");
    expect(requestPath({ ...query, kind: "logs" }, { uid: "l", type: "loki" }, { limit: 5 })).toContain("/loki/api/v1/query_range?query=up&start=1000000000&end=61000000000&limit=5&direction=backward");
  });

  it("shows what it cost, without zeros", () => {
    expect(statisticsOf({ data: { stats: { samples: { peak: 3, none: 0 }, list: [1] } } })).toEqual([{ name: "samples.peak", value: 3 }]);
    expect(statisticsOf(null)).toEqual([]);
  });

  it("shows the plan from the outside in", () => {
    const tree = { type: "aggregation", op: "sum", grouping: ["job"], without: false, expr: { type: "call", func: { name: "rate" }, args: [{ type: "matrixSelector", name: "up", range: 300_000, offset: 0, matchers: [{ name: "a", type: "=", value: "b" }] }] } };
    expect(planLines(tree)).toEqual([{ depth: 0, text: "sum by (job)" }, { depth: 1, text: "rate()" }, { depth: 2, text: 'up{a="b"} over 300s' }]);
    expect(planLines(null)).toEqual([]);
  });
});

describe("series over a window", () => {
  it("are those with a sample in it; what is no window is now", () => {
    expect(seriesIn('{job="a"}', "24h")).toBe('last_over_time({job="a"}[24h])');
    expect(seriesIn("", "")).toBe('{__name__!=""}');
    expect(seriesIn("up", "1h]) or vector(")).toBe("up");
    expect([windowMs("6h"), windowMs("")]).toEqual([21_600_000, 300_000]);
  });

  it("are narrowed where a name stands in front", () => {
    expect(narrowed("up", "job", "a")).toBe('{__name__="up", job="a"}');
    expect(narrowed('up{x="1"}', "__name__", "down")).toBe('{x="1", __name__="down"}');
  });

  it("are grouped by labels of any name", () => {
    expect([labelName("job"), labelName("a.b")]).toEqual(["job", '"a.b"']);
  });
});
