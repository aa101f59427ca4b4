import { expect, test } from "vitest";
import { cssColor, parseColor, textOn, withAlpha } from "../../../src/core/frame/colors.ts";
import type { FieldConfig } from "../../../src/core/frame/config.ts";
import { displayProcessor, displayText } from "../../../src/core/frame/display_processor.ts";
import type { Field } from "../../../src/core/frame/frame.ts";
import { continuousScale, paletteColor, placeOfName } from "../../../src/core/frame/palettes.ts";
import { seriesColor } from "../../../src/core/frame/series_color.ts";
import { field } from "./frames.ts";

const shown = (column: Field, value: unknown) => displayProcessor(column, "dark", "utc")(value);
const number = (config: FieldConfig, values: unknown[] = [0, 50, 100]) => field("Value", values, { type: "number", config });

test("text, unit and colour of a number", () => {
  const column = number({ unit: "bytes", thresholds: { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 2048, color: "dark-red" }] } });
  expect(shown(column, 1024)).toEqual({ text: "1", suffix: " KiB", numeric: 1024, color: "#73BF69", percent: 10.24 });
  expect(shown(column, 4096).color).toBe("#C4162A");
});

test("mappings win over units, and patterns keep their groups", () => {
  const column = number({
    unit: "short",
    noValue: "-",
    mappings: [
      { type: "value", options: { "1": { text: "up", color: "green" }, "2": { color: "red" } } },
      { type: "range", options: { from: null, to: -1, result: { text: "negative" } } },
      { type: "regex", options: { pattern: "^node-(\\d+).*", result: { text: "n$1" } } },
      { type: "special", options: { match: "nan", result: { text: "none" } } },
      { type: "regex", options: { pattern: "(", result: { text: "broken" } } },
    ],
  });
  const texts = [1, 2, -5, "node-12.example", NaN, null, 1500].map((value) => displayText(shown(column, value)));
  expect(texts).toEqual(["up", "2", "negative", "n12", "none", "-", "1.50 K"]);
  expect(shown(column, 2).color).toBe("#F2495C");
});

test("names that all objects have are no mappings", () => {
  expect(shown(number({ mappings: [{ type: "value", options: {} }] }), "constructor").text).toBe("constructor");
});

test("times, booleans, texts, lists and objects", () => {
  expect(shown(field("Time", [0, 60_000]), 60_000).text).toBe("1970-01-01 00:01:00");
  expect(shown(field("Time", [0, 500]), 500).text).toBe("1970-01-01 00:00:00.500");
  expect(shown(field("ok", [true]), true).text).toBe("True");
  expect(shown(field("pod", ["007"]), "007").text).toBe("007");
  expect(shown(field("pods", ["a"]), ["a", "b"]).text).toBe("a, b");
  expect(shown(field("labels", [], { type: "other" }), { a: "b" }).text).toBe('{"a":"b"}');
  expect(shown(number({ unit: "dateTimeAsIso" }), "2024-01-02T03:04:05Z").text).toBe("2024-01-02 03:04:05");
});

test("the first step of thresholds is for all that is less, whatever value it has", () => {
  const thresholds = { mode: "absolute" as const, steps: [{ value: 0, color: "red" }, { value: -1, color: "green" }, { value: 0.01, color: "red" }] };
  expect([-2, -0.5, 0, 1].map((value) => shown(number({ thresholds }), value).color)).toEqual(["#F2495C", "#73BF69", "#73BF69", "#F2495C"]);
});

test("percent and percentage thresholds are of min and max, else of the values", () => {
  const thresholds = { mode: "percentage" as const, steps: [{ value: null, color: "green" }, { value: 50, color: "red" }] };
  expect(shown(number({ min: 0, max: 200, thresholds }), 90)).toMatchObject({ percent: 0.45, color: "#73BF69" });
  expect(shown(number({ thresholds }, [10, 20]), 16)).toMatchObject({ percent: 0.6, color: "#F2495C" });
  expect(shown(number({ min: 5, max: 5, thresholds }), 5)).toMatchObject({ percent: 0 });
});

test("a column's colour: palette by place, fixed, last value", () => {
  const values = [1, 90, null];
  expect(seriesColor({ ...number({ color: { mode: "palette-classic" } }, values), seriesIndex: 3 }, "dark")).toBe("#FF9830");
  expect(seriesColor(number({ color: { mode: "fixed", fixedColor: "semi-dark-blue" } }, values), "light")).toBe("#1F60C4");
  const thresholds = { steps: [{ value: null, color: "green" }, { value: 80, color: "red" }] };
  expect(seriesColor(number({ color: { mode: "thresholds" }, thresholds }, values), "dark")).toBe("#F2495C");
  expect(seriesColor(number({ color: { mode: "thresholds", seriesBy: "min" }, thresholds }, values), "dark")).toBe("#73BF69");
  expect(seriesColor(number({ color: { mode: "continuous-GrYlRd" } }, values), "dark")).toBe("rgb(242, 73, 92)");
  expect(seriesColor(number({ color: { mode: "shades", fixedColor: "blue" } }, values), "dark")).toBe("#5794F2");
});

test("palettes go round; a name keeps its place", () => {
  expect(paletteColor("palette-classic", 64, "dark")).toBe(paletteColor("palette-classic", 0, "dark"));
  expect(placeOfName("a")).toBe(placeOfName("a"));
  expect(continuousScale("continuous-nope", "dark")).toBeNull();
  expect(continuousScale("constructor", "dark")).toBeNull();
});

test("colours that are none are grey: nothing else gets into a style", () => {
  expect(cssColor("red;background:url(//evil)", "dark")).toBe("#808080");
  expect(cssColor("url(javascript:1)", "dark")).toBe("#808080");
  expect(cssColor("rgba(1, 2, 3, 0.5)", "dark")).toBe("rgba(1, 2, 3, 0.5)");
  expect(cssColor("#abc", "dark")).toBe("#abc");
  expect(cssColor("transparent", "dark")).toBe("rgba(0, 0, 0, 0)");
  expect(cssColor(undefined, "dark")).toBe("#808080");
});

test("colours taken apart", () => {
  expect(parseColor("#abc")).toEqual([170, 187, 204, 1]);
  expect(parseColor("rgb(1 2 3 / 50%)")).toEqual([1, 2, 3, 0.5]);
  expect(parseColor("red")).toBeNull();
  expect(withAlpha("#000000", 0.3)).toBe("rgba(0, 0, 0, 0.3)");
  expect([textOn("#ffffff"), textOn("#000000")]).toEqual(["#000", "#fff"]);
});
