import { describe, expect, it } from "vitest";
import { errorOf, positionIn, readable } from "../../src/api/errors.ts";

describe("errorOf", () => {
  it("says what Prometheus said and where", () => {
    const error = errorOf(400, "Bad Request", '{"status":"error","errorType":"bad_data","error":"1:7: parse error: unexpected )"}');
    expect(error.message).toBe("1:7: parse error: unexpected )");
    expect(error.kind).toBe("bad_data");
    expect(error.position).toEqual({ line: 1, column: 7 });
  });
  it("says what Grafana's API and Loki said", () => {
    expect(errorOf(412, "", '{"message":"changed","status":"version-mismatch"}')).toMatchObject({ message: "changed", kind: "version-mismatch" });
    expect(errorOf(400, "", "parse error at line 1, col 3: x").position).toEqual({ line: 1, column: 3 });
  });
  it("has words where the server has none, or a page", () => {
    expect(errorOf(502, "Bad Gateway", "<html>").message).toContain("can't be reached");
    expect(errorOf(418, "Teapot", "").message).toBe("the server answered 418 Teapot");
    expect(positionIn("no place")).toBeNull();
  });
});

describe("readable", () => {
  it("knows a part of the pages that did not come, in the words of each browser", () => {
    for (const said of ["Failed to fetch dynamically imported module: http://h/a.js", "error loading dynamically imported module: http://h/a.js", "Importing a module script failed."])
      expect(readable(new TypeError(said))).toBe("the server can't be reached, or has newer pages");
    expect(readable(new TypeError("x is undefined"))).toBe("x is undefined");
  });
});
