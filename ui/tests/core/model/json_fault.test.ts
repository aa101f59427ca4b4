import { describe, expect, test } from "vitest";
import { jsonFault } from "../../../src/core/model/json_fault.ts";

describe("jsonFault", () => {
  test("finds nothing in what the browser reads", () => {
    for (const value of [{}, [], "a\n\"\\\u0001", -1.5e-7, 0, true, null, { a: [{ b: [] }, "ü€", { "": {} }] }]) {
      expect(jsonFault(JSON.stringify(value))).toBeNull();
      expect(jsonFault(`\n ${JSON.stringify(value, null, 2)}\t\r\n`)).toBeNull();
    }
  });

  test("tells line and column of what is wrong", () => {
    const where = (text: string) => {
      const fault = jsonFault(text);
      return fault && [fault.line, fault.column, fault.message];
    };
    expect(where('{\n  "a": 1\n  "b": 2\n}')).toEqual([3, 3, '"," or "}" is missing here']);
    expect(where('{\n  "a": tru,\n}')).toEqual([2, 8, '"tru" is no value']);
    expect(where('{"a": 1,}')).toEqual([1, 8, "a comma before nothing"]);
    expect(where("{'a': 1}")).toEqual([1, 2, "a name in quotes is expected here"]);
    expect(where('{"a" 1}')).toEqual([1, 6, '":" is missing behind the name']);
    expect(where('["abc\n"]')).toEqual([1, 2, "a text is not closed"]);
    expect(where('{"a": [1, 2}')).toEqual([1, 12, '"," or "]" is missing here']);
    expect(where('{"a": {')).toEqual([1, 8, "the text ends too soon"]);
    expect(where("")).toEqual([1, 1, "the text ends too soon"]);
    expect(where("{} {}")).toEqual([1, 4, "there is more behind the end"]);
    expect(where('["\\x"]')).toEqual([1, 3, "this is no escape"]);
    expect(where("[01]")).toEqual([1, 3, '"," or "]" is missing here']);
  });

  test("agrees with the browser whether a text is JSON", () => {
    const good = JSON.stringify({ a: [1, "x", { b: null }], c: -0.5 });
    for (let at = 0; at < good.length; at++) {
      for (const text of [good.slice(0, at) + good.slice(at + 1), `${good.slice(0, at)},${good.slice(at)}`, good.slice(0, at)]) {
        let reads = true;
        try {
          JSON.parse(text);
        } catch {
          reads = false;
        }
        expect(jsonFault(text) === null, text).toBe(reads);
      }
    }
  });

  test("is not brought down by depth", () => {
    expect(jsonFault("[".repeat(100_000))?.message).toContain("deeper");
  });
});
