import { expect, test } from "vitest";
import { layBoxes } from "../../src/panels/boxes.ts";
import { barGradient, filledShare, lcdCells } from "../../src/panels/bargauge/bars.ts";
import { angleOf, ringPath, START, SWEEP, thresholdPieces } from "../../src/panels/gauge/arc.ts";
import { gaugePieces, richOptions } from "../../src/panels/gauge/rich.ts";
import { pieSlices } from "../../src/panels/piechart/slices.ts";
import { percentChange, statTexts } from "../../src/panels/stat/stat.ts";
import { panelValues, VALUES_SHOWN, valueText, withUnitRange } from "../../src/panels/values.ts";
import { applyFieldConfig } from "../../src/core/frame/overrides.ts";
import { type Field, frame } from "../../src/core/frame/frame.ts";

const number = (name: string, values: unknown[], config = {}): Field => ({ name, type: "number", values, config, display: name });
const frames = [frame([{ name: "Time", type: "time", values: [1, 2, 3], config: {} }, number("a", [1, 2, null]), { name: "version", type: "string", values: ["1.0", "1.1", "1.2"], config: {}, display: "version" }])];

const names = (options: Parameters<typeof panelValues>[1]) => panelValues(frames, options, "dark", "utc").values.map((value) => [value.name, value.display.text]);

test("columns are reduced: numbers, or those that are chosen", () => {
  expect(names({ calcs: ["lastNotNull"] })).toEqual([["a", "2"]]);
  expect(names({ calcs: [] })).toEqual([["a", "2"]]);
  expect(names({ calcs: ["lastNotNull"], fields: "/^version$/" })).toEqual([["version", "1.2"]]);
  expect(names({ calcs: ["nonsense"], fields: "version" })).toEqual([["version", "1.2"]]);
  expect(names({ values: true })).toEqual([["1.0", "1"], ["1.1", "2"], ["1.2", ""]]);
});

test("rows are called by their texts, with the column's name where there are several, or as the config says", () => {
  const text = (name: string, values: unknown[], config = {}): Field => ({ name, type: "string", values, config });
  const rows = (fields: Field[]) => panelValues([frame(fields)], { values: true }, "dark", "utc").values.map((value) => `${value.name}=${value.display.text}`);
  expect(rows([text("job", ["a", ""]), text("pod", ["p", "q"]), number("Value", [1, 2])])).toEqual(["a p=1", "q=2"]);
  expect(rows([text("job", ["a"]), number("x", [1]), number("y", [2])])).toEqual(["a x=1", "a y=2"]);
  expect(rows([number("x", [1, 2])])).toEqual(["x=1", "x=2"]);
  expect(rows([text("up", ["1"], { mappings: [{ type: "value", options: { 1: { text: "yes" } } }] }), number("x", [3])])).toEqual(["yes=3"]);
  expect(rows([text("job", ["a", "b"]), number("x", [1, 2], { displayName: "X" })])).toEqual(["X=1", "X=2"]);
  const titled = applyFieldConfig([frame([text("job", ["a", "b"]), number("x", [1, 2])])], { defaults: { displayName: "of ${__data.fields.job}" }, overrides: [] }, (title) => title);
  expect(panelValues(titled, { values: true }, "dark", "utc").values.map(({ name }) => name)).toEqual(["of a", "of b"]);
});

test("every calculation gives a value, and a palette has a colour for each row", () => {
  expect(names({ calcs: ["min", "nonsense", "max"] })).toEqual([["a", "1"], ["a", "2"]]);
  const colors = panelValues([frame([number("x", [1, 2], { color: { mode: "palette-classic" } })])], { values: true }, "dark", "utc").values.map(({ display }) => display.color);
  expect(new Set(colors).size).toBe(2);
});

test("columns that are hidden from the picture are in none", () => {
  const hidden = number("b", [7], { custom: { hideFrom: { viz: true } } });
  expect(panelValues([frame([number("a", [1]), hidden])], {}, "dark", "utc").values.map((value) => value.name)).toEqual(["a"]);
});

test("what has no text is no data, or what the panel says", () => {
  const empty = panelValues([frame([number("x", [null])])], {}, "dark", "utc").values[0]!;
  expect(valueText(empty)).toBe("No data");
  const none = panelValues([frame([number("x", [null], { noValue: "-" })])], {}, "dark", "utc").values[0]!;
  expect(valueText(none)).toBe("-");
});

test("where nothing came, what the panel says for that is its value", () => {
  const shown = (missing: Field["config"], given: Parameters<typeof panelValues>[0] = []) => panelValues(given, {}, "dark", "utc", { missing }).values.map((value) => [valueText(value), value.display.color]);
  const red = { mode: "absolute" as const, steps: [{ value: null, color: "red" }] };
  expect(shown({ noValue: "0", thresholds: red })).toEqual([["0", "#F2495C"]]);
  expect(shown({ mappings: [{ type: "special", options: { match: "null", result: { text: "N/A" } } }] })).toEqual([["N/A", "#73BF69"]]);
  expect(shown({ unit: "s" })).toEqual([]);
  expect(shown({ noValue: "0" }, [frame([number("x", [5])])])).toEqual([["5", "#73BF69"]]);
});

test("too many values are counted", () => {
  const many = [frame([number("x", Array.from({ length: 1000 }, (_, index) => index))])];
  const { values, left } = panelValues(many, { values: true }, "dark", "utc");
  expect([values.length, left]).toEqual([VALUES_SHOWN, 1000 - VALUES_SHOWN]);
  expect(panelValues(many, { values: true, limit: 5 }, "dark", "utc").values).toHaveLength(5);
});

