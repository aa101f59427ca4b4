import { describe, expect, test } from "vitest";
import type { Variable } from "../../../src/core/model/dashboard.ts";
import { formatFilter, parseFilter } from "../../../src/core/variables/filters.ts";
import { affectedBy, dependencies, refreshPlan, variableOrder } from "../../../src/core/variables/graph.ts";
import { customOptions, intervalOptions, localOptions, optionRegex, queryOptions, sortOptions } from "../../../src/core/variables/options.ts";
import { ALL, choose, chosenOptions, initialState, isAll, scopeValue, urlValues, withOptions } from "../../../src/core/variables/state.ts";

const variable = (more: Partial<Variable>): Variable => ({ name: "v", type: "query", ...more }) as Variable;
const options = (...values: string[]) => values.map((value) => ({ text: value, value }));

describe("the choice", () => {
  test("is the URL's, else the stored one, else the first option", () => {
    const own = variable({ current: { text: "b", value: "b" } });
    expect(withOptions(initialState(own, ["c"]), options("a", "b", "c")).values).toEqual(["c"]);
    expect(withOptions(initialState(own), options("a", "b", "c")).values).toEqual(["b"]);
    expect(withOptions(initialState(own), options("a", "c")).values).toEqual(["a"]);
    expect(withOptions(initialState(variable({})), options("a", "c")).values).toEqual(["a"]);
    expect(withOptions(initialState({ ...own, skipUrlSync: true }, ["c"]), options("a", "b", "c")).values).toEqual(["b"]);
  });

  test("stays while options come and go, and later ones do not bring a default back", () => {
    let state = withOptions(initialState(variable({})), options("a"));
    state = withOptions(state, options("b", "a"));
    expect(state.values).toEqual(["b"]); // Nobody chose "a".
    state = choose(state, ["a"]);
    expect(withOptions(state, options("b", "a")).values).toEqual(["a"]);
  });

  test("without options is empty, none, or all", () => {
    expect(withOptions(initialState(variable({})), []).values).toEqual([""]);
    expect(scopeValue(withOptions(initialState(variable({})), [])).value).toBe("");
    expect(withOptions(initialState(variable({ multi: true })), []).values).toEqual([]);
    expect(withOptions(initialState(variable({ includeAll: true })), []).values).toEqual([ALL]);
    expect(withOptions(initialState(variable({ current: { text: "", value: "" } })), options("a")).values).toEqual(["a"]);
  });

  test("of many: what is still there stays, an empty parameter is none", () => {
    const own = variable({ multi: true, includeAll: true });
    expect(withOptions(initialState(own, ["a", "x", "b"]), options("a", "b", "c")).values).toEqual(["a", "b"]);
    expect(withOptions(initialState(own, ["x"]), options("a")).values).toEqual([ALL]);
    expect(withOptions(initialState(variable({ multi: true }), ["x"]), options("a")).values).toEqual(["a"]);
    expect(withOptions(initialState(own, [""]), options("a")).values).toEqual([]);
    expect(isAll(withOptions(initialState(own, ["All"]), options("a")))).toBe(true);
    expect(isAll(withOptions(initialState(own, ["$__all"]), options("a")))).toBe(true);
    expect(withOptions(initialState(variable({ multi: true }), ["$__all"]), options("a")).values).toEqual(["a"]);
  });

  test("old boards store texts", () => {
    const own = variable({ includeAll: true, current: { text: "All", value: "All" } });
    expect(isAll(withOptions(initialState(own), options("a")))).toBe(true);
    expect(withOptions(initialState(variable({ current: { text: "B", value: "B" } })), [{ text: "A", value: "1" }, { text: "B", value: "2" }]).values).toEqual(["2"]);
  });

  test("of a person", () => {
    const state = withOptions(initialState(variable({ multi: true, includeAll: true })), options("a", "b"));
    expect(choose(state, [ALL, "a"]).values).toEqual(["a"]);
    expect(choose(state, ["a", ALL]).values).toEqual([ALL]);
    expect(choose(state, []).values).toEqual([]);
    expect(choose(state, ["All"]).values).toEqual([ALL]);
    expect(choose(withOptions(initialState(variable({})), options("a", "b")), ["a", "b"]).values).toEqual(["b"]);
    expect(chosenOptions(choose(state, ["b"]))).toEqual(options("b"));
    expect(chosenOptions(state)).toEqual(options("a", "b"));
  });

  test("in the URL", () => {
    expect(urlValues(choose(initialState(variable({ multi: true })), []))).toEqual([""]);
    expect(urlValues(withOptions(initialState(variable({ multi: true })), []))).toBeNull();
    expect(urlValues(choose(initialState(variable({ multi: true })), ["a", "b"]))).toEqual(["a", "b"]);
    expect(urlValues(initialState(variable({ skipUrlSync: true })))).toBeNull();
    expect(urlValues(initialState(variable({ type: "constant", query: "x" })))).toBeNull();
    const filtered = variable({ type: "adhoc", filters: [{ key: "a", operator: "=", value: "b" }] });
    expect(urlValues(initialState(filtered))).toEqual(["a|=|b"]);
    expect(urlValues(initialState(filtered, [""]))).toEqual([""]);
    expect(urlValues(initialState(variable({ type: "adhoc" })))).toEqual([]);
  });

  test("of variables that ask nobody", () => {
    expect(initialState(variable({ type: "textbox", query: "abc" })).values).toEqual(["abc"]);
    expect(initialState(variable({ type: "textbox", query: "abc", current: { text: "", value: "" } })).values).toEqual([""]);
    expect(initialState(variable({ type: "textbox", query: "abc" }), ["x|y"]).values).toEqual(["x|y"]);
    expect(initialState(variable({ type: "constant", query: "c" }), ["x"]).values).toEqual(["c"]);
    expect(initialState(variable({ type: "custom", query: "1,2,3", current: { text: "9", value: "9" } })).values).toEqual(["1"]);
    expect(initialState(variable({ type: "custom", query: "1,2,3" }), ["2"]).values).toEqual(["2"]);
    expect(initialState(variable({ type: "switch" })).values).toEqual(["true"]);
    expect(initialState(variable({ type: "adhoc", filters: [{ key: "a", operator: "=", value: "b" }] })).filters).toEqual([{ key: "a", operator: "=", value: "b" }]);
    expect(initialState(variable({ type: "adhoc" }), ["job|=~|a.*", "junk", ""]).filters).toEqual([{ key: "job", operator: "=~", value: "a.*" }]);
  });

  test("of all is allValue as it is, else every option", () => {
    const all = withOptions(initialState(variable({ includeAll: true, allValue: ".+" })), options("a", "b"));
    expect(scopeValue(all)).toMatchObject({ value: ".+", raw: true, url: [ALL] });
    expect(scopeValue({ ...all, variable: { ...all.variable, allValue: null } })).toMatchObject({ value: ["a", "b"], many: true });
  });
});

