import { expect, test } from "vitest";
import { ansiRuns, RUNS } from "../../src/panels/logs/ansi.ts";
import { contrast, readable, runColors } from "../../src/panels/logs/ansi_colors.ts";
import { withoutEscapes } from "../../src/panels/logs/escapes.ts";
import { logRows } from "../../src/panels/logs/log_rows.ts";
import { lookedPieces, markedParts } from "../../src/panels/logs/parts.ts";
import { frame } from "../../src/core/frame/frame.ts";

const E = "\u001b";
const seen = (raw: string) => ansiRuns(raw).map(({ from, to, ...look }) => [withoutEscapes(raw).slice(from, to), Object.fromEntries(Object.entries(look).filter(([, value]) => value !== undefined && value !== false))]);

test("sequences are taken out, whole and cut off, and no text with them", () => {
  const odd: [string, string][] = [
    [`${E}[31mred${E}[0m`, "red"], [`${E}[1;31;4mx${E}[m`, "x"], [`\u009b32mgreen`, "green"], [`${E}[2J${E}[H${E}[10;20Hhome`, "home"], [`${E}[?25lx${E}[>c`, "x"],
    [`${E}]0;title\u0007x`, "x"], [`${E}]8;;https://evil.example${E}\\link${E}]8;;${E}\\`, "link"], [`${E}Pq#0;2${E}\\x`, "x"], [`${E}(Bx${E}7y${E}c`, "xy"],
    [`${E}]0;never closed`, "0;never closed"], [`x${E}`, "x"], [`x${E}[`, "x"], [`x${E}[31`, "x"], [`${E}[38;5`, ""], ["plain [31m text", "plain [31m text"], [`${E}[31m<img src=x onerror=alert(1)>`, "<img src=x onerror=alert(1)>"],
  ];
  for (const [raw, text] of odd) expect(withoutEscapes(raw), JSON.stringify(raw)).toBe(text);
});

test("colours of 16, of 256, and of all", () => {
  expect(seen(`a${E}[31mb${E}[92mc${E}[39md`)).toEqual([["b", { front: 1 }], ["c", { front: 10 }]]);
  expect(seen(`${E}[38;5;208ma${E}[48;5;17mb`)).toEqual([["a", { front: 208 }], ["b", { front: 208, back: 17 }]]);
  expect(seen(`${E}[38;2;1;2;3ma${E}[0;48:2::4:5:6mb${E}[0;38:2:7:8:9mc`)).toEqual([["a", { front: [1, 2, 3] }], ["b", { back: [4, 5, 6] }], ["c", { front: [7, 8, 9] }]]);
});

test("bold, italic, underlined, struck, turned; each ends", () => {
  expect(seen(`${E}[1mb${E}[22;3mi${E}[23;4mu${E}[24;9ms${E}[29mp`)).toEqual([["b", { bold: true }], ["i", { italic: true }], ["u", { underline: true }], ["s", { struck: true }]]);
  expect(seen(`${E}[31;7ma${E}[27mb`)).toEqual([["a", { front: 15, back: 1 }], ["b", { front: 1 }]]);
  expect(seen(`${E}[7ma${E}[0mb`)).toEqual([["a", { front: 0, back: 7 }]]);
});

test("odd numbers are no colours, and looks are bounded", () => {
  expect(seen(`${E}[38;5;999ma${E}[0;38;2;1;2mb${E}[0;48;9;9mc${E}[;999;mz`)).toEqual([]);
  const many = ansiRuns(Array.from({ length: RUNS * 2 }, (_, at) => `${E}[3${at % 8}mx`).join(""));
  expect(many.length).toBe(RUNS);
  const start = performance.now();
  for (const hostile of [`${E}[`.repeat(100_000), `${E}]`.repeat(100_000), `${E}[${";".repeat(200_000)}`, `${E}]${"x".repeat(200_000)}`, `${E}(`.repeat(100_000)]) expect(typeof withoutEscapes(hostile)).toBe("string");
  expect(performance.now() - start).toBeLessThan(2000);
});

test("every colour can be read on its ground, on both themes", () => {
  const parse = (css: string) => css.match(/\d+/g)!.map(Number) as unknown as readonly [number, number, number];
  for (const theme of ["dark", "light"] as const) {
    const page = theme === "dark" ? ([0x16, 0x1b, 0x21] as const) : ([255, 255, 255] as const);
    for (let front = 0; front < 256; front++) {
      expect(contrast(parse(runColors({ front, back: undefined }, theme).color!), page), `${front} on ${theme}`).toBeGreaterThanOrEqual(4.5);
      const { color, background } = runColors({ front: undefined, back: front }, theme);
      expect(contrast(parse(color!), parse(background!)), `on ${front}`).toBeGreaterThanOrEqual(4.5);
    }
  }
  expect(runColors({ front: undefined, back: undefined }, "dark")).toEqual({ color: undefined, background: undefined });
  // What can be read already stays as it is.
  expect(readable([255, 0, 0], [0, 0, 0])).toEqual([255, 0, 0]);
});

test("a mark goes through looks, and all of the text is there once", () => {
  const raw = `GET ${E}[32m200${E}[0m /api`;
  const text = withoutEscapes(raw);
  const pieces = lookedPieces(markedParts(text, /T 2/g), ansiRuns(raw));
  expect(pieces).toEqual([
    { text: "GE", run: -1, marked: false }, { text: "T ", run: -1, marked: true }, { text: "2", run: 0, marked: true }, { text: "00", run: 0, marked: false }, { text: " /api", run: -1, marked: false },
  ]);
  expect(markedParts("aXbX", /X/g)).toEqual(["a", "X", "b", "X", ""]);
});

test("only lines with sequences keep how they came", () => {
  const lines = frame([{ name: "Time", type: "time", values: [1, 2], config: {} }, { name: "Line", type: "string", values: ["plain", `${E}[31mred`], config: {} }]);
  expect(logRows([lines], false).map(({ line, raw }) => [line, raw])).toEqual([["plain", undefined], ["red", `${E}[31mred`]]);
});
