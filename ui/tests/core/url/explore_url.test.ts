import { describe, expect, test } from "vitest";
import { explorePath, parseExploreUrl, writeExploreUrl } from "../../../src/core/url/explore_url.ts";

let count = 0;
const parse = (search: string) => parseExploreUrl(search, "utc", () => `n${String(count++).padStart(2, "0")}`);
const json = (value: unknown) => encodeURIComponent(JSON.stringify(value));
const query = { refId: "A", datasource: { type: "prometheus", uid: "p" }, expr: "up" };
const range = { from: "now-1h", to: "now" };

describe("read", () => {
  test("today's form, split too", () => {
    const panes = { abc: { datasource: "p", queries: [query], range }, xyz: { datasource: "l", queries: [{ ...query, refId: "B" }], range, panelsState: { logs: 1 } } };
    const url = parse(`?schemaVersion=1&panes=${json(panes)}&orgId=1&more=x`);
    expect(url.panes).toEqual([{ id: "abc", ...panes.abc }, { id: "xyz", ...panes.xyz }]);
    expect([url.orgId, url.rest]).toEqual(["1", [["more", "x"]]]);
  });

  test("older forms", () => {
    expect(parse(`?left=${json({ datasource: "Prometheus", queries: [{ expr: "up" }], range: { from: "1700000000000", to: "now" } })}`).panes).toMatchObject([
      { datasource: "Prometheus", queries: [{ refId: "A", expr: "up" }], range: { from: "2023-11-14T22:13:20.000Z", to: "now" } },
    ]);
    const list = parse(`?left=${json(["now-2h", "now", "Prometheus", { expr: "up" }, { mode: "Metrics" }, { ui: [true] }])}&right=${json(["now-1h", "now", "Loki", { expr: "{}", refId: "A" }])}`);
    expect(list.panes).toMatchObject([
      { datasource: "Prometheus", queries: [{ refId: "A", expr: "up" }], range: { from: "now-2h", to: "now" } }, { datasource: "Loki", queries: [{ expr: "{}" }] },
    ]);
    expect(list.panes[0]!.queries.length).toBe(1);
  });

  test("ids that are not three characters, or there twice, are new", () => {
    const ids = parse(`?panes=${json({ left: { queries: [] }, "1": { queries: [] } })}`).panes.map(({ id }) => id);
    expect(ids.every((id) => /^n\d\d$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(2);
  });

  test.each(["", "?panes=", "?panes={", "?panes=[1]", "?panes=null", `?panes=${json({ abc: null })}`, "?left=5", `?left=${json([])}`])("broken: %s", (search) => {
    const { panes } = parse(search);
    expect(panes.length).toBe(1);
    expect(panes[0]).toMatchObject({ queries: [], range: { to: "now" } });
  });

  test("broken parts are left out", () => {
    const panes = { abc: { datasource: 5, queries: [null, "x", { expr: 5, datasource: 7, refId: "" }, { datasource: "loki", refId: "A" }], range: { from: "junk", to: 1_700_000_000_000 } } };
    expect(parse(`?panes=${json(panes)}`).panes[0]).toEqual({
      id: "abc", datasource: "", queries: [{ refId: "B" }, { datasource: { uid: "loki" }, refId: "A" }], range: { from: "now-1h", to: "2023-11-14T22:13:20.000Z" },
    });
  });
});

test("written and read again", () => {
  const pane = { id: "abc", datasource: "p", queries: [{ refId: "A", expr: 'up{a="b & c"} # 100%' }], range: { from: "2023-11-14T22:13:20.000Z", to: "now" } };
  const written = writeExploreUrl({ panes: [pane], orgId: "1", theme: "dark", rest: [["x", null]] });
  expect(written).toMatch(/^\/explore\?schemaVersion=1&panes=/);
  expect(written).toContain("1700000000000");
  expect(parse(written.slice("/explore".length))).toEqual({ panes: [pane], orgId: "1", theme: "dark", rest: [["x", null]] });
  expect(parse(explorePath("p", [query]).slice("/explore".length)).panes[0]).toMatchObject({ datasource: "p", queries: [query] });
});
