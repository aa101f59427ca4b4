import { expect, it } from "vitest";
import { originalPath } from "../../../src/views/snapshots/original_path.ts";

const HERE = "https://watch.example";

it("a snapshot's link leads to a dashboard of this server or nowhere", () => {
  expect(originalPath(`${HERE}/d/abc/host?from=1`, HERE)).toBe(`${HERE}/d/abc/host?from=1`);
  expect(originalPath("/watch/d/abc", HERE)).toBe(`${HERE}/watch/d/abc`);
  for (const bad of ["https://elsewhere.example/d/abc", "javascript:alert(1)//d/x", "//elsewhere.example/d/abc", `${HERE}/logout`, 7, undefined, "http://[/d/"]) expect(originalPath(bad, HERE)).toBeNull();
});
