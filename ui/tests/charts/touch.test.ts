import { expect, test } from "vitest";
import { pinched } from "../../src/charts/touch.ts";

const HOUR = { from: 0, to: 3_600_000 };

test("fingers that go apart shorten the range around the time between them", () => {
  expect(pinched(HOUR, 400, [100, 100], [50, 100])).toEqual({ from: 450_000, to: 2_250_000 });
  expect(pinched(HOUR, 400, [200, 200], [100, 50])).toEqual({ from: -1_800_000, to: 5_400_000 });
});

test("two fingers that move together push the time", () => {
  expect(pinched(HOUR, 400, [100, 200], [80, 80])).toEqual({ from: -900_000, to: 2_700_000 });
});

test("fingers on one spot, or a width of none, give a range all the same", () => {
  const near = pinched(HOUR, 400, [10, 10], [0, 0]);
  expect(near).toEqual(HOUR);
  const { from, to } = pinched({ from: 0, to: 1000 }, 400, [200, 200], [30, 3000]);
  expect(to - from).toBe(1000);
});
