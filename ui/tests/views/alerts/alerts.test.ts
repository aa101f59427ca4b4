import { describe, expect, it } from "vitest";
import { apiFilter, readAlertsFilter, withMatcher } from "../../../src/views/alerts/alert_filter.ts";
import { alertsSelector, spansText, stateSpans } from "../../../src/views/alerts/alert_history.ts";
import { explorePathOf } from "../../../src/views/alerts/source_link.ts";

describe("the filter of alerts", () => {
  it("reads Alertmanager's own links", () => {
    const filter = readAlertsFilter(new URLSearchParams('silenced=false&inhibited=true&active=true&receiver=team.x&filter={severity="critical"}'));
    expect(filter).toMatchObject({ active: true, silenced: false, inhibited: true, receiver: "team.x", fault: null });
    expect(apiFilter(filter)).toEqual({ filter: ['severity="critical"'], active: true, silenced: false, inhibited: true, receiver: "team\\.x" });
  });

  it("joins repeated filters and says what is wrong", () => {
    expect(readAlertsFilter(new URLSearchParams('filter={a="b"}&filter=c="d"')).matchers).toHaveLength(2);
    expect(readAlertsFilter(new URLSearchParams("matcher=alertname%3DX")).matchers).toEqual([{ name: "alertname", op: "=", value: "X" }]);
    expect(readAlertsFilter(new URLSearchParams("filter={a")).fault).toMatch(/brace/);
  });

  it("takes a label that was clicked", () => {
    const { matchers } = readAlertsFilter(new URLSearchParams('filter=a="1", b=~"x"'));
    expect(withMatcher(matchers, "a", "2")).toBe('{b=~"x", a="2"}');
  });
});

describe("the history of an alert", () => {
  const sample = (alertstate: string, ...seconds: number[]) => ({ metric: { alertstate }, values: seconds.map((at): [number, string] => [at, "1"]) });

  it("joins samples to spans, apart where there were none", () => {
    const spans = stateSpans([sample("firing", 30, 40, 90), sample("pending", 10, 20, 80)], 10_000);
    expect(spans).toEqual([
      { state: "pending", from: 10_000, to: 30_000 }, { state: "firing", from: 30_000, to: 50_000 },
      { state: "pending", from: 80_000, to: 90_000 }, { state: "firing", from: 90_000, to: 100_000 },
    ]);
    expect(spansText(spans, (ms) => `${ms / 1000}s`)).toBe("firing 2 times, 30s in all");
    expect(stateSpans([], 1000)).toEqual([]);
    expect(spansText([], String)).toBe("never pending or firing");
  });

  it("asks for the alert's own series", () => {
    expect(alertsSelector({ alertname: 'a"b', "not plain": "x", cluster: "c" }, ["cluster"])).toBe('ALERTS{alertname="a\\"b"}');
  });
});

describe("the source of an alert", () => {
  it("is found in Explore, whoever made the link", () => {
    const path = explorePathOf("http://other:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "prometheus");
    expect(decodeURIComponent(path ?? "").replace(/\+/g, " ")).toContain('"expr":"up == 0"');
    expect(explorePathOf("javascript:alert(1)", "prometheus")).toBe(null);
    expect(explorePathOf(undefined, "prometheus")).toBe(null);
  });
});
