import { describe, expect, test } from "vitest";
import type { Variable } from "../../../src/core/model/dashboard.ts";
import { dashboardScope, queryScope, repeatScope } from "../../../src/core/variables/builtin.ts";
import { interpolate, references } from "../../../src/core/variables/interpolate.ts";
import { linkScope } from "../../../src/core/variables/link_scope.ts";
import { EMPTY_SCOPE, extendScope } from "../../../src/core/variables/scope.ts";
import { choose, initialState, type VariableState, withOptions } from "../../../src/core/variables/state.ts";
import { frame } from "../../../src/core/frame/frame.ts";

function state(variable: Partial<Variable> & { name: string }, values: string[], options = values): VariableState {
  const full = { type: "query", ...variable } as Variable;
  return choose(withOptions(initialState(full), options.map((value) => ({ text: `${value}!`, value }))), values);
}

const context = {
  dashboard: { uid: "abc", title: "My board" },
  range: { raw: { from: "now-6h", to: "now" }, span: { from: 1_700_000_000_000, to: 1_700_021_600_000 } },
  zone: "utc",
  user: { id: 3, login: "ann", email: "ann@example.org" },
};

const scope = dashboardScope(
  [
    state({ name: "one" }, ["a.b"]),
    state({ name: "many", multi: true }, ["a", "b.c"]),
    state({ name: "all", includeAll: true, multi: true }, ["$__all"], ["x", "y"]),
    state({ name: "wild", includeAll: true, allValue: ".*" }, ["$__all"], ["x", "y"]),
    state({ name: "quoted" }, ['C:\\dir "x"']),
    state({ name: "selector", type: "textbox" }, ['{__name__!=""}']),
    state({ name: "hidden", skipUrlSync: true }, ["h"]),
    state({ name: "none", multi: true }, [], ["x"]),
    state({ name: "slash" }, ["a/b?c&d"]),
  ],
  context,
);
const put = (text: string, format?: string) => interpolate(text, scope, format);

describe("syntax", () => {
  test.each([
    ["$one-$one", "a.b-a.b"], ["${one}x", "a.bx"], ["[[one]]", "a.b"], ["[[many:csv]]", "a,b.c"], ["${many:pipe}", "a|b.c"], ["${one.text}", "a.b!"],
    ["${one:text}", "a.b!"], ["${many:text}", "a! + b.c!"], ["${all:text}", "All"], ["$unknown ${unknown:csv} [[unknown]]", "$unknown ${unknown:csv} [[unknown]]"],
    ["$1 ${1}xx $2", "$1 ${1}xx $2"], ["$one_more", "$one_more"], ["cost: 5$", "cost: 5$"], ["$", "$"], ["${", "${"], ["${one", "${one"], ["[[one", "[[one"],
    ["$$one", "$a.b"], ["", ""], ["${one:nonsense}", "a.b"], ["${many}", "{a,b.c}"], ["$none.", "."], ["${ one }", "a.b"],
  ])("%s", (text, expected) => expect(put(text)).toBe(expected));

  test("references", () => {
    expect(references("$a ${b.c.d:date:YYYY-MM} [[e:csv]] $1 ${__data.fields[\"x}y\"]} ${__data.fields.Free Space:percentencode}").map(({ name, path, format, args }) => [name, path, format, args])).toEqual([
      ["a", "", "", ""], ["b", "c.d", "date", "YYYY-MM"], ["e", "", "csv", ""], ["__data", 'fields["x}y"]', "", ""], ["__data", "fields.Free Space", "percentencode", ""],
    ]);
  });

  test("nothing that was put in is read again", () => {
    expect(interpolate("$a", extendScope(EMPTY_SCOPE, { a: "$b ${b}", b: "no" }))).toBe("$b ${b}");
  });

  test("prototypes are out of reach", () => {
    const own = extendScope(EMPTY_SCOPE, { a: { value: { x: 1 } } });
    expect(interpolate("${a.constructor}|${a.__proto__.x}|${a.x}|${one:constructor}|${one:toString}", own)).toBe("||1|${one:constructor}|${one:toString}");
    expect(put("${one:constructor}")).toBe("a.b");
  });
});

