import { expect, test } from "vitest";
import { MORE_OPTIONS } from "../../../src/views/dashboard/edit/more_options.ts";
import { optionSchema } from "../../../src/views/dashboard/edit/option_schema.ts";

test("groups of controls stand together, and no option has two controls", () => {
  for (const type of Object.keys(MORE_OPTIONS)) {
    const specs = optionSchema(type);
    const groups = specs.map((spec) => spec.group).filter((group, at, all) => group !== all[at - 1]);
    expect(groups, type).toEqual([...new Set(groups)]);
    const paths = specs.map((spec) => spec.path);
    expect(new Set(paths).size, type).toBe(paths.length);
  }
  const paths = (type: string) => optionSchema(type).map((spec) => spec.path);
  expect(paths("gauge")).toContain("options.neutral");
  expect(paths("graph")).toContain("options.annotations.multiLane");
  expect(paths("constructor")).toEqual([]);
});
