import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/core/frame/frame.ts";
import { frame } from "../../../src/core/frame/frame.ts";
import { TRANSFORMATIONS, transform } from "../../../src/core/frame/transform.ts";
import { setAt } from "../../../src/core/model/edit.ts";
import { filterNames, filterPattern } from "../../../src/views/dashboard/edit/frame_filter.ts";
import { knownOf } from "../../../src/views/dashboard/edit/option_spec.ts";
import type { OptionSpec } from "../../../src/views/dashboard/edit/option_spec.ts";
import { organizeNames } from "../../../src/views/dashboard/edit/organize_names.ts";
import { firstOptions, TRANSFORM_FORMS } from "../../../src/views/dashboard/edit/transform_forms.ts";
import { named, stepFrames, stepNotices } from "../../../src/views/dashboard/edit/transform_steps.ts";
import { readPath } from "../../../src/views/dashboard/edit/read_path.ts";

const series = (refId: string, job: string, values: number[]): Frame =>
  frame([{ name: "Time", type: "time", values: values.map((_, at) => at * 1000), config: {} }, { name: "Value", type: "number", values, labels: { job }, config: {} }], { refId });
const two = [series("A", "node", [1, 2, 3]), series("B", "web", [4, 5, 6])];
const same = (text: string) => text;

describe("TRANSFORM_FORMS", () => {
  it("has a form and a sentence for every transformation, and no other", () => {
    expect(Object.keys(TRANSFORM_FORMS).sort()).toEqual(Object.keys(TRANSFORMATIONS).sort());
    for (const [id, { about }] of Object.entries(TRANSFORM_FORMS)) expect(about, id).toMatch(/\.$/);
    const bare = Object.entries(TRANSFORM_FORMS).filter(([, { specs }]) => !specs.length).map(([id]) => id);
    expect(bare).toEqual(["merge", "organize", "seriesToRows"]);
  });

  it("names each option once, and gives choices where there are some", () => {
    const check = (id: string, specs: readonly OptionSpec[]) => {
      expect(new Set(specs.map((spec) => spec.path)).size, id).toBe(specs.length);
      for (const spec of specs) {
        if (spec.kind === "choice" || spec.kind === "many") expect(spec.choices?.length, `${id} ${spec.path}`).toBeGreaterThan(1);
        if (spec.kind === "list" || spec.kind === "record") check(`${id} ${spec.path}`, spec.item!);
      }
    };
    for (const [id, { specs }] of Object.entries(TRANSFORM_FORMS)) check(id, specs);
  });

  it("begins with options that no transformation complains of", () => {
    for (const id of Object.keys(TRANSFORMATIONS)) expect(stepNotices(two, transform(two, [{ id, options: firstOptions(id) }], same)), id).toEqual([]);
  });

  it("shows what belongs to the mode alone", () => {
    const shown = (options: unknown) => TRANSFORM_FORMS.calculateField!.specs.filter((spec) => !spec.when || spec.when((path) => readPath(options, path))).map((spec) => spec.path);
    expect(shown({ mode: "binary" })).toEqual(["mode", "binary.left", "binary.operator", "binary.right", "alias", "replaceFields"]);
    expect(shown({})).toContain("reduce.reducer");
  });

  it("writes options that the transformation reads", () => {
    let options: unknown = firstOptions("calculateField");
    for (const [path, value] of [["mode", "binary"], ["binary.left", { matcher: { id: "byType", options: "number" } }], ["binary.operator", "*"], ["binary.right", { fixed: "10" }], ["replaceFields", true]] as const) options = setAt(options, path, value);
    const [first] = transform(two.slice(0, 1), [{ id: "calculateField", options }], same);
    expect(first!.fields.at(-1)!.values).toEqual([10, 20, 30]);
    const grouped = transform(two.slice(0, 1), [{ id: "labelsToFields", options: {} }, { id: "groupBy", options: { fields: { job: { operation: "groupby" }, Value: { operation: "aggregate", aggregations: ["max"] } } } }], same);
    expect(grouped[0]!.fields.map((field) => [field.name, field.values])).toEqual([["job", ["node"]], ["Value (max)", [3]]]);
  });
});

describe("steps", () => {
  it("are the data before each transformation, and behind the last", () => {
    const steps = stepFrames(two, [{ id: "filterByRefId", options: { include: "A" } }, { id: "limit", options: { limitField: 1 }, disabled: true }], same);
    expect(steps.map((frames) => frames.length)).toEqual([2, 1, 1]);
    expect(steps[2]![0]!.length).toBe(3);
    expect(knownOf(two, ["A", "C"], [])).toEqual({ fields: ["Time", "node", "web"], labels: ["job"], queries: ["A", "C", "B"], variables: [] });
    expect(named(two)[1]!.fields[1]!.display).toBe("web");
    expect(two[1]!.fields[1]!.display).toBeUndefined();
  });

  it("tell what a transformation itself complains of", () => {
    const [before, after] = stepFrames(two, [{ id: "nonsense" }], same);
    expect(stepNotices(before!, after!)).toEqual(['Unknown transformation "nonsense" was left out']);
  });
});

describe("the filter of frames", () => {
  it("holds one name as it is and several as an expression that finds just them", () => {
    expect(filterPattern(["A"])).toBe("A");
    expect(filterPattern(["A", "b.c"])).toBe("/^(?:A|b\\.c)$/");
    expect(filterNames(filterPattern(["A", "b.c", "x|y"]))).toEqual(["A", "b.c", "x|y"]);
    expect(filterNames("A|B")).toEqual(["A", "B"]);
    expect(filterNames("/^A/")).toEqual(["/^A/"]);
    const [one] = transform(two, [{ id: "limit", options: { limitField: 1 }, filter: { id: "byRefId", options: filterPattern(["B", "C"]) } }], same);
    expect(one!.refId).toBe("B");
    expect(one!.length).toBe(1);
  });
});

describe("organizeNames", () => {
  it("lists what comes in, in the order that was given, and what is named though it does not", () => {
    expect(organizeNames({ indexByName: { c: 0, a: 1 }, renameByName: { gone: "x" } }, ["a", "b", "c"])).toEqual(["c", "a", "b", "gone"]);
  });
});