describe("formats", () => {
  test.each([
    ["raw", "a,b.c"], ["csv", "a,b.c"], ["pipe", "a|b.c"], ["regex", "(a|b\\.c)"], ["glob", "{a,b.c}"], ["distributed", "a,many=b.c"], ["json", '["a","b.c"]'],
    ["lucene", '("a" OR "b.c")'], ["singlequote", "'a','b.c'"], ["doublequote", '"a","b.c"'], ["sqlstring", "'a','b.c'"], ["html", "a, b.c"],
    ["percentencode", "%7Ba%2Cb.c%7D"], ["uriencode", "%7Ba,b.c%7D"], ["join", "a,b.c"], ["join: and ", "a and b.c"], ["queryparam", "var-many=a&var-many=b.c"],
    ["customqueryparam:ns", "ns=a&ns=b.c"], ["customqueryparam:ns:p-", "ns=p-a&ns=p-b.c"], ["text", "a! + b.c!"],
  ])("%s", (format, expected) => expect(put(`\${many:${format}}`)).toBe(expected));

  test("of URLs", () => {
    expect(put("${all:queryparam}")).toBe("var-all=%24__all");
    expect(put("${none:queryparam}")).toBe("var-none=");
    expect(put("${hidden:queryparam}")).toBe("");
    expect(put("${slash:percentencode}")).toBe("a%2Fb%3Fc%26d");
    expect(put("$__url_time_range")).toBe("from=now-6h&to=now");
    expect(put("${__all_variables}")).toBe(
      "var-one=a.b&var-many=a&var-many=b.c&var-all=%24__all&var-wild=%24__all&var-quoted=C%3A%5Cdir%20%22x%22&var-selector=%7B__name__%21%3D%22%22%7D&var-none=&var-slash=a%2Fb%3Fc%26d",
    );
  });

  test("of dates", () => {
    expect(put("${__from} ${__from:date} ${__from:date:iso} ${__from:date:seconds} ${__from:date:YYYY-MM-DD HH:mm}")).toBe(
      "1700000000000 2023-11-14T22:13:20.000Z 2023-11-14T22:13:20.000Z 1700000000 2023-11-14 22:13",
    );
  });
});

describe("a custom value for all", () => {
  const own = dashboardScope(
    [
      state({ name: "cluster" }, ["pg"]),
      state({ name: "pods", multi: true, includeAll: true, allValue: "$cluster-([1-9][0-9]*)$" }, ["$__all"], ["pg-1", "pg-2"]),
      state({ name: "round", includeAll: true, allValue: "$trip|$round" }, ["$__all"], ["r"]),
      state({ name: "trip", includeAll: true, allValue: "${round}!" }, ["$__all"], ["t"]),
      state({ name: "wild", includeAll: true, allValue: ".*" }, ["$__all"], ["x"]),
    ],
    context,
  );

  test("has other variables put in, never itself", () => {
    expect(interpolate('up{pod=~"$pods"}', own, "promql")).toBe('up{pod=~"pg-([1-9][0-9]*)$"}');
    expect(interpolate("$round", own)).toBe("${round}!|$round");
  });

  test("is All where people read it, an address's value in addresses, and else as it was written", () => {
    expect(interpolate("Usage ($wild)", own, "text")).toBe("Usage (All)");
    expect(interpolate("${wild:text} ${wild:queryparam} ${wild:percentencode}", own)).toBe("All var-wild=%24__all .%2A");
    expect(interpolate("${wild:regex} ${wild:pipe} ${wild:raw} $wild", own)).toBe(".* .* .* .*");
  });
});

describe("in queries", () => {
  test.each([
    ['up{a="$one"}', 'up{a="a.b"}'],
    ['up{a=~"$many"}', 'up{a=~"(a|b\\\\.c)"}'],
    ['up{a=~"$all"}', 'up{a=~"(x|y)"}'],
    ['up{a=~"$wild"}', 'up{a=~".*"}'],
    ['up{a="$quoted"}', 'up{a="C:\\\\dir \\"x\\""}'],
    ["up{a='$quoted'}", "up{a='C:\\\\dir \"x\"'}"],
    ["up{a=`$quoted`}", 'up{a=`C:\\dir "x"`}'],
    ["up{a=~`$many`}", "up{a=~`(a|b\\.c)`}"],
    ["count($selector)", 'count({__name__!=""})'],
    ['# $one says "\nup{a="$one"}', '# a.b says "\nup{a="a.b"}'],
    ['label_replace(up, "x", "$1", "y", "(.*)$one")', 'label_replace(up, "x", "$1", "y", "(.*)a.b")'],
    ['up{a=~"${many:raw}|z"}', 'up{a=~"a,b.c|z"}'],
    ['up{a=~"$none"}', 'up{a=~""}'],
    ['rate(x{a="b\\"$one"}[5m])', 'rate(x{a="b\\"a.b"}[5m])'],
  ])("%s", (text, expected) => {
    expect(put(text, "promql")).toBe(expected);
    expect(put(text, "logql")).toBe(expected);
  });

  test("a variable that may have many is a regular expression even with one value", () => {
    const own = dashboardScope([state({ name: "v", multi: true }, ["a.b"]), state({ name: "w", includeAll: true }, ["a.b"], ["a.b"])], context);
    expect(interpolate('{a=~"$v",b=~"$w"}', own, "promql")).toBe('{a=~"a\\\\.b",b=~"a\\\\.b"}');
  });

  test("intervals of the query", () => {
    const own = queryScope(scope, { intervalMs: 15_000, scrapeMs: 30_000, range: context.range });
    expect(interpolate("rate(x[$__rate_interval])[$__range:$__interval] $__interval_ms $__range_s ${__range_ms}", own, "promql")).toBe(
      "rate(x[2m])[21600s:15s] 15000 21600 21600000",
    );
    expect(interpolate("rate({a=\"b\"}[$__auto])", own, "logql")).toBe('rate({a="b"}[15s])');
  });

  test("of a repeat there is one value", () => {
    expect(interpolate('{a=~"$many"} ${many:text} ${many:queryparam}', repeatScope(scope, "many", "b.c", "B"), "promql")).toBe('{a=~"b\\\\.c"} B var-many=b.c');
  });

  test("intervals on auto", () => {
    const own = dashboardScope([withOptions(initialState({ name: "iv", type: "interval", query: "1m,5m", auto: true, auto_count: 10, auto_min: "1m" }), [])], context);
    const chosen = dashboardScope([initialState({ name: "iv", type: "interval", query: "1m,5m", auto: true, auto_count: 10, auto_min: "1m" })], context);
    expect(interpolate("[$iv]", chosen, "promql")).toBe("[30m]");
    expect(interpolate("[$__auto_interval_iv]", own, "promql")).toBe("[30m]");
  });
});

