import { expect, test } from "vitest";
import { reduce, reduceNumber, reducerOf, REDUCERS } from "../../../src/core/frame/reducers.ts";
import { field } from "./frames.ts";

const counter = field("Value", [1, 5, null, 2, 8, NaN]);

test("reducers of a column with gaps", () => {
  const got = Object.fromEntries(["lastNotNull", "last", "first", "min", "max", "mean", "sum", "count", "range", "diff", "delta", "distinctCount", "p50", "stdDev"].map((id) => [id, reduce(counter, id)]));
  expect(got).toMatchObject({ lastNotNull: 8, last: NaN, first: 1, min: 1, max: 8, mean: 4, sum: 16, count: 5, range: 7, diff: 7, delta: 4 });
});

test("missing values as the column's config says", () => {
  const values = [null, 4];
  expect(reduce(field("Value", values), "mean")).toBe(4);
  expect(reduce({ type: "number", values, config: { nullValueMode: "null as zero" } }, "mean")).toBe(2);
  expect(reduce({ type: "number", values, config: { nullValueMode: "connected" } }, "count")).toBe(1);
});

test("texts have a first and a last", () => {
  const texts = field("version", ["1.0", "1.1", null]);
  expect([reduce(texts, "lastNotNull"), reduce(texts, "first"), reduce(texts, "count"), reduce(texts, "max")]).toEqual(["1.1", "1.0", 2, null]);
});

test("nothing to reduce, and no such reducer", () => {
  const empty = field("Value", [], { type: "number" });
  expect([reduce(empty, "sum"), reduce(empty, "mean"), reduce(empty, "allIsNull"), reduce(counter, "nope"), reduce(counter, "constructor")]).toEqual([0, null, true, null, null]);
  expect(reduceNumber(empty, "mean")).toBeNaN();
});

test("old names, and names for people", () => {
  expect(reduce(counter, "current")).toBe(reduce(counter, "last"));
  expect(reducerOf("avg")?.name).toBe("Mean");
  expect(REDUCERS.find(({ id }) => id === "p92")?.name).toBe("92nd %");
});
