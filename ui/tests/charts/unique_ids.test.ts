import { expect, test } from "vitest";
import { uniqueIds, uniqueKeys } from "../../src/charts/unique_ids.ts";

test("names that are the same get numbers that no other has", () => {
  expect(uniqueIds(["a", "b", "a", "a"])).toEqual(["a", "b", "a (2)", "a (3)"]);
  expect(uniqueIds(["a", "a (2)", "a", "a"])).toEqual(["a", "a (2)", "a (3)", "a (4)"]);
  expect(uniqueIds(["a", "a", "a (2)"])).toEqual(["a", "a (3)", "a (2)"]);
  expect(new Set(uniqueIds(Array(5000).fill("x"))).size).toBe(5000);
});

test("rows of one key get keys of their own, and others stay as they are", () => {
  const fine = [{ index: 0, key: "a" }, { index: 1, key: "b" }];
  expect(uniqueKeys(fine)).toBe(fine);
  const twice = [{ index: 4, key: "a" }, { index: 5, key: "a" }, { index: 6, key: "b" }, { index: 7, key: "a" }];
  const keys = uniqueKeys(twice).map((item) => item.key);
  expect(new Set(keys).size).toBe(4);
  expect(keys[0]).toBe("a");
});
