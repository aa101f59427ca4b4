import { describe, expect, it } from "vitest";
import { redirect } from "../../src/shell/moved.ts";
import { matchPath } from "../../src/shell/router.ts";

describe("matchPath", () => {
  it("names the parts of a path", () => {
    expect(matchPath("/d/:uid/:slug?", "/d/abc/node%20x")).toEqual({ uid: "abc", slug: "node x" });
    expect(matchPath("/d/:uid/:slug?", "/d/abc")).toEqual({ uid: "abc" });
    expect(matchPath("/d/:uid/:slug?", "/d/")).toBeNull();
    expect(matchPath("/d/:uid", "/d/a/b")).toBeNull();
  });
  it("takes any rest for a star", () => {
    expect(matchPath("/alerts/*", "/alerts/history/x")).toEqual({ rest: "history/x" });
  });
  it("keeps a part that is not well encoded", () => {
    expect(matchPath("/d/:uid", "/d/100%")).toEqual({ uid: "100%" });
  });
});

describe("redirect", () => {
  it("leaves our own paths alone", () => {
    expect(redirect("/d/x", "?a=1", "")).toBeNull();
    expect(redirect("/alerts", "", "")).toBeNull();
  });
  it("knows Grafana's alert pages and keeps parameters", () => {
    expect(redirect("/alerting/list", "?x=1", "")).toBe("/alerts?x=1");
    expect(redirect("/alerting/silence/new", "?alertmanager=a&matcher=b", "")).toBe("/silences/new?alertmanager=a&matcher=b");
  });
  it("knows Alertmanager's links in mails", () => {
    expect(redirect("/", "", "#/alerts?receiver=team")).toBe("/alerts?receiver=team");
    expect(redirect("/", "", "#/silences/new?filter=%7Ba%3D%22b%22%7D")).toBe("/silences/new?filter=%7Ba%3D%22b%22%7D");
  });
  it("opens Prometheus' graph in Explore", () => {
    expect(redirect("/graph", "?g0.expr=up&g0.tab=0&g0.range_input=2h", "")).toBe("/explore?g0.expr=up&g0.tab=0&g0.range_input=2h");
    expect(redirect("/query", "?g0.expr=up", "")).toBe("/explore?g0.expr=up");
    expect(redirect("/graph", "", "")).toBe("/explore");
  });
});
