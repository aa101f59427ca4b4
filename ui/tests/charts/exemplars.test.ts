import { expect, test } from "vitest";
import { EXEMPLAR_PARTS, exemplarFrames, exemplarsIn } from "../../src/charts/exemplars.ts";
import { frame } from "../../src/core/frame/frame.ts";

const exemplars = (times: unknown[], values: unknown[]) =>
  frame([{ name: "Time", type: "time", values: times, config: {} }, { name: "Value", type: "number", values, config: {} }], { meta: { kind: "exemplars" } });

test("exemplars in the range, in order; what is no number or lies elsewhere is left out", () => {
  const made = exemplarsIn([exemplars([500, 100, 2000, null, 300], [1, 2, 3, 4, NaN])], { from: 0, to: 1000 });
  expect(made.map(({ time, value, row }) => [time, value, row])).toEqual([[100, 2, 1], [500, 1, 0]]);
});

test("of many the largest of each part are kept", () => {
  const count = 10_000;
  const at = Array.from({ length: count }, (_, index) => index / 10);
  const made = exemplarsIn([exemplars(at, at.map((_, index) => index % 67))], { from: 0, to: 1000 });
  expect(made.length).toBeLessThanOrEqual(2 * EXEMPLAR_PARTS);
  expect(made.length).toBeGreaterThan(EXEMPLAR_PARTS);
  // Each part has some 67 samples: its largest are there.
  expect(made.filter(({ value }) => value >= 60).length).toBeGreaterThan(made.length * 0.9);
});

test("frames of exemplars are told from others", () => {
  const other = frame([{ name: "Value", type: "number", values: [1], config: {} }], { meta: { kind: "timeseries" } });
  const own = exemplars([1], [1]);
  expect(exemplarFrames([other, own])).toEqual([own]);
});
