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

const places = (panels: object[]) => load({ panels }).dashboard.panels.map(({ title, gridPos: { x, y } }) => `${title} ${x},${y}`);
const row = (title: string, y?: number) => ({ type: "row", title, collapsed: false, ...(y === undefined ? {} : { gridPos: { x: 0, y, w: 24, h: 1 } }) });
const lost = (title: string) => ({ type: "stat", title });

test("panels without a place stand side by side after all others under their row, as high up as these allow", () => {
  expect(places([row("A", 0), panel("a", 4, 1), lost("b"), lost("c"), lost("d"), panel("e", 4, 5), row("B", 9), panel("f", 4, 10), lost("g")])).toEqual(
    ["A 0,0", "a 0,1", "c 12,1", "e 0,5", "b 0,9", "d 0,17", "B 0,25", "f 0,26", "g 0,30"],
  );
  expect(places([lost("a"), panel("b", 4, 0)])).toEqual(["b 0,0", "a 0,4"]);
});

test("where rows have no places either, all follow one another", () => {
  expect(places([row("A"), lost("a"), lost("b"), row("B"), lost("c")])).toEqual(["A 0,0", "a 0,1", "b 12,1", "B 0,9", "c 0,10"]);
});
