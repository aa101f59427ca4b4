import { describe, expect, it } from "vitest";
import { inert } from "../../src/panels/text/inert.ts";

describe("inert", () => {
  it.each([
    ["<img src=x onerror=window.hit=1>", "<img src=x >"],
    ["<svg/onload=alert(1)>", "<svg/>"],
    ["<a href='x'onclick=\"a > b\" title=y>t</a>", "<a href='x' title=y>t</a>"],
    ["<a ONCLICK = 'x' b>", "<a  b>"],
    ["<img\n\tonerror\n=\nx\n>", "<img\n\t\n>"],
    ["<x on>", "<x >"],
    ["<base href=x><META a><link b>", "<x-base href=x><x-META a><x-link b>"],
    // What stands in a comment or in a text element is read too.
    ["<!-- <a b=\" --><img onerror=1>\"", "<!-- <a b=\" --><img >\""],
    ["<textarea><a b='</textarea><img onerror=1>'", "<textarea><a b='</textarea><img >'"],
  ])("%j", (given, wanted) => expect(inert(given)).toBe(wanted));

  it.each(["turn on x = 5", "a < b onload=1", "<p title='on=1'>one=1 on=2</p>", "&lt;img onerror=1&gt;", "<baseline>", "<", "<a", "<a b=\"", ""])("leaves %j", (text) => expect(inert(text)).toBe(text));

  it("takes time in proportion to the text", () => {
    const start = performance.now();
    for (const part of ["<a ", "<a b=\"", "<a on=1 <", "<a b='\" "]) inert(`${part.repeat(40_000)}>`);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});
