import { expect, test } from "vitest";
import { buildScales, scaleRange, tickTexts, valueTicks } from "../../src/charts/scales.ts";
import { formatValue } from "../../src/core/frame/units.ts";

const one = (config: Parameters<typeof buildScales>[0][number], bars = false) => buildScales([config], [bars]).scales[0]!;

test("columns of one unit share a scale, the next unit stands at the right", () => {
  const { scales, keys } = buildScales([{ unit: "bytes" }, { unit: "s" }, { unit: "bytes" }, { unit: "s", custom: { axisPlacement: "left" } }]);
  expect(keys[0]).toBe(keys[2]);
  expect(scales.map((scale) => [scale.unit, scale.side])).toEqual([["bytes", "left"], ["s", "right"], ["s", "left"]]);
});

test("zero is taken in where it is near, and room is left above", () => {
  expect(scaleRange(one({}), 0.5, 10)).toEqual([0, 11]);
  const [low, high] = scaleRange(one({}), 100, 110);
  expect(low).toBeLessThan(100);
  expect(low).toBeGreaterThan(90);
  expect(high).toBeGreaterThanOrEqual(111);
  expect(scaleRange(one({}), -10, -0.5)[1]).toBe(0);
});

test("hard limits stand, soft ones give way", () => {
  expect(scaleRange(one({ min: 0, max: 1 }), -5, 9)).toEqual([0, 1]);
  const soft = one({ custom: { axisSoftMin: 0, axisSoftMax: 100 } });
  expect(scaleRange(soft, 20, 50)).toEqual([0, 100]);
  expect(scaleRange(soft, 20, 200)[1]).toBeGreaterThan(200);
});

test("bars stand on zero; a centred zero is in the middle; nothing at all is 0 to 1", () => {
  expect(scaleRange(one({}, true), 90, 100)[0]).toBe(0);
  const [low, high] = scaleRange(one({ custom: { axisCenteredZero: true } }), -2, 8);
  expect(low).toBe(-high);
  expect(scaleRange(one({}), null, null)).toEqual([0, 1]);
  const flat = scaleRange(one({}), 5, 5);
  expect(flat[0]).toBe(0);
  expect(flat[1]).toBeGreaterThan(5);
});

test("a logarithmic scale reaches from power to power and never to zero", () => {
  const log = one({ custom: { scaleDistribution: { type: "log", log: 10 } } });
  expect(scaleRange(log, 3, 4000)).toEqual([1, 10_000]);
  expect(scaleRange(log, 0, 100)[0]).toBeGreaterThan(0);
});

test("ticks are round, in 1024s for bytes", () => {
  expect(valueTicks(0, 10, 5, "short")).toEqual([0, 2, 4, 6, 8, 10]);
  expect(valueTicks(0, 0.3, 3, "s")).toEqual([0, 0.1, 0.2, 0.3]);
  expect(valueTicks(0, 3000, 3, "bytes")).toEqual([0, 1024, 2048]);
  expect(valueTicks(5, 5, 3, "s")).toEqual([]);
});

test("ticks that look the same get decimals", () => {
  const write = (value: number, decimals?: number) => {
    const { text, suffix = "" } = formatValue("short", value, decimals);
    return text + suffix;
  };
  const texts = tickTexts([1_000_100, 1_000_200, 1_000_300], write);
  expect(new Set(texts).size).toBe(3);
});
