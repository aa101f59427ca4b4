import { describe, expect, test } from "vitest";
import { dashboardLink } from "../../../src/core/url/dashboard_link.ts";
import { dataLink } from "../../../src/core/url/link.ts";
import { isExternal, linkHref, safeUrl } from "../../../src/core/url/sanitize.ts";
import { EMPTY_SCOPE, extendScope } from "../../../src/core/variables/scope.ts";

describe("safe addresses", () => {
  test.each(["https://x.org/a?b=c#d", "http://x", "HTTPS://x", "mailto:a@b.c", "/d/abc", "d/abc", "?x=1:2", "#a", "./a", "//x.org/a", "/a:b", "a/b:c", "/d/x?u=javascript:alert(1)"])(
    "%s", (url) => expect(safeUrl(url)).toBe(url),
  );

  test.each([
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "java\tscript:alert(1)", "\u0000javascript:alert(1)",
    "\u200bjavascript:alert(1)", "javascript\u0000:alert(1)", "java\u00adscript:alert(1)", "data:text/html,<script>", "vbscript:x", "file:///etc/passwd", "blob:x", "ftp://x",
    "javascript&colon;alert(1):", "%6aavascript:alert(1)", "java&#115;cript:alert(1)", "ws://x", "about:blank", "view-source:x", "", "   ", "\u0001",
  ])("refused: %j", (url) => expect(safeUrl(url)).toBeNull());

  test("below a path", () => {
    expect(linkHref("/d/a?b=1", "/grafana/")).toBe("/grafana/d/a?b=1");
    expect(linkHref("/grafana/d/a", "/grafana/")).toBe("/grafana/d/a");
    expect(linkHref("/grafanax", "/grafana")).toBe("/grafana/grafanax");
    expect(linkHref("/d/a", "/")).toBe("/d/a");
    expect(linkHref("https://x/d", "/grafana/")).toBe("https://x/d");
    expect(linkHref("//x/d", "/grafana/")).toBe("//x/d");
    expect(linkHref("?a=1", "/grafana/")).toBe("?a=1");
    expect(linkHref("javascript:x", "/")).toBeNull();
  });

  test("those that leave this host", () => {
    expect(["https://x", "//x", "\\\\x", "/\\x", "mailto:a"].map(isExternal)).toEqual([true, true, true, true, true]);
    expect(["/x", "x", "?x", "#x"].map(isExternal)).toEqual([false, false, false, false]);
  });
});

describe("links", () => {
  const scope = extendScope(EMPTY_SCOPE, {
    evil: "javascript:alert(1)", html: "<img src=x onerror=alert(1)>", ns: "a&b", __url_time_range: { value: "from=now-1h&to=now", raw: true },
    __all_variables: { value: "var-ns=a%26b", raw: true },
  });

  test("on data", () => {
    expect(dataLink({ title: "To $ns", url: "/d/x?var-ns=$ns", targetBlank: true }, scope, "/g/")).toEqual({ title: "To a&b", href: "/g/d/x?var-ns=a%26b", newTab: true });
    expect(dataLink({ url: "$evil" }, scope, "/")).toBeNull();
    expect(dataLink({ url: "java${none}script:$ns" }, scope, "/")).toBeNull();
    expect(dataLink({ url: "/x?a=$html" }, scope, "/")?.href).toBe("/x?a=%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E");
    expect(dataLink({ url: "\n/x" }, scope, "/")?.href).toBe("/x");
    expect(dataLink({}, scope, "/")).toBeNull();
  });

  test("of the dashboard", () => {
    expect(dashboardLink({ type: "link", title: "T", url: "https://x.org?y=1#z", keepTime: true, includeVars: true, tooltip: "$ns", icon: "doc" }, scope, "/")).toEqual({
      title: "T", href: "https://x.org?y=1&from=now-1h&to=now&var-ns=a%26b#z", newTab: false, tooltip: "a&b", icon: "doc",
    });
    expect(dashboardLink({ type: "link", url: "javascript:1" }, scope, "/")).toBeNull();
  });
});
