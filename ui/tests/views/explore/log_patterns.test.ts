import { expect, test } from "vitest";
import { bars, patternsOf } from "../../../src/views/explore/log_patterns.ts";

test("patterns come with their counts, the most frequent first; what is none is left out", () => {
  const found = patternsOf([{ pattern: "a <_>", level: "unknown", samples: [[1, 2], [2, 1]] }, null, { pattern: 5, samples: [] }, { pattern: "b", level: "error", samples: [[1, 9], "x", [null, 1]] }]);
  expect(found.map(({ pattern, level, lines }) => [pattern, level, lines])).toEqual([["b", "error", 9], ["a <_>", "", 3]]);
  expect(patternsOf({})).toEqual([]);
});

test("bars are shares of the most, within the span", () => {
  const pattern = { pattern: "x", level: "", lines: 7, samples: [[10, 4], [15, 2], [99, 1]] as [number, number][] };
  expect(bars(pattern, { from: 10_000, to: 20_000 }, 2)).toEqual([1, 0.75]);
});
