import { describe, expect, test } from "vitest";
import { withQuery } from "../../../src/core/url/dashboard_link.ts";
import { dashboardPath, slugOf, writeDashboardUrl } from "../../../src/core/url/dashboard_path.ts";
import { parseDashboardUrl } from "../../../src/core/url/dashboard_url.ts";
import { readParams, writeParams } from "../../../src/core/url/query.ts";

const parse = (path: string, search = "") => parseDashboardUrl(path, search, "utc");

describe("read", () => {
  test("today's form, whole", () => {
    expect(
      parse("/d/abc/my-board", "?orgId=1&from=now-6h&to=now&timezone=utc&refresh=10s&var-x=a&var-x=b&var-y=$__all&var-z=&viewPanel=panel-12-clone-1&kiosk&other=1&flag"),
    ).toEqual({
      route: "d", uid: "abc", slug: "my-board", orgId: "1", range: { from: "now-6h", to: "now" }, timezone: "utc", refresh: "10s",
      vars: { x: ["a", "b"], y: ["$__all"], z: [""] }, viewPanel: "panel-12-clone-1", kiosk: "on", rest: [["other", "1"], ["flag", null]],
    });
  });

  test("modes", () => {
    expect(parse("/d/a", "editPanel=12&inspect=13&inspectTab=data&editview=settings&shareView=link&autofitpanels&theme=light")).toMatchObject({
      editPanel: "12", inspect: "13", inspectTab: "data", editview: "settings", shareView: "link", autofitpanels: true, theme: "light",
    });
    const kiosk = (search: string) => parse("/d/a", search)?.kiosk;
    expect([kiosk("kiosk"), kiosk("kiosk=tv"), kiosk("kiosk=true"), kiosk("kiosk=1"), kiosk("kiosk=full"), kiosk("kiosk=false"), kiosk("")]).toEqual(["on", "tv", "on", "on", "on", "off", "off"]);
  });

  test("old forms", () => {
    expect(parse("/d/a/b", "fullscreen&panelId=12")).toMatchObject({ viewPanel: "12" });
    expect(parse("/d/a/b", "panelId=12&fullscreen&edit&tab=queries")).toMatchObject({ editPanel: "12", rest: [] });
    expect(parse("/dashboard/db/my-board")).toMatchObject({ uid: "", slug: "my-board" });
    expect(parse("/d/a", "refresh=false")).toMatchObject({ refresh: "" });
    expect(parse("/d/a", "from=1700000000000&to=20231115T000000")).toMatchObject({ range: { from: "2023-11-14T22:13:20.000Z", to: "2023-11-15T00:00:00.000Z" } });
    expect(parse("/d/a", "time=1700000000000&time.window=10000")).toMatchObject({ range: { from: "2023-11-14T22:13:15.000Z" }, rest: [] });
  });

  test("one panel, embedded or drawn", () => {
    expect(parse("/d-solo/a/b", "panelId=2&theme=dark&from=now-1h&to=now")).toMatchObject({ route: "solo", uid: "a", panelId: "2", theme: "dark" });
    expect(parse("/render/d-solo/a/b", "panelId=2&width=1000&height=500&tz=Europe%2FHelsinki")).toMatchObject({
      route: "render", panelId: "2", timezone: "Europe/Helsinki", rest: [["width", "1000"], ["height", "500"]],
    });
  });

  test("what is no dashboard, and what is broken", () => {
    for (const path of ["/", "/explore", "/d/", "/d/a/b/c", "/dashboards"]) expect(parse(path)).toBeNull();
    expect(parse("/d/%zz/%zz", "?%zz=%zz&&=&var-=x&var-__proto__=1&from=junk")).toMatchObject({ uid: "%zz", rest: [["%zz", "%zz"], ["", ""], ["var-", "x"]] });
    expect(({} as Record<string, unknown>)[0]).toBeUndefined();
  });

  test("fixed times are of the URL's own zone", () => {
    expect(parse("/d/a", "from=2025-01-01 00:00:00&to=now&timezone=Europe/Helsinki")?.range?.from).toBe("2024-12-31T22:00:00.000Z");
  });
});

describe("written", () => {
  test("what was read comes back, unknown parameters too", () => {
    for (const url of [
      "/d/abc/my-board?orgId=1&from=now-6h&to=now&timezone=utc&var-x=a&var-x=b&var-y=$__all&var-z=&refresh=10s&viewPanel=12&kiosk&other=1&flag",
      "/d/abc", "/d/abc?var-adhoc=key%7C%3D%7Cvalue&var-q=a%26b%3Dc%20d", "/d-solo/abc/x?from=now-1h&to=now&panelId=2&theme=light",
      "/d/abc?from=2025-01-01T00:00:00.000Z&to=now", "/d/abc?var-x=a%23b%3Fc%25d%2Be%22%3Cscript%3E",
    ]) {
      const [path = "", search = ""] = url.split(/(?=\?)/);
      expect(writeDashboardUrl(parse(path, search)!)).toBe(url);
    }
  });

  test("refresh off is said", () => {
    expect(writeDashboardUrl({ route: "d", uid: "a", vars: {}, kiosk: "off", rest: [], refresh: "" })).toBe("/d/a?refresh=");
  });

  test("slugs", () => {
    expect(slugOf("Kubernetes / Compute Resources / Pod")).toBe("kubernetes-compute-resources-pod");
    expect(slugOf("Überwachung: Größe №1")).toBe("uberwachung-große-no1");
    expect(slugOf("///")).toBe("");
    expect(dashboardPath("a b", "///")).toBe("/d/a%20b");
  });

  test("more parameters at an address", () => {
    expect(withQuery("/d/a", "x=1", "", "y=2")).toBe("/d/a?x=1&y=2");
    expect(withQuery("/d/a?b=1#frag", "x=1")).toBe("/d/a?b=1&x=1#frag");
    expect(withQuery("/d/a?", "x=1")).toBe("/d/a?x=1");
    expect(withQuery("/d/a")).toBe("/d/a");
  });

  test("query strings keep order, repeats, and names alone", () => {
    expect(readParams("?a=1&b&c=&a=2&d=x+y")).toEqual([["a", "1"], ["b", null], ["c", ""], ["a", "2"], ["d", "x y"]]);
    expect(writeParams(readParams("?a=1&b&c=&a=2&d=x+y"))).toBe("?a=1&b&c=&a=2&d=x%20y");
    expect(writeParams([["a", "\ud800"]])).toBe("?a=%EF%BF%BD");
    expect(readParams("?a=%E4%BD%A0%zz")).toEqual([["a", "你%zz"]]);
  });
});
