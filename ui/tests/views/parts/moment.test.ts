import { afterEach, expect, test } from "vitest";
import { session } from "../../../src/page/session.svelte.ts";
import { Pane } from "../../../src/views/explore/pane.svelte.ts";
import { moment } from "../../../src/views/parts/moment.ts";

const before = session.data;
afterEach(() => (session.data = before));

test("moments are of the zone that the person has chosen", () => {
  const at = Date.UTC(2026, 10, 28, 19, 52, 35);
  session.data = { ...before, timezone: "Asia/Tokyo" };
  expect(moment(at)).toBe("2026-11-29 04:52:35");
  expect(moment("2026-11-28T19:52:35Z")).toBe("2026-11-29 04:52:35");
  session.data = { ...before, timezone: "utc" };
  expect(moment(at)).toBe("2026-11-28 19:52:35");
  expect(moment("soon")).toBe("–");
});

test("so are the panes of Explore", () => {
  const pane = { id: "a", datasource: "", queries: [], range: { from: "now-1h", to: "now" } };
  session.data = { ...before, timezone: "Asia/Tokyo" };
  expect(new Pane(pane).zone).toBe("Asia/Tokyo");
  session.data = { ...before, timezone: "" };
  expect(new Pane(pane).zone).toBe("browser");
});
