import { expect, test } from "vitest";
import { selectorOf, toggled, toggledLabel } from "../../../src/views/explore/stream_selector.ts";

test("values that were picked make a selector", () => {
  let picked = toggledLabel(toggledLabel({}, "job"), "pod");
  expect(selectorOf(picked)).toBe("");
  picked = toggled(toggled(toggled(picked, "job", 'a"b'), "pod", "x.1"), "pod", "y");
  expect(selectorOf(picked)).toBe('{job="a\\"b", pod=~"x\\\\.1|y"}');
  expect(selectorOf(picked, "pod")).toBe('{job="a\\"b"}');
  expect(selectorOf(toggled(picked, "pod", "x.1"))).toBe('{job="a\\"b", pod="y"}');
  expect(selectorOf(toggledLabel(picked, "job"))).toBe('{pod=~"x\\\\.1|y"}');
});
