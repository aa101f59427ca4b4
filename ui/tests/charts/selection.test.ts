import { expect, test } from "vitest";
import { clickLegend, keepKnown } from "../../src/charts/selection.ts";

const names = ["a", "b", "c"];

test("a click isolates, a second one shows all again", () => {
  const one = clickLegend(new Set(), names, "b", false);
  expect([...one]).toEqual(["a", "c"]);
  expect([...clickLegend(one, names, "b", false)]).toEqual([]);
  expect([...clickLegend(one, names, "a", false)]).toEqual(["b", "c"]);
});

test("a click with ctrl takes out and puts in; the last one can't be taken out", () => {
  const without = clickLegend(new Set(), names, "b", true);
  expect([...without]).toEqual(["b"]);
  expect([...clickLegend(without, names, "b", true)]).toEqual([]);
  expect([...clickLegend(new Set(["a", "b"]), names, "c", true)]).toEqual([]);
});

test("names that are gone are forgotten; if all that were shown are gone, all are shown", () => {
  expect([...keepKnown(new Set(["a", "x"]), names)]).toEqual(["a"]);
  expect([...keepKnown(new Set(["a", "b"]), ["a", "b"])]).toEqual([]);
});
