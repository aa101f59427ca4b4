import { describe, expect, test } from "vitest";
import { datasourceOptions, defaultSource, resolveDatasource } from "../../../src/core/variables/datasource.ts";
import { optionsCall, parseVariableQuery, queryText } from "../../../src/core/variables/query_forms.ts";
import { EMPTY_SCOPE, extendScope } from "../../../src/core/variables/scope.ts";

const ends = { from: 1_700_000_000_500, to: 1_700_003_600_000 };
const prometheus = (query: string) => optionsCall(parseVariableQuery(query), "prometheus", ends);
const loki = (query: string) => optionsCall(parseVariableQuery(query), "loki", ends);

describe("forms", () => {
  test.each([
    ["label_values(job)", { kind: "label_values", label: "job", selector: "" }],
    ['label_values(up{a="x,y)", b=~"(c|d)"}, job)', { kind: "label_values", label: "job", selector: 'up{a="x,y)", b=~"(c|d)"}' }],
    [' label_values({a="b"},\n instance) ', { kind: "label_values", label: "instance", selector: '{a="b"}' }],
    ["label_values(sum by (a, b) (x), a)", { kind: "label_values", label: "a", selector: "sum by (a, b) (x)" }],
    ["label_names()", { kind: "label_names", selector: "" }],
    ['label_names({a="b"})', { kind: "label_names", selector: '{a="b"}' }],
    ["metrics(node_.*)", { kind: "metrics", pattern: "node_.*" }],
    ["query_result(topk(5, x))", { kind: "query_result", expr: "topk(5, x)" }],
    ['up{a="b"}', { kind: "series", selector: 'up{a="b"}' }],
    ["", { kind: "none" }],
  ])("%s", (query, form) => expect(parseVariableQuery(query)).toEqual(form));

  test("what is wrong is said", () => {
    expect(() => parseVariableQuery("label_values(up, )")).toThrow(/label's name/);
    expect(() => parseVariableQuery("label_values(up{a}")).not.toThrow();
    expect(() => parseVariableQuery("label_values(up{a=1})")).toThrow(SyntaxError);
  });

  test("stored as objects", () => {
    expect(queryText({ qryType: 1, query: "label_values(up,job)", refId: "x" })).toBe("label_values(up,job)");
    expect(queryText({ type: 1, label: "job", stream: '{a="b"}', refId: "x" })).toBe('label_values({a="b"}, job)');
    expect(queryText({ type: 1, label: "job", stream: "" })).toBe("label_values(job)");
    expect(queryText({ type: 0 })).toBe("label_names()");
    expect([queryText(null), queryText(5), queryText({}), queryText({ query: 5 })]).toEqual(["", "", "", ""]);
  });
});

describe("calls", () => {
  const times = [["start", "1700000000"], ["end", "1700003600"]];
  const nanos = [["start", "1700000000500000000"], ["end", "1700003600000000000"]];

  test("of Prometheus", () => {
    expect(prometheus("label_values(up, job)")).toMatchObject({ path: "api/v1/label/job/values", params: [["match[]", "up"], ...times] });
    expect(prometheus("label_values(job)")).toMatchObject({ path: "api/v1/label/job/values", params: times });
    expect(prometheus("label_names()")?.read({ data: ["a", 5, "b"] })).toEqual(["a", "b"]);
    expect(prometheus("metrics(^node)")?.read({ data: ["node_a", "up"] })).toEqual(["node_a"]);
    expect(prometheus('x{a="b"}')?.read({ data: [{ __name__: "x", a: "b", c: 'd"' }, null] })).toEqual(['x{a="b",c="d\\""}', ""]);
    expect(prometheus("query_result(x)")?.read({ data: { resultType: "vector", result: [{ metric: { __name__: "x", a: "b" }, value: [1700, "5"] }] } })).toEqual([
      'x{a="b"} 5 1700000',
    ]);
    expect(prometheus("query_result(scalar(x))")?.read({ data: { resultType: "scalar", result: [1700, "5"] } })).toEqual(["5"]);
    const expression = prometheus("label_values(topk(5, x), a)");
    expect(expression?.path).toBe("api/v1/query");
    expect(expression?.read({ data: { resultType: "vector", result: [{ metric: { a: "z" } }, { metric: { a: "b" } }, { metric: {} }, null] } })).toEqual(["b", "z"]);
    expect(prometheus("")).toBeNull();
    expect(optionsCall(parseVariableQuery("label_values(a)"), "prometheus", ends, 10)?.params.at(-1)).toEqual(["limit", "10"]);
    for (const broken of [null, 5, {}, { data: 5 }, { data: { result: 5 } }]) {
      for (const query of ["label_names()", "query_result(x)", "x", "label_values(topk(5, x), a)"]) expect(prometheus(query)?.read(broken)).toEqual([]);
    }
  });

  test("of Loki", () => {
    expect(loki("label_values(job)")).toMatchObject({ path: "loki/api/v1/label/job/values", params: nanos });
    expect(loki('label_values({a="b"}, job)')).toMatchObject({ params: [["query", '{a="b"}'], ...nanos] });
    expect(loki("label_names()")).toMatchObject({ path: "loki/api/v1/labels" });
    expect(loki("metrics(x)")).toBeNull();
  });
});

describe("datasources", () => {
  const sources = [
    { uid: "p2", name: "Other", type: "prometheus" }, { uid: "prometheus", name: "Prometheus", type: "prometheus", isDefault: true },
    { uid: "loki", name: "Loki", type: "loki" },
  ];
  const scope = extendScope(EMPTY_SCOPE, { ds: "p2", d: "default", list: { value: ["loki", "p2"] }, gone: "zzz" });
  const uid = (ref: Parameters<typeof resolveDatasource>[0], type?: string) => resolveDatasource(ref, scope, sources, type).source?.uid;

  test("are found by every form", () => {
    expect(uid({ type: "prometheus", uid: "$ds" })).toBe("p2");
    expect(uid({ uid: "${ds}" })).toBe("p2");
    expect(uid("[[ds]]")).toBe("p2");
    expect(uid("Loki")).toBe("loki");
    expect(uid("prometheus")).toBe("prometheus");
    expect(uid({ uid: "$d", type: "prometheus" })).toBe("prometheus");
    expect(uid({ uid: "$list" })).toBe("loki");
    expect(uid(null)).toBe("prometheus");
    expect(uid(undefined, "loki")).toBe("loki");
    expect(uid({ type: "loki" })).toBe("loki");
  });

  test("that nobody has are the default one, and it is said", () => {
    expect(resolveDatasource({ type: "prometheus", uid: "elsewhere" }, scope, sources)).toMatchObject({ source: { uid: "prometheus" }, note: expect.stringContaining("elsewhere") as string });
    // What an export has in place of one says nothing that anybody has to know of.
    for (const uid of ["${DS_PROMETHEUS}", "${DS_MY-METRICS}", "$DS_PROMETHEUS"]) expect(resolveDatasource({ type: "prometheus", uid }, scope, sources)).toEqual({ source: sources.find((one) => one.uid === "prometheus") });
    expect(resolveDatasource({ type: "loki", uid: "$gone" }, scope, sources)).toMatchObject({ source: { uid: "loki" } });
    expect(resolveDatasource({ type: "mysql", uid: "x" }, scope, sources)).toMatchObject({ source: null });
    expect(resolveDatasource({ type: "victoriametrics-datasource", uid: "x" }, scope, sources).source?.uid).toBe("prometheus");
    expect(resolveDatasource(null, scope, [])).toEqual({ source: null });
  });

  test("with a meaning of their own", () => {
    expect(resolveDatasource({ type: "datasource", uid: "-- Mixed --" }, scope, sources)).toEqual({ source: null, special: "-- Mixed --" });
    expect(resolveDatasource({ type: "datasource", uid: "grafana" }, scope, sources)).toEqual({ source: null, special: "-- Grafana --" });
    expect(resolveDatasource("-- Dashboard --", scope, sources).special).toBe("-- Dashboard --");
  });

  test("as options", () => {
    expect(datasourceOptions("prometheus", "", sources)).toEqual([{ text: "Prometheus", value: "prometheus" }, { text: "Other", value: "p2" }]);
    expect(datasourceOptions("prometheus", "/^O/", sources)).toEqual([{ text: "Other", value: "p2" }]);
    expect(datasourceOptions("victoriametrics-datasource", undefined, sources).length).toBe(2);
    expect(datasourceOptions("mysql", undefined, sources)).toEqual([]);
    expect(defaultSource([], "prometheus")).toBeNull();
  });
});
