import { expect, test } from "vitest";
import { queryAlong, withQuery } from "../../src/panels/dashlist/along.ts";

const values: Record<string, string> = { "${__url_time_range}": "from=now-1h&to=now", "${__all_variables}": "var-job=a" };
const interpolate = (text: string) => values[text] ?? text;

test("links take the time range and the variables along where the panel wants it", () => {
  expect(queryAlong({}, interpolate)).toBe("");
  expect(queryAlong({ keepTime: true }, interpolate)).toBe("from=now-1h&to=now");
  expect(queryAlong({ keepTime: true, includeVars: true }, interpolate)).toBe("from=now-1h&to=now&var-job=a");
  expect(queryAlong({ keepTime: "yes", includeVars: true }, () => "")).toBe("");
  expect(queryAlong({ includeVars: true }, (text) => text)).toBe("");
  expect([withQuery("/d/a", ""), withQuery("/d/a", "x=1"), withQuery("/d/a?orgId=1", "x=1")]).toEqual(["/d/a", "/d/a?x=1", "/d/a?orgId=1&x=1"]);
});