describe("options", () => {
  test("of regexes", () => {
    const values = (raw: string[], regex: string) => queryOptions(raw, { regex }).map(({ text, value }) => (text === value ? value : `${text}=${value}`));
    expect(values(['up{id="a"} 1 2', 'up{id="b"} 1 2'], '/"([^"]+)"/')).toEqual(["a", "b"]);
    expect(values(["host:9100", "host:9200", "other"], "/([^:]+):.*/")).toEqual(["host"]);
    expect(values(['x{namespace="a"}', 'x{namespace="b"}'], '/namespace="(?<text>[^"]+)/g')).toEqual(["a", "b"]);
    expect(values(["1=one,2=two"], "/(?<value>\\d)=(?<text>\\w+)/g")).toEqual(["one=1", "two=2"]);
    expect(values(["1=one"], "/(?<value>\\d)=(?<text>\\w+)/")).toEqual(["one=1"]);
    expect(values(["x-vlogs", "elastic-1", "other"], ".*vlogs|elastic.*")).toEqual(["x-vlogs", "elastic-1"]);
    expect(values(["abc", "b"], "b")).toEqual(["b"]);
    expect(values(["aXbX"], "/x/gi")).toEqual(["aXbX"]);
    expect(values(["b", "a", "b"], "")).toEqual(["b", "a"]);
    expect(() => optionRegex("/(/")).toThrow(SyntaxError);
  });

  test("in order", () => {
    const sorted = (sort: number, ...values: string[]) => sortOptions(options(...values), sort).map(({ value }) => value);
    expect(sorted(0, "b", "a")).toEqual(["b", "a"]);
    expect(sorted(1, "b", "a", "C")).toEqual(["C", "a", "b"]);
    expect(sorted(2, "b", "a", "C")).toEqual(["b", "a", "C"]);
    expect(sorted(3, "n10", "n9", "x")).toEqual(["x", "n9", "n10"]);
    expect(sorted(3, "node-10", "node-9")).toEqual(["node-9", "node-10"]);
    expect(sorted(4, "n10", "n9", "x")).toEqual(["n10", "n9", "x"]);
    expect(sorted(5, "b", "a", "C")).toEqual(["a", "b", "C"]);
    expect(sorted(6, "b", "a", "C")).toEqual(["C", "b", "a"]);
    expect(sorted(7, "n10", "n9")).toEqual(["n9", "n10"]);
    expect(sorted(8, "n9", "n10")).toEqual(["n10", "n9"]);
  });

  test("of texts", () => {
    expect(customOptions("1s, 15s , a\\,b, One : 1, One more : 1,,")).toEqual([
      { text: "1s", value: "1s" }, { text: "15s", value: "15s" }, { text: "a,b", value: "a,b" }, { text: "One", value: "1" },
    ]);
    expect(customOptions('[{"text":"A","value":"1"},"b",3,null,{}]', "json")).toEqual([{ text: "A", value: "1" }, { text: "b", value: "b" }, { text: "3", value: "3" }]);
    expect(customOptions("a : b : 1, x:y")).toEqual([{ text: "a : b", value: "1" }, { text: "x:y", value: "x:y" }]);
    expect(customOptions("{", "json")).toEqual([]);
    expect(intervalOptions(variable({ type: "interval", query: '30s,"1m",5m', auto: true }))[0]).toEqual({ text: "auto", value: "$__auto_interval_v" });
    expect(localOptions(variable({}))).toBeNull();
  });

  test("100,000 are cut and sorted in a moment", () => {
    const raw = Array.from({ length: 100_000 }, (_, i) => `pod-${(i * 7919) % 100_000}:9100`);
    const start = performance.now();
    expect(queryOptions(raw, { regex: "/([^:]+):.*/", sort: 1 }).length).toBe(100_000);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});

describe("order", () => {
  const list = [
    variable({ name: "pod", query: 'label_values(x{ns="$ns",cluster="${cluster}"}, pod)', refresh: 2 }),
    variable({ name: "ns", query: { query: 'label_values(x{cluster="[[cluster]]"}, ns)' }, datasource: { uid: "$ds" }, refresh: 1 }),
    variable({ name: "cluster", query: "label_values(cluster)", datasource: { uid: "${ds}" }, refresh: 1 }),
    variable({ name: "ds", type: "datasource", query: "prometheus" }),
    variable({ name: "free", type: "textbox", query: "x" }),
  ];

  test("what is needed comes first", () => {
    expect(variableOrder(list)).toEqual({ levels: [["ds", "free"], ["cluster"], ["ns"], ["pod"]], cycles: [] });
    expect([...dependencies(list[0]!)]).toEqual(["ns", "cluster"]);
  });

  test("what is asked again, and when", () => {
    expect(refreshPlan(list, { kind: "load" })).toEqual([["ds"], ["cluster"], ["ns"], ["pod"]]);
    expect(refreshPlan(list, { kind: "time" })).toEqual([["pod"]]);
    expect(refreshPlan(list, { kind: "changed", names: ["cluster"] })).toEqual([["ns"], ["pod"]]);
    expect(refreshPlan(list, { kind: "changed", names: ["pod"] })).toEqual([]);
    expect([...affectedBy(list, ["ds"])].sort()).toEqual(["cluster", "ds", "ns", "pod"]);
  });

  test("circles are found, and everything still has its turn", () => {
    const round = [
      variable({ name: "a", query: "$b" }), variable({ name: "b", query: "$c" }), variable({ name: "c", query: "$a $z" }), variable({ name: "self", query: "$self" }),
      variable({ name: "z", query: "q" }), variable({ name: "after", query: "$a" }),
    ];
    const { levels, cycles } = variableOrder(round);
    expect(cycles.map((names) => names.toSorted())).toEqual([["a", "b", "c"], ["self"]]);
    expect(levels.flat().toSorted()).toEqual(["a", "after", "b", "c", "self", "z"]);
    expect(levels.findIndex((names) => names.includes("after"))).toBeGreaterThan(levels.findIndex((names) => names.includes("a")));
    expect(refreshPlan(round, { kind: "changed", names: ["a"] }).flat().toSorted()).toEqual(["after", "b", "c"]);
  });

  test("a long chain needs no stack", () => {
    const chain = Array.from({ length: 3000 }, (_, i) => variable({ name: `v${i}`, query: i ? `$v${i - 1}` : "q" }));
    expect(variableOrder(chain.toReversed()).levels.length).toBe(3000);
  });
});

test("filters in URLs", () => {
  for (const filter of [
    { key: "job", operator: "=", value: "a|b, #c" }, { key: "a,b", operator: "!~", value: "" }, { key: "x", operator: "=|", value: "a", values: ["a", "b|c"] },
  ]) expect(parseFilter(formatFilter(filter))).toEqual(filter);
  expect(formatFilter({ key: "a", operator: "=", value: "x|y" })).toBe("a|=|x__gfp__y");
  expect(parseFilter("job|=|api#dashboard")).toEqual({ key: "job", operator: "=", value: "api" });
  expect(parseFilter("job,Job|=|api,API")).toEqual({ key: "job", operator: "=", value: "api" });
  expect(parseFilter("job|like|x")).toBeNull();
  expect(parseFilter("")).toBeNull();
});
