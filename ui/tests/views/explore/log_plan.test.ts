import { expect, test } from "vitest";

import { logPlanLines } from "../../../src/views/explore/log_plan.ts";

const SELECTOR = {
  type: "logSelector", matchers: [{ name: "app", value: "x", type: "=" }], needles: [], words: [], metadata: null, stages: [], leftOut: [],
};
const RANGE = {
  type: "rangeAggregation", op: "rate", param: null, grouping: [], without: false, range: 60_000, offset: 0, unwrap: null, keeps: { without: [] }, fold: "sum",
  headers: false, keepsErrors: false,
};

function outline(tree: unknown): string[] {
  return logPlanLines(tree).map(({ depth, text, note }) => `${"  ".repeat(depth)}${text}${note ? ` — ${note}` : ""}`);
}

test("a query for lines: the selector, its stages in order, and what is left out", () => {
  const tree = {
    ...SELECTOR, filters: true, words: ['" lost "'],
    stages: [
      { type: "LineFilter", text: '|= " lost " or ip("10.0.0.1")', ways: ["search", "addresses"], packed: true, first: true },
      { type: "LineFormat", text: '| line_format "{{.a}}"', first: false },
      { type: "LineFilter", text: '|= "b" or ""', ways: ["search", "none"], packed: false, first: false },
      { type: "Json", text: "| json", makes: null, first: false },
      { type: "Logfmt", text: "| logfmt", makes: ["a", "b"], first: false },
      { type: "Regexp", text: '| regexp "(?P<c>.)"', makes: [], first: false },
    ],
    leftOut: ["| decolorize"],
  };
  expect(outline(tree)).toEqual([
    '{app="x"} — picks the streams; closed blocks without the words of " lost " are not read; all structured metadata',
    '  |= " lost " or ip("10.0.0.1") — searched in packed blocks; addresses are read line by line',
    '  | line_format "{{.a}}"',
    '  |= "b" or "" — searched in the lines that were made; in every line',
    "  | json — makes all labels",
    "  | logfmt — makes a, b",
    '  | regexp "(?P<c>.)" — makes nothing that is looked at',
    "  | decolorize — left out: nobody looks at what it makes",
  ]);
  expect(outline({ ...SELECTOR, filters: false, metadata: [] })).toEqual([
    '{app="x"} — picks the streams; no more of a block is read than the lines that are wanted',
  ]);
});

test("a sum that is pushed into its range", () => {
  const tree = {
    type: "aggregation", op: "sum", param: null, grouping: ["app"], without: false, pushed: true,
    expr: { ...RANGE, headers: true, offset: 5000, keeps: { by: ["app"] }, expr: { ...SELECTOR, metadata: ["app"] } },
  };
  expect(outline(tree)).toEqual([
    "sum by (app) — grouped while samples are taken",
    "  rate() — a series for each app; a whole block between two steps can be counted unread; a line with an error fails the query",
    '    {app="x"} over 60s, offset 5s — picks the streams; of structured metadata app',
  ]);
});

test("unwrap, a quantile, its own grouping and errors", () => {
  const tree = {
    ...RANGE, op: "quantile_over_time", param: { type: "numberLiteral", val: "0.9" }, grouping: ["path"], without: true, fold: "none", keepsErrors: true,
    keeps: { without: ["path", "took"] }, unwrap: { label: "took", conversion: "duration", filters: ['| __error__=""'] }, expr: { ...SELECTOR, metadata: [] },
  };
  expect(outline(tree)).toEqual([
    "quantile_over_time() without (path) — a series for all labels but path, took; every sample is kept; lines with an error count",
    '  {app="x"} over 60s — picks the streams',
    "    | unwrap duration(took)",
    '    | __error__=""',
    "  0.9",
  ]);
});

test("operators, topk, label_replace and vectors", () => {
  const rate = { ...RANGE, keeps: { by: [] }, expr: { ...SELECTOR, metadata: [] } };
  const tree = {
    type: "binaryExpr", op: "/", bool: false, matching: { card: "many-to-one", labels: ["app"], on: true, include: [] },
    lhs: { type: "aggregation", op: "topk", param: { type: "numberLiteral", val: "3" }, grouping: [], without: false, pushed: false, expr: rate },
    rhs: { type: "labelReplace", dst: "a", replacement: "$1", src: "b", regex: "(.*)", expr: { type: "vector", val: "2" } },
  };
  expect(outline(tree)).toEqual([
    "/ on (app) many-to-one",
    "  topk",
    "    rate() — one series; a line with an error fails the query",
    '      {app="x"} over 60s — picks the streams',
    "    3",
    '  label_replace("a", "$1", "b", "(.*)")',
    "    vector(2)",
  ]);
});

test("what is no tree has no lines", () => {
  expect(logPlanLines(null)).toEqual([]);
});
