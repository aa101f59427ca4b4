import { describe, expect, it } from "vitest";
import { hasParser, highlightOf, movedNs, parses, sampleQuery, streamMatchers, valuesQuery, volumeQuery, withFilter, withText } from "../../../src/views/explore/log_query.ts";
import { volumeOf, volumeStep } from "../../../src/views/explore/log_volume.ts";

describe("a log query that Explore changes", () => {
  it("gets a matcher for a label of the stream, a stage for others, with the parser that makes them", () => {
    const expr = '{job="a"} |= "x"';
    expect(withFilter(expr, { name: "pod", op: "=", value: 'p"1' }, { stream: true })).toBe('{job="a",pod="p\\"1"} |= "x"');
    expect(withFilter(expr, { name: "status", op: "!=", value: "500" }, { stream: false, parser: "json" })).toBe('{job="a"} |= "x" | json | status!="500"');
    expect(withFilter(`${expr} | json`, { name: "status", op: "=", value: "1" }, { stream: false, parser: "json" })).toBe('{job="a"} |= "x" | json | status="1"');
    expect(withFilter(expr, { name: "detected_level", op: "=", value: "error" }, { stream: false, parser: null })).toBe('{job="a"} |= "x" | detected_level="error"');
    expect(withText("{a=\"b\"} ", 'say "hi"', "!=")).toBe('{a="b"} != "say \\"hi\\""');
  });

  it("knows its parsers, also where a text looks like one", () => {
    expect(hasParser('{a="b"} |= "| json"', "json")).toBe(false);
    expect(parses('{a="b"} | logfmt --strict')).toBe(true);
    expect(parses('{a="b"} | line_format "{{.json}}"')).toBe(false);
  });

  it("is counted over time and by value", () => {
    expect(volumeQuery('{a="b"}', "5s")).toBe('sum by (detected_level) (count_over_time({a="b"}[5s]))');
    expect(volumeQuery('{a="b"} # why', "5s")).toContain("# why\n[5s]");
    expect(valuesQuery('{a="b"}', "path", "logfmt", "1h", 10)).toBe('topk(10, sum by (path) (count_over_time({a="b"} | logfmt | path!="" | drop __error__, __error_details__ [1h])))');
    expect(volumeQuery('{a="b"} | json # why', "5s")).toBe('sum by (detected_level) (count_over_time({a="b"} | json # why\n | drop __error__, __error_details__[5s]))');
  });

  it("leads to the stream of a line", () => {
    expect(streamMatchers({ job: 'a"', detected_level: "info", status: "1" }, ["job", "detected_level"])).toEqual([{ name: "job", text: 'job="a\\""' }]);
    expect(movedNs("1795872014155148010", -1500)).toBe("1795872012655148010");
  });
});

describe("lines over time", () => {
  it("stand at the beginning of their step, by level, with 0 where there are none", () => {
    const span = { from: 100_000, to: 130_000 };
    const data = { resultType: "matrix" as const, result: [
      { metric: { detected_level: "info" }, values: [[110, "3"], [130, "1"]] as [number, string][] },
      { metric: { detected_level: "warn" }, values: [[120, "2"]] as [number, string][] },
      { metric: {}, values: [[120, "5"]] as [number, string][] },
    ] };
    const { frames, total, levels } = volumeOf(data, span, 10_000);
    expect(total).toBe(11);
    expect(frames.map((frame) => [frame.refId, frame.fields[1]!.values])).toEqual([["unknown", [0, 5, 0, 0]], ["info", [3, 0, 1, 0]], ["warning", [0, 2, 0, 0]]]);
    expect(levels).toEqual([{ level: "warning", count: 2 }, { level: "info", count: 4 }, { level: "unknown", count: 5 }]);
  });

  it("have steps of whole seconds", () => {
    expect(volumeStep({ from: 0, to: 1000 })).toBe(1000);
    expect(volumeStep({ from: 0, to: 3_600_000 })).toBe(60_000);
  });
});

describe("what goes with a query", () => {
  it("marks what its line filters look for", () => {
    const marks = (expr: string, line: string) => [...line.matchAll(highlightOf(expr) ?? /(?!)/g)].map(([found]) => found);
    expect(marks('{a="b"} |= "user" |~ `(?i)log+ed` != "x"', "User x LOGGED in")).toEqual(["User", "LOGGED"]);
    expect(marks('{a="b"} |= "a.b" or "c\\"d" | json', 'axb a.b c"d')).toEqual(["a.b", 'c"d']);
    expect(highlightOf('{a="b"} != "x" | json | line_format "{{.a}}"')).toBeNull();
    // What matches everywhere, or can't be read here, marks nothing.
    expect(highlightOf('{a="b"} |~ ".*"')).toBeNull();
    expect(highlightOf('{a="b"} |~ "(?P<x>a"')).toBeNull();
    expect(highlightOf('{a="b"} |~ "(a+)+b"')).toBeNull();
  });

  it("finds the lines behind numbers", () => {
    expect(sampleQuery('sum by (x) (rate({a="b[1]"} |= "x{" | json [5m]))')).toBe('{a="b[1]"} |= "x{" | json');
    expect(sampleQuery('quantile_over_time(0.9, {a="b"} | logfmt | unwrap duration(took) | __error__="" [1m]) by (x)')).toBe('{a="b"} | logfmt');
    expect(sampleQuery('rate({a="b"}[5m] |= "x")')).toBe('{a="b"} |= "x"');
    expect(sampleQuery("vector(1)")).toBe("");
    expect(sampleQuery('{a="b"')).toBe("");
  });
});
