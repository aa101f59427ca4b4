import { expect, test } from "vitest";
import { frame } from "../../src/core/frame/frame.ts";
import { commonLabels, dedupRows, detectedFields, levelOf, logRows, prettyLine } from "../../src/panels/logs/log_rows.ts";

const lines = (entries: [ns: string, line: string, labels?: Record<string, string>][]) =>
  frame([
    { name: "labels", type: "other", values: entries.map(([, , labels]) => labels ?? { app: "api" }), config: {} },
    { name: "Time", type: "time", values: entries.map(([ns]) => Number(ns.slice(0, -6))), config: {} },
    { name: "Line", type: "string", values: entries.map(([, line]) => line), config: {} },
    { name: "tsNs", type: "string", values: entries.map(([ns]) => ns), config: {} },
    { name: "id", type: "string", values: entries.map((_, index) => `id${index}`), config: {} },
  ], { meta: { kind: "logs" } });

test("lines are in order of their nanoseconds, either way, without colour codes", () => {
  const frames = [lines([["1700000000000000002", "b"], ["1700000000000000001", "\u001b[31ma\u001b[0m"]]), lines([["1700000000000000003", "c"]])];
  expect(logRows(frames, true).map((row) => row.line)).toEqual(["c", "b", "a"]);
  expect(logRows(frames, false).map((row) => row.line)).toEqual(["a", "b", "c"]);
});

test("a line that comes twice is two rows, and a time that is none no fault", () => {
  const twice = logRows([lines([["1700000000000000001", "a"]]), lines([["1700000000000000001", "a"]])], true);
  expect(new Set(twice.map((row) => row.id)).size).toBe(2);
  const odd = logRows([frame([{ name: "Time", type: "time", values: [NaN, 1e300], config: {} }, { name: "Line", type: "string", values: ["a", "b"], config: {} }])], true);
  expect(odd.map((row) => new Date(row.ms).toISOString())).toHaveLength(2);
});

test("levels: of labels first, then of the line", () => {
  expect(levelOf("level=info x", { level: "error" })).toBe("error");
  expect(levelOf("ts=1 level=warn msg=x", {})).toBe("warning");
  expect(levelOf('{"severity":"DEBUG"}', {})).toBe("debug");
  expect(levelOf("2026-01-01 FATAL: gone", {})).toBe("critical");
  expect(levelOf("E1128 12:00:00.1 1 x.go:1] bad", {})).toBe("error");
  expect(levelOf("nothing to see", { level: "constructor" })).toBe("unknown");
});

test("duplicates are counted", () => {
  const rows = logRows([lines([["1700000000000000001", "took 5 ms"], ["1700000000000000002", "took 6 ms"], ["1700000000000000003", "took 6 ms"], ["1700000000000000004", "other: x"]])], false);
  expect(dedupRows(rows, "none")).toHaveLength(4);
  expect(dedupRows(rows, "exact").map((row) => row.repeats)).toEqual([0, 1, 0]);
  expect(dedupRows(rows, "numbers").map((row) => row.repeats)).toEqual([2, 0]);
});

test("labels that all have are common", () => {
  const rows = logRows([lines([["1700000000000000001", "a", { app: "api", pod: "1" }], ["1700000000000000002", "b", { app: "api", pod: "2" }]])], false);
  expect(commonLabels(rows)).toEqual({ app: "api" });
  expect(commonLabels([])).toEqual({});
});

test("fields of JSON and logfmt are found, those that are labels already are not", () => {
  expect(detectedFields('x {"a":{"b":1},"c":"d","app":"api"}', { app: "api" })).toEqual([["a_b", "1"], ["c", "d"]]);
  expect(detectedFields('level=info msg="a \\"b\\"" n=1', {})).toEqual([["level", "info"], ["msg", 'a "b"'], ["n", "1"]]);
  expect(detectedFields('{"broken": ', {})).toEqual([]);
  expect(prettyLine('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(prettyLine("plain")).toBe("plain");
});
