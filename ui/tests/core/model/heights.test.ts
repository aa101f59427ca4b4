import { expect, test } from "vitest";
import { load } from "../../../src/core/model/migrate.ts";

const panel = (title: string, h: unknown, y: number) => ({ type: "stat", title, gridPos: { x: 0, y, w: 12, h } });

test("a panel of an impossible height leaves the others within reach, and says so", () => {
  const { dashboard, notices } = load({ panels: [panel("broken", 1e9, 0), panel("after", 8, 9e4), panel("high", 200, 9.5e4)] });
  expect(dashboard.panels.map(({ title, gridPos }) => [title, gridPos.y, gridPos.h])).toEqual([["broken", 0, 8], ["after", 8, 8], ["high", 16, 200]]);
  expect(notices).toEqual([{ severity: "warning", panel: "broken", text: "it is 1000000000 rows high, and at most 200 can be; it gets the usual 8" }]);
});

test("what is no height is the usual one", () => {
  const heights = [null, "x", NaN, -5, 0, "12", 3.6, {}, [], Infinity].map((h) => load({ panels: [panel("a", h, 0)] }).dashboard.panels[0]!.gridPos.h);
  expect(heights).toEqual([8, 8, 8, 1, 1, 12, 4, 8, 8, 8]);
});
