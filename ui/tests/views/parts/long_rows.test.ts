import { describe, expect, it } from "vitest";
import { distinctKeys, rowsBetween, tops } from "../../../src/views/parts/long_rows.ts";

const ALL = tops(5, (at) => [10, 20, 30, 40, 50][at]!);

describe("long lists", () => {
  it("know where rows stand", () => expect([...ALL]).toEqual([0, 10, 30, 60, 100, 150]));

  it.each([
    [-100, 0, [0, 0]],
    [-5, 1, [0, 1]],
    [0, 10, [0, 1]],
    [10, 30, [1, 2]],
    [9, 31, [0, 3]],
    [59, 61, [2, 4]],
    [140, 900, [4, 5]],
    [150, 900, [5, 5]],
    [-100, 900, [0, 5]],
  ])("%d to %d shows rows %j", (from, to, wanted) => expect(rowsBetween(ALL, from, to)).toEqual(wanted));

  it("may be empty", () => expect(rowsBetween(tops(0, () => 1), 0, 100)).toEqual([0, 0]));

  it("tell equal keys apart", () => expect(distinctKeys(["a", "b", "a", "a"])).toEqual(["a", "b", "a #1", "a #2"]));
});