test("Grafana's own names", () => {
  const zone = (name: string) => interpolate("$__timezone", dashboardScope([], { ...context, zone: name }));
  expect([zone("UTC"), zone("Europe/Helsinki"), zone("browser"), zone("")]).toEqual(["utc", "Europe/Helsinki", "UTC", "UTC"]);
  expect(put("$__dashboard ${__dashboard.uid} ${__dashboard.name} ${__user.login} ${__user.email} ${__user} ${__org} ${__org.name} $__timezone $timeFilter")).toBe(
    "My board abc My board ann ann@example.org 3 1 Main Org. utc time >= 1700000000000ms and time <= 1700021600000ms",
  );
});

describe("links", () => {
  const point = {
    frame: frame([
      { name: "Time", type: "time", values: [1_700_000_000_000], config: {} },
      { name: "ns", type: "string", values: ["kube & co"], config: {}, display: "Namespace" },
      { name: "Value #A", type: "number", values: [0.5], labels: { job: "api", "my label": "z" }, config: {}, display: "CPU" },
    ]),
    row: 0,
    display: (_field: unknown, value: unknown) => (typeof value === "number" ? { text: "50", suffix: "%", numeric: value } : { text: String(value), numeric: NaN }),
  };
  const own = linkScope(scope, { ...point, field: point.frame.fields[2]! });
  test.each([
    ["/d/x?var-ns=${__data.fields.Namespace}", "/d/x?var-ns=kube%20%26%20co"],
    ["/d/x?var-ns=${__data.fields[\"ns\"]}&t=${__value.time}", "/d/x?var-ns=kube%20%26%20co&t=1700000000000"],
    ["/d/x?a=${__data.fields[1]}", "/d/x?a=kube%20%26%20co"],
    ["${__field.name}/${__field.labels.job}/${__field.labels[\"my label\"]}", "CPU/api/z"],
    ["/x?v=${__value.raw}&n=${__value.numeric}&t=${__value.text}", "/x?v=0.5&n=0.5&t=50%25"],
    ["/x?s=${__series.name}&none=${__data.fields.nope}", "/x?s=CPU&none="],
    ["/d/x?${one:queryparam}&$__url_time_range", "/d/x?var-one=a.b&from=now-6h&to=now"],
    ["/d/x?var-many=$many&b=1", "/d/x?var-many=a&var-many=b.c&b=1"],
    ["/d/x?${__all_variables}", `/d/x?${put("${__all_variables}")}`],
    ["/d/$slash/x", "/d/a/b%3Fc%26d/x"],
  ])("%s", (text, expected) => expect(interpolate(text, own, "link")).toBe(expected));

  test("a value at the start is an address", () => {
    expect(interpolate("$u", extendScope(EMPTY_SCOPE, { u: "https://x.org/a b?c=d%20e" }), "link")).toBe("https://x.org/a%20b?c=d%20e");
  });
});

test("texts of nothing but beginnings are read once", () => {
  const start = performance.now();
  for (const beginning of ["${a.", "${a:", "${a[", '${a["', "[[a.", "[[a:", "[[", "$", "${a.b ", "${"]) interpolate(beginning.repeat(50_000), scope, "promql");
  interpolate(`\${one.${" ".repeat(100_000)}`, scope);
  expect(performance.now() - start).toBeLessThan(3000);
});

test("100,000 values are quick, and made only when a text asks for them", () => {
  const options = Array.from({ length: 100_000 }, (_, i) => ({ text: `pod-${i}`, value: `pod-${i}` }));
  const start = performance.now();
  const all = withOptions(initialState({ name: "pod", type: "query", multi: true, includeAll: true, current: { text: "All", value: ["$__all"] } }), options);
  const own = dashboardScope([all], context);
  for (let i = 0; i < 20; i++) interpolate("nothing of that $one", own, "promql");
  const quick = performance.now() - start;
  expect(interpolate('up{pod=~"$pod"}', own, "promql").length).toBeGreaterThan(900_000);
  expect(quick).toBeLessThan(500);
  expect(performance.now() - start).toBeLessThan(3000);
});