test("percent units have the range that everybody means", () => {
  expect(withUnitRange(number("x", [], { unit: "percentunit" })).config).toMatchObject({ min: 0, max: 1 });
  expect(withUnitRange(number("x", [], { unit: "percent", max: 50 })).config).toMatchObject({ min: 0, max: 50 });
  expect(withUnitRange(number("x", [])).config.max).toBeUndefined();
  expect(withUnitRange(number("x", []), { min: 0, max: 100 }).config.max).toBe(100);
});

test("boxes fill the room", () => {
  expect(layBoxes(1, { width: 100, height: 50 }, "auto")).toMatchObject({ columns: 1, rows: 1, width: 100, height: 50 });
  expect(layBoxes(4, { width: 800, height: 80 }, "auto").columns).toBe(4);
  expect(layBoxes(4, { width: 100, height: 400 }, "auto").columns).toBe(1);
  expect(layBoxes(3, { width: 300, height: 90 }, "horizontal")).toMatchObject({ columns: 1, rows: 3 });
  expect(layBoxes(3, { width: 300, height: 90 }, "vertical")).toMatchObject({ columns: 3, rows: 1 });
});

test("a stat names its values where there are several", () => {
  expect(statTexts("auto", 1)).toEqual({ name: false, value: true });
  expect(statTexts("auto", 2)).toEqual({ name: true, value: true });
  expect(statTexts("name", 1)).toEqual({ name: true, value: false });
  expect(percentChange([null, 50, 60, null])).toBeCloseTo(0.2);
  expect(percentChange([0, 5])).toBeNull();
});

test("gauges: angles, rings and thresholds", () => {
  expect(angleOf(0)).toBe(START);
  expect(angleOf(2)).toBe(START + SWEEP);
  expect(ringPath(0, 0, 10, 5, 10, 10)).toBe("");
  // A whole ring has a middle: an arc from a point to itself is not drawn.
  expect(ringPath(0, 0, 10, 5, 0, 360)).toBe("M0.00 -10.00A10 10 0 0 1 0.00 10.00A10 10 0 0 1 -0.00 -10.00ZM0.00 -5.00A5 5 0 0 0 0.00 5.00A5 5 0 0 0 0.00 -5.00Z");
  const steps = [{ value: null, color: "green" }, { value: 50, color: "orange" }, { value: 200, color: "red" }];
  expect(thresholdPieces(steps, false, { min: 0, max: 100 }).map((piece) => [piece.from, piece.to, piece.color])).toEqual([[0, 0.5, "green"], [0.5, 1, "orange"]]);
  expect(thresholdPieces(steps.slice(0, 2), true, { min: 0, max: 10 })[1]).toMatchObject({ from: 0.5, value: 5 });
});

test("bars are filled by their share of the range", () => {
  expect(filledShare(5, { min: 0, max: 10 })).toBe(0.5);
  expect(filledShare(NaN, { min: 0, max: 10 })).toBe(0);
  expect(filledShare(Infinity, { min: 0, max: 10 })).toBe(1);
  const display = (value: unknown) => ({ text: "", numeric: 0, color: (value as number) > 5 ? "red" : "green" });
  expect(lcdCells(100, 4, { min: 0, max: 10 }, display).filter((cell) => cell.lit)).toHaveLength(4);
  expect(barGradient({ min: 0, max: 10 }, display)).toMatch(/^green 0.0%, red/);
});

test("slices of a pie: largest first, hidden ones take no room, nothing below zero", () => {
  const { values } = panelValues([frame([number("a", [1])]), frame([number("b", [3])]), frame([number("c", [-1])])], {}, "dark", "utc");
  const slices = pieSlices(values, new Set(), undefined);
  expect(slices.map((slice) => [slice.id, slice.share, slice.to])).toEqual([["b", 0.75, 270], ["a", 0.25, 360]]);
  expect(pieSlices(values, new Set(["b"]), undefined).map((slice) => slice.share)).toEqual([0, 1]);
});

test("gauges of segments, from a neutral value, in a circle, in many colours", () => {
  const range = { min: -10, max: 10 };
  const lit = (value: number, options: Record<string, unknown>) => gaugePieces(value, range, richOptions(options)).pieces.filter((piece) => piece.lit).map(({ from, to }) => [Math.round(from), Math.round(to)]);
  expect(lit(5, {})).toEqual([[-120, 60]]);
  expect(lit(5, { neutral: 0 })).toEqual([[0, 60]]);
  expect(lit(-5, { neutral: 0 }), "below the neutral value to the other side").toEqual([[-60, 0]]);
  expect(lit(5, { shape: "circle" })).toEqual([[0, 270]]);
  expect(lit(0, { segmentCount: 4, segmentSpacing: 0, shape: "circle" })).toEqual([[0, 90], [90, 180]]);
  expect(lit(1, { segmentCount: 4, segmentSpacing: 0, shape: "circle" }), "one that is reached is full").toHaveLength(3);
  expect(lit(1, { segmentCount: 4, segmentSpacing: 0, shape: "circle", neutral: 0 })).toEqual([[180, 270]]);
  expect(lit(0, { segmentCount: 4, segmentSpacing: 0.5, shape: "circle" })[0]).toEqual([23, 68]);
  expect(lit(10, { effects: { gradient: true } })).toHaveLength(48);
  expect([NaN, -10].map((value) => lit(value, {}))).toEqual([[], []]);
  expect(richOptions({ barWidthFactor: "x", segmentCount: 1e9, endpointMarker: "point", barShape: "rounded" })).toMatchObject({ thickness: 0.28, segments: 100, rounded: false, endpoint: "point", neutral: undefined });
});
