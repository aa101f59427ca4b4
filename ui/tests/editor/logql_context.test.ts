import { describe, expect, it } from "vitest";
import { lastSelector, logqlContext } from "../../src/editor/logql_context.ts";

describe("what may come in a LogQL query", () => {
  const cases: [string, object][] = [
    ["", { kind: "start" }],
    ["su", { kind: "start" }],
    ["sum(", { kind: "start" }],
    ["sum(rate({", { kind: "label", matchers: [] }],
    ["{jo", { kind: "label", matchers: [] }],
    ['{job="a", in', { kind: "label", matchers: ['job="a"'] }],
    ["{job=", { kind: "value", label: "job", matchers: [], quoted: false }],
    ['{job="a,b", x=~"c|d', { kind: "value", label: "x", matchers: ['job="a,b"'], quoted: true }],
    ['{job="a"} ', { kind: "filter" }],
    ['{job="a"} |', { kind: "stage" }],
    ['{job="a"} | js', { kind: "stage" }],
    ['{job="a"} | json ', { kind: "filter" }],
    ['{job="a"} |= "x" ', { kind: "filter" }],
    ['{job="a"} |= ', { kind: "none" }],
    ['{job="a"} |= "x', { kind: "none" }],
    ['{job="a"} | line_format "{{.', { kind: "labels" }],
    ['{job="a"} | line_format "{{.a}} {{.le', { kind: "labels" }],
    ['{job="a"} | line_format "{{.a}} ', { kind: "none" }],
    ['{job="a"} | json | level=', { kind: "field", label: "level", quoted: false }],
    ['{job="a"} | json | level="in', { kind: "field", label: "level", quoted: true }],
    ['{job="a"} | json | a="x" or b=~`', { kind: "field", label: "b", quoted: true }],
    ['{job="a"} | regexp "x', { kind: "none" }],
    ['{job="a"} != "x', { kind: "none" }],
    ['sum_over_time({job="a"} | json | unwrap ', { kind: "unwrap" }],
    ['sum_over_time({job="a"} | json | unwrap duration(', { kind: "unwrap" }],
    ['{job="a"} | json | drop le', { kind: "labels" }],
    ['{job="a"} | json | keep a, ', { kind: "labels" }],
    ['rate({job="a"}[', { kind: "duration" }],
    ['sum by (', { kind: "grouping", selector: "" }],
    ['sum(rate({job="a"}[1m])) by (le', { kind: "grouping", selector: '{job="a"}' }],
    ['{job="a"} # note', { kind: "none" }],
    ['sum(rate({job="a"}[1m])) / ', { kind: "start" }],
  ];
  for (const [text, wanted] of cases) it(`after ${text || "nothing"}`, () => expect(logqlContext(text)).toEqual(wanted));

  it("the last selector is found, templates are none", () => {
    expect(lastSelector('sum(rate({a="}"}[1m])) / rate({b=`x`} | line_format "{{.c}}" [')).toBe("{b=`x`}");
    expect(lastSelector("sum(")).toBe("");
  });
});
