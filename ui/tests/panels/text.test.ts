// @vitest-environment jsdom
import { expect, test } from "vitest";
import { cleanHtml, markdownHtml } from "../../src/panels/text/html.ts";

test("markdown is HTML", () => {
  expect(markdownHtml("# A *b*").trim()).toBe("<h1>A <em>b</em></h1>");
  expect(markdownHtml("[x](https://example.org)")).toContain('href="https://example.org"');
});

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><script>alert(1)</script></svg>",
  "[x](javascript:alert(1))",
  "<a href=\"java\nscript:alert(1)\">x</a>",
  "<iframe src=//example.org></iframe>",
  "<form action=//example.org><input name=a></form>",
  "<style>@import url(//example.org)</style>",
  "<div style=\"background:url(//example.org/x)\">x</div>",
  "<div style=\"position:fixed;inset:0\">x</div>",
  "<img src=\"https://example.org/track.png\">",
  "<img src=\"//example.org/track.png\" srcset=\"//example.org/2 2x\">",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<base href=//example.org>",
  "<video poster=\"http://example.org/x\"></video>",
])("nothing runs and no other host is asked: %s", (text) => {
  for (const html of [cleanHtml(text), markdownHtml(text)]) {
    expect(html).not.toMatch(/<script|onerror|onload|href="javascript:|<iframe|<form|<style|url\(|position:|<base|src="(?:https?:)?\/\/|srcset|poster/i);
  }
});

test.each(["/logout", "logout", "/grafana/%6cogout/", "/d/../logout?x"])("a picture signs nobody out: %s", (url) => {
  expect(cleanHtml(`<img src="${url}">`)).toBe("<img>");
});

test("what is nested too deeply is said to be", () => {
  expect(() => markdownHtml(`${">".repeat(20_000)} deep`)).toThrow("too many things within each other");
});

test("what is harmless stays", () => {
  expect(cleanHtml('<div style="color: red">a<br><img src="/public/x.png"></div>')).toBe('<div style="color: red">a<br><img src="/public/x.png"></div>');
});
