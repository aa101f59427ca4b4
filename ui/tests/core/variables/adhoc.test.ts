import { describe, expect, test } from "vitest";
import { addFilters } from "../../../src/core/variables/adhoc.ts";

const filters = [{ key: "env", operator: "=", value: "p" }];
const F = 'env="p"';

describe("PromQL", () => {
  test.each([
    ["up", `up{${F}}`],
    ["up{}", `up{${F}}`],
    ['up{a="b"}', `up{a="b",${F}}`],
    ['up{a="b", }', `up{a="b",${F} }`],
    ['{a="b"}', `{a="b",${F}}`],
    ['{"my.metric", a="}"}', `{"my.metric", a="}",${F}}`],
    ["rate(up[5m])", `rate(up{${F}}[5m])`],
    ["rate(up[$__rate_interval])", `rate(up{${F}}[$__rate_interval])`],
    ["up[1h:5m] offset 5m", `up{${F}}[1h:5m] offset 5m`],
    ["up @ end() + up @ 1609746000", `up{${F}} @ end() + up{${F}} @ 1609746000`],
    ["sum by (a, b) (rate(x[5m])) / on(a) group_left(c) y", `sum by (a, b) (rate(x{${F}}[5m])) / on(a) group_left(c) y{${F}}`],
    ["sum(x) by (a)", `sum(x{${F}}) by (a)`],
    ["SUM BY (a) (x)", `SUM BY (a) (x{${F}})`],
    ["a and b or c unless d > bool 5", `a{${F}} and b{${F}} or c{${F}} unless d{${F}} > bool 5`],
    ["topk($n, x)", `topk($n, x{${F}})`],
    ["${metric}{a=\"b\"} + [[m]]{a='c'}", `\${metric}{a="b",${F}} + [[m]]{a='c',${F}}`],
    ['label_replace(x, "a", "$1", "b", "{c}")', `label_replace(x{${F}}, "a", "$1", "b", "{c}")`],
    ["job:rate5m:sum # up{}\n + 1e3 + Inf - 0x1F", `job:rate5m:sum{${F}} # up{}\n + 1e3 + Inf - 0x1F`],
    ['count_values("v", x)', `count_values("v", x{${F}})`],
    ["vector(1) + time()", "vector(1) + time()"],
    ['{a="b" or c="d"}', `{a="b",${F} or c="d",${F}}`],
    ["x default 0 if y", `x{${F}} default 0 if y{${F}}`],
    ['WITH (f(m) = rate(m[5m]), cf = {a="b"}) f(x{cf})', `WITH (f(m) = rate(m[5m]), cf = {a="b",${F}}) f(x{cf,${F}})`],
    ["up{a=\"unclosed", "up{a=\"unclosed"],
    ["by", "by"],
    ["", ""],
  ])("%s", (expr, expected) => expect(addFilters(expr, filters, "promql")).toBe(expected));

  test("operators, and values that would end a string", () => {
    const add = (operator: string, value: string, values?: string[], key = "k") => addFilters("x", [{ key, operator, value, ...(values ? { values } : {}) }], "promql");
    expect(add("!=", 'a"b\\c\n')).toBe('x{k!="a\\"b\\\\c\\n"}');
    expect(add("=~", "a.*")).toBe('x{k=~"a.*"}');
    expect(add("=|", "a", ["a", "b.c"])).toBe('x{k=~"a|b\\\\.c"}');
    expect(add("!=|", "a", ["a", "b"])).toBe('x{k!~"a|b"}');
    expect(add("<", "5")).toBe("x");
    expect(add("=", "v", undefined, "my.label")).toBe('x{"my.label"="v"}');
    expect(add("=", "v", undefined, "")).toBe("x");
  });

  test("several", () => {
    expect(addFilters("a{}", [...filters, { key: "x", operator: "!~", value: "y" }], "promql")).toBe(`a{${F},x!~"y"}`);
    expect(addFilters("a", [], "promql")).toBe("a");
  });

  test("long queries take no longer than they are long", () => {
    const start = performance.now();
    addFilters(Array.from({ length: 20_000 }, (_, i) => `m${i}{a="b"}`).join(" + "), filters, "promql");
    addFilters("(".repeat(20_000) + "[".repeat(20_000), filters, "promql");
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

test.each([
  ['{job="a"} |= "x {y}" | json', `{job="a",${F}} |= "x {y}" | json`],
  ['sum by (l) (rate({job="a"} |~ `{z}` [5m])) / count_over_time({}[1m])', `sum by (l) (rate({job="a",${F}} |~ \`{z}\` [5m])) / count_over_time({${F}}[1m])`],
  ['{job="a"} | line_format "{{.ts}} {{.user}}" # {c}', `{job="a",${F}} | line_format "{{.ts}} {{.user}}" # {c}`],
])("LogQL: %s", (expr, expected) => expect(addFilters(expr, filters, "logql")).toBe(expected));
