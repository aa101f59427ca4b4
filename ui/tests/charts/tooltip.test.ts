import { expect, test } from "vitest";
import { nearestIndex, placeBox, TOOLTIP_ROWS, type TooltipEntry, tooltipRows } from "../../src/charts/tooltip.ts";

const entry = (name: string, value: number | null, active = false): TooltipEntry => ({ name, color: "red", value, text: String(value), active });
const entries = [entry("a", 2), entry("b", 0), entry("c", 5, true), entry("d", NaN), entry("e", 3)];
const names = (options: Parameters<typeof tooltipRows>[1]) => tooltipRows(entries, options).rows.map((row) => row.name).join("");

test("single shows the nearest, multi all, none nothing", () => {
  expect(names({ mode: "single" })).toBe("c");
  expect(names({})).toBe("c");
  expect(names({ mode: "multi" })).toBe("abcde");
  expect(names({ mode: "none" })).toBe("");
  expect(tooltipRows([entry("a", 1)], { mode: "single" }).rows).toEqual([]);
});

test("sorted either way, NaN last in both; zeros hidden where asked", () => {
  expect(names({ mode: "multi", sort: "desc" })).toBe("ceabd");
  expect(names({ mode: "multi", sort: "asc" })).toBe("baecd");
  expect(names({ mode: "multi", hideZeros: true })).toBe("acde");
});

test("of very many rows the nearest stays, and the rest is counted", () => {
  const many = Array.from({ length: 500 }, (_, index) => entry(`s${index}`, index, index === 400));
  const { rows, left } = tooltipRows(many, { mode: "multi" });
  expect(rows.length).toBe(TOOLTIP_ROWS);
  expect(left).toBe(500 - TOOLTIP_ROWS);
  expect(rows.at(-1)!.name).toBe("s400");
});

test("a box stays in its room", () => {
  const size = { width: 100, height: 50 };
  const room = { width: 300, height: 200 };
  expect(placeBox({ x: 20, y: 20 }, size, room)).toEqual({ left: 34, top: 34 });
  expect(placeBox({ x: 290, y: 190 }, size, room)).toEqual({ left: 176, top: 126 });
  const wide = placeBox({ x: 50, y: 10 }, { width: 290, height: 190 }, room);
  expect(wide.left + 290).toBeLessThanOrEqual(300);
  expect(wide.top).toBe(0);
});

test("the nearest time is found", () => {
  expect(nearestIndex([10, 20, 30], 24)).toBe(1);
  expect(nearestIndex([10, 20, 30], 26)).toBe(2);
  expect(nearestIndex([10, 20, 30], -5)).toBe(0);
  expect(nearestIndex([], 5)).toBe(-1);
});
