import { cellStyle } from "../../src/panels/table/cell_style.ts";
import { spreadValue } from "../../src/panels/table/inspect.ts";
import { inPages, pageOf } from "../../src/panels/pages.ts";
import { expect, test } from "vitest";
import { type Field, frame } from "../../src/core/frame/frame.ts";
import { cellOf, columnWidths, stuckColumns, tableColumns } from "../../src/panels/table/columns.ts";
import { clickHeader, distinctTexts, footerTexts, sortKeys, tableRows } from "../../src/panels/table/rows.ts";

const field = (name: string, values: unknown[], config: Field["config"] = {}): Field => ({ name, type: typeof values[0] === "number" ? "number" : "string", values, config });
const table = frame([field("pod", ["b", "a", "c", "a"]), field("cpu", [2, 10, NaN, 1], { unit: "percent" }), field("secret", ["x", "x", "x", "x"], { custom: { hidden: true } })]);
const columns = tableColumns(table, {}, "dark", "utc");

test("hidden columns are left out, numbers stand right", () => {
  expect(columns.map((column) => [column.title, column.align])).toEqual([["pod", "left"], ["cpu", "right"]]);
});

test("rows are sorted by several columns, NaN last, ties as they were", () => {
  expect([...tableRows(table, columns, sortKeys([{ displayName: "cpu", desc: true }]))]).toEqual([1, 0, 3, 2]);
  expect([...tableRows(table, columns, [{ title: "pod", desc: false }, { title: "cpu", desc: false }])]).toEqual([3, 1, 0, 2]);
  expect([...tableRows(table, columns, [{ title: "not there", desc: false }])]).toEqual([0, 1, 2, 3]);
});

test("rows are filtered by chosen texts and searched in what is shown", () => {
  expect([...tableRows(table, columns, [], new Map([[0, { chosen: new Set(["a"]), text: "" }]]))]).toEqual([1, 3]);
  expect([...tableRows(table, columns, [], new Map(), "10%")]).toEqual([1]);
  expect([...tableRows(table, columns, [], new Map(), "x")]).toEqual([]);
  expect(distinctTexts(table, columns[0]!)).toEqual(["a", "b", "c"]);
});

test("a header is clicked up, down, none", () => {
  const up = clickHeader([], "pod", false);
  expect(up).toEqual([{ title: "pod", desc: false }]);
  const down = clickHeader(up, "pod", false);
  expect(down).toEqual([{ title: "pod", desc: true }]);
  expect(clickHeader(down, "pod", false)).toEqual([]);
  expect(clickHeader(up, "cpu", true)).toHaveLength(2);
});

test("the footer reduces the rows that are shown", () => {
  const options = { footer: { show: true, reducer: ["max"], fields: [] } };
  expect(footerTexts(options, columns, Uint32Array.of(0, 3))).toEqual([[], ["2%"]]);
  expect(footerTexts({ footer: { show: false, reducer: ["max"] } }, columns, Uint32Array.of(0))).toBeNull();
  expect(footerTexts({ footer: { show: true, reducer: ["sum"], countRows: true } }, columns, Uint32Array.of(0, 1))![0]).toEqual(["Count", "2"]);
});

test("cells of old and new dashboards", () => {
  expect(cellOf({ displayMode: "gradient-gauge" })).toMatchObject({ type: "gauge", mode: "gradient" });
  expect(cellOf({ displayMode: "color-background-solid" })).toMatchObject({ type: "color-background", mode: "basic" });
  expect(cellOf({ cellOptions: { type: "color-background", mode: "basic", applyToRow: true } })).toMatchObject({ type: "color-background", mode: "basic", applyToRow: true });
  expect(cellOf({ cellOptions: { type: "image" } }).type).toBe("image");
  expect(cellOf({ cellOptions: { type: "actions" } }).type).toBe("auto");
});

test("columns share the room that fixed ones leave", () => {
  const wide = tableColumns(frame([field("a", ["x"], { custom: { width: 200 } }), field("b", ["x"]), field("c", ["x"], { custom: { minWidth: 300 } })]), {}, "dark", "utc");
  expect(columnWidths(wide, new Map(), 700)).toEqual([200, 200, 300]);
  expect(columnWidths(wide, new Map([[0, 100]]), 800)).toEqual([100, 350, 350]);
  expect(columnWidths(wide, new Map(), 100)).toEqual([200, 100, 300]);
});

test("rows in pages: as many as fit, and no page beyond the last", () => {
  expect(pageOf(0, 95, 200 / 30)).toEqual({ page: 0, pages: 16, start: 0, end: 6 });
  expect(pageOf(99, 95, 200 / 30)).toEqual({ page: 15, pages: 16, start: 90, end: 95 });
  expect(pageOf(3, 0, 200 / 30)).toEqual({ page: 0, pages: 1, start: 0, end: 0 });
  // Where there is no room one row shows.
  expect(pageOf(1, 3, -40 / 30)).toEqual({ page: 1, pages: 3, start: 1, end: 2 });
  expect([inPages({ footer: { enablePagination: true } }), inPages({ enablePagination: true }), inPages({ footer: null })]).toEqual([true, true, false]);
});

test("a value that is looked into is spread where it is JSON", () => {
  expect(spreadValue({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(spreadValue(' {"a":1}')).toBe('{\n  "a": 1\n}');
  expect([spreadValue("{no json"), spreadValue(null), spreadValue(0), spreadValue("a\nb")]).toEqual(["{no json", "", "0", "a\nb"]);
  expect(spreadValue("x".repeat(600_000))).toMatch(/100000 more characters/);
});

test("columns with a header of their own kind, a tooltip from another, and held at the left", () => {
  const made = tableColumns(frame([field("a", [1], { custom: { tooltip: { field: "b" }, hideHeader: true } }), field("b", ["x"], { custom: { wrapHeaderText: true, tooltip: { field: "gone" } } })]), {}, "dark", "utc");
  expect(made.map(({ hideHeader, wrapHeader, tip }) => [hideHeader, wrapHeader, tip?.name])).toEqual([[true, false, "b"], [false, true, undefined]]);
  const stuck = (count: unknown, room: number) => stuckColumns(made, [100, 150], count, room).map((column) => column.stuck);
  expect([stuck(2, 600), stuck(1, 600), stuck(2, 300), stuck(undefined, 600), stuck("x", 600)]).toEqual([[0, 100], [0, undefined], [0, undefined], [undefined, undefined], [undefined, undefined]]);
  expect(cellOf({ cellOptions: { type: "image", alt: "A disk" } })).toMatchObject({ alt: "A disk" });
});

test("looks that another column tells: none that cover the page or ask another host", () => {
  expect(cellStyle('{"color": "red", "backgroundColor": "#00ff00", "fontWeight": "bold"}')).toEqual({ color: "red", background: "#00ff00", "font-weight": "bold" });
  expect(cellStyle({ opacity: 0.5 })).toEqual({ opacity: "0.5" });
  for (const bad of ['{"position": "fixed"}', '{"background": "url(//evil.example/x)"}', '{"color": "red; position: fixed"}', '{"constructor": "red"}', "{", "red", null, 5]) expect(cellStyle(bad), String(bad)).toEqual({});
});
