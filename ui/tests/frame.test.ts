import { expect, test } from "vitest";
import { frame } from "../src/core/frame/frame.ts";

test("a frame is as long as its columns", () => {
  const made = frame([{ name: "Time", type: "time", values: [1, 2, 3], config: {} }], { refId: "A" });
  expect(made.length).toBe(3);
  expect(made.refId).toBe("A");
  expect(frame([]).length).toBe(0);
});
