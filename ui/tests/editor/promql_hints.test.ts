import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { hintsOf } from "../../src/editor/promql_hints.ts";

const TYPES: Record<string, string> = { up: "gauge", node_load1: "gauge", http_requests_total: "counter", http_seconds_bucket: "histogram", http_seconds_count: "histogram", native_seconds: "histogram" };
const known = { names: new Set(Object.keys(TYPES)), typeOf: (name: string) => TYPES[name] ?? "" };
const hints = (text: string, names: Set<string> | null = known.names) => hintsOf(parser.parse(text), text, { ...known, names });
/** The query with its first fix. */
const fixed = (text: string) => {
  const fix = hints(text)[0]?.fix;
  return fix ? text.slice(0, fix.from) + fix.insert + text.slice(fix.to) : null;
};

describe("hints for a query", () => {
  it("name a metric that is not there, with the one that is meant", () => {
    expect(hints("sum(node_lod1) + up").map(({ message, from, to }) => [message, from, to])).toEqual([["No series of the last hours is called node_lod1. Is node_load1 meant?", 4, 13]]);
    expect(fixed("sum(node_lod1)")).toBe("sum(node_load1)");
    expect(hints("something_else")[0]).toMatchObject({ severity: "warning", message: "No series of the last hours is called something_else." });
    // What is not known in full is not judged.
    expect(hints("something_else", null)).toEqual([]);
    expect(hints("{job=\"x\"}")).toEqual([]);
  });

  it("lead from a counter to its rate", () => {
    expect(fixed('http_requests_total{code="500"}')).toBe('rate(http_requests_total{code="500"}[$__rate_interval])');
    expect(fixed("sum by (job) (http_requests_total)")).toBe("sum by (job) (rate(http_requests_total[$__rate_interval]))");
    for (const text of ["rate(http_requests_total[5m])", "count(http_requests_total)", "absent(http_requests_total)", "http_requests_total > 5", "changes(http_requests_total[1h])"]) expect(hints(text), text).toEqual([]);
  });

  it("lead from buckets to a quantile", () => {
    expect(fixed("http_seconds_bucket")).toBe("histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket[$__rate_interval])))");
    expect(fixed("native_seconds")).toBe("histogram_quantile(0.95, sum(rate(native_seconds[$__rate_interval])))");
    expect(hints("histogram_quantile(0.9, http_seconds_bucket)")).toEqual([]);
  });

  it("warn of the rate of a gauge", () => {
    expect(hints("rate(node_load1[5m])")[0]?.message).toContain("deriv()");
    expect(hints("deriv(node_load1[5m])")).toEqual([]);
  });
});
