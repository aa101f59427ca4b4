import { expect, test } from "vitest";
import { codeLines, codeParts, COLOURED, isColoured } from "../../src/panels/text/code.ts";

const kinds = (text: string, language: string) => codeParts(text, language).flatMap(({ text: part, kind }) => (kind ? [`${kind} ${part}`] : []));

const SAMPLES: Record<string, [code: string, kinds: string[]]> = {
  json: ['{"a": [1, -2.5e3, true], "b\\"c": "d: e"}', ['name "a"', "number 1", "number -2.5e3", "keyword true", 'name "b\\"c"', 'string "d: e"']],
  yaml: ["# top\nname: x # end\n- key: 'v'\n  count: 5\n  on: true\n  url: http://a:80/#b", ["comment # top", "name name", "comment # end", "name key", "string 'v'", "name count", "number 5", "name on", "keyword true", "name url"]],
  sql: ["SELECT name, 'it''s' FROM t WHERE a >= 10 -- all", ["keyword SELECT", "string 'it''s'", "keyword FROM", "keyword WHERE", "number 10", "comment -- all"]],
  go: ['func main() { x := "a\\"b" // c\n}', ["keyword func", 'string "a\\"b"', "comment // c"]],
  typescript: ["const a: string = `x\ny`; /* z */", ["keyword const", "name string", "string `x\ny`", "comment /* z */"]],
  xml: ['<a x="1">it\'s &amp; <!-- no --></a>', ["keyword <a", "name x", 'string "1"', "keyword >", "number &amp;", "comment <!-- no -->", "keyword </a", "keyword >"]],
  html: ["<b>bold</b>", ["keyword <b", "keyword >", "keyword </b", "keyword >"]],
  markdown: ["# Title\n- a `b`\n> q", ["keyword # Title", "keyword -", "string `b`", "comment > q"]],
};

for (const [language, [code, wanted]] of Object.entries(SAMPLES)) {
  test(`${language} in kinds`, () => {
    expect(kinds(code, language)).toEqual(wanted);
    expect(codeParts(code, language).map((part) => part.text).join("")).toBe(code);
  });
}

test("plain text and unknown languages stay as they are", () => {
  expect(["plaintext", "constructor", "brainfuck"].map(isColoured)).toEqual([false, false, false]);
  expect(codeParts("const a = 1", "plaintext")).toEqual([{ text: "const a = 1", kind: undefined }]);
});

test("lines hold the parts that run over several", () => {
  expect(codeLines(codeParts("a\n/* b\nc */\n", "go")).map((line) => line.map((part) => `${part.kind ?? ""}:${part.text}`))).toEqual([[":a"], ["comment:/* b"], ["comment:c */"], []]);
});

test("nothing takes long, however odd the code is", () => {
  const start = performance.now();
  const odd = ["a", '"', "'", "`", "<", "<!--", "/*", "=", "a=", "- ", "-", "#", " ", "\n", "0", "a:", "[", "[]", "**", "&", "\\", "--", ">"];
  for (const language of Object.keys(SAMPLES)) for (const each of odd) expect(codeParts(each.repeat(COLOURED / each.length), language).length).toBeGreaterThan(0);
  expect(performance.now() - start).toBeLessThan(5000);
});
