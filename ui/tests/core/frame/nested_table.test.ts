import { expect, test } from "vitest";
import type { Frame } from "../../../src/core/frame/frame.ts";
import { NESTED } from "../../../src/core/frame/nested.ts";
import { transform } from "../../../src/core/frame/transform.ts";
import { contents, table } from "./frames.ts";

const jobs = () => table({ job: ["a", "a", "b"], instance: ["i1", "i2", "i1"], Value: [1, 3, 5] }, { refId: "A" });
const run = (options: unknown, frames = [jobs()]) => transform(frames, [{ id: "groupToNestedTable", options }], (text) => text);

test("each group has its rows in a frame of its own", () => {
  const [made] = run({ fields: { job: { operation: "groupby" }, Value: { operation: "aggregate", aggregations: ["sum"] } }, showSubframeHeaders: false });
  expect(made!.fields.map((field) => field.name)).toEqual(["job", "Value (sum)", NESTED]);
  expect(contents(made!.fields[2]!.values as Frame[])).toEqual([{ instance: ["i1", "i2"], Value: [1, 3] }, { instance: ["i1"], Value: [5] }]);
  expect(made!.fields[2]!.config.custom).toEqual({ headers: false });
});

test("without anything to group by it does as grouping does", () => {
  expect(run({})).toEqual([jobs()]);
  expect(run({ fields: { nope: { operation: "groupby" } } })).toEqual([]);
});
