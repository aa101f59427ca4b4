import { expect, test } from "vitest";
import type { FieldConfigSource, Override } from "../../../src/core/frame/config.ts";
import { fieldText } from "../../../src/core/frame/field_text.ts";
import { frame, type Frame } from "../../../src/core/frame/frame.ts";
import { fieldMatcher } from "../../../src/core/frame/matchers.ts";
import { applyFieldConfig } from "../../../src/core/frame/overrides.ts";
import { standardConfig } from "../../../src/core/frame/standard_config.ts";
import { field, table } from "./frames.ts";

const same = (text: string) => text;
const series = (job: string, value: number, refId: string): Frame =>
  frame([field("Time", [1, 2]), field("Value", [value, value], { labels: { job }, config: { displayNameFromDS: job } })], { refId });

function configs(frames: Frame[], source: FieldConfigSource) {
  return applyFieldConfig(frames, source, same).map(({ fields }) => fields[1]!.config);
}

const rule = (id: string, options: unknown, property: string, value: unknown): Override => ({ matcher: { id, options }, properties: [{ id: property, value }] });

test("defaults, then overrides in their order; the data stays as it is", () => {
  const frames = [series("a", 1, "A"), series("b", 0, "B")];
  const got = configs(frames, {
    defaults: { unit: "short", custom: { fillOpacity: 10, stacking: { mode: "normal", group: "A" } } },
    overrides: [
      rule("byName", "a", "unit", "bytes"),
      rule("byRegexp", "/^[ab]$/i", "custom.stacking", { mode: "none", group: false }),
      rule("byFrameRefID", "B", "custom.hideFrom.viz", true),
      rule("byName", "b", "color", "#56A64B"),
      rule("byName", "b", "decimals", "2"),
      rule("byValue", { op: ">=", reducer: "allIsZero", value: 0 }, "custom.hidden", true),
    ],
  });
  expect(got[0]).toMatchObject({ unit: "bytes", custom: { fillOpacity: 10, stacking: { mode: "none", group: false } } });
  expect(got[0]!.custom).not.toHaveProperty("hidden");
  expect(got[1]).toMatchObject({ unit: "short", decimals: 2, color: { mode: "fixed", fixedColor: "#56A64B" }, custom: { hidden: true, hideFrom: { viz: true } } });
  expect(frames[0]!.fields[1]!.config).toEqual({ displayNameFromDS: "a" });
});

test("places for palettes count numeric columns of all frames, and the range is of all", () => {
  const made = applyFieldConfig([series("a", 1, "A"), series("b", 9, "B")], { defaults: { color: { mode: "palette-classic" } }, overrides: [] }, same);
  expect(made.map(({ fields }) => fields[1]!.seriesIndex)).toEqual([0, 1]);
  expect(made[0]!.fields[1]!.range!()).toEqual({ min: 1, max: 9 });
  expect(made[0]!.fields[0]!.seriesIndex).toBeUndefined();
});

test("names hold variables and labels", () => {
  const source = { defaults: { displayName: "${__field.labels.job} in $env" }, overrides: [rule("byName", "b", "displayName", "${__field.name}!")] };
  const made = applyFieldConfig([series("a", 1, "A"), series("b", 2, "B")], source, (text) => text.replace("$env", "prod"));
  expect(made.map(({ fields }) => fields[1]!.display)).toEqual(["a in prod", "b!"]);
});

test("hostile and broken overrides change nothing", () => {
  const source = {
    defaults: { decimals: "x", min: null } as never,
    overrides: [
      rule("byName", "a", "__proto__.polluted", true), rule("byName", "a", "constructor.prototype.polluted", true), rule("byRegexp", "/(/", "unit", "bytes"),
      rule("nope", "a", "unit", "bytes"), rule("constructor", "a", "unit", "bytes"),
      rule("byTypes", 5, "unit", "bytes"), rule("byName", "a", "thresholds", { steps: "x" }), rule("byName", "a", "mappings", { 0: null }), rule("byName", "a", "color", 5), { matcher: null, properties: null } as never, null as never,
    ],
  };
  expect(configs([series("a", 1, "A")], source)).toEqual([{ displayNameFromDS: "a" }]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test("a panel type's own defaults stand where the dashboard says nothing", () => {
  const [time] = applyFieldConfig([series("a", 1, "A")], undefined, same, standardConfig("timeseries"));
  expect(time!.fields[1]!.config.color).toEqual({ mode: "palette-classic" });
  expect(standardConfig("stat").color).toEqual({ mode: "thresholds" });
});

test("matchers", () => {
  const frames = [table({ Time: [1], job: ["x"], "Value #A": [5], ok: [true] }, { refId: "A" })];
  const matched = (id: string, options?: unknown) => frames[0]!.fields.filter((one) => fieldMatcher({ id, options })(one, frames[0]!, frames)).map(({ name }) => name);
  expect(matched("byName", "job")).toEqual(["job"]);
  expect(matched("byNames", { mode: "exclude", names: ["job", "ok"] })).toEqual(["Time", "Value #A"]);
  expect(matched("byNames", ["ok"])).toEqual(["ok"]);
  expect(matched("byRegexp", "Value.*")).toEqual(["Value #A"]);
  expect(matched("byRegexp", "alue")).toEqual([]);
  expect(matched("byRegexp", "/ALUE/i")).toEqual(["Value #A"]);
  expect(matched("byRegexpOrNames", { pattern: "/^V/", names: ["job"] })).toEqual(["job", "Value #A"]);
  expect(matched("byType", "number")).toEqual(["Value #A"]);
  expect(matched("byTypes", ["time", "string"])).toEqual(["Time", "job"]);
  expect(matched("byFrameRefID", "A")).toHaveLength(4);
  expect(matched("byFrameRefID", "B")).toEqual([]);
  expect(matched("byValue", { reducer: "max", op: ">", value: 4 })).toEqual(["Value #A"]);
  expect(matched("numeric")).toEqual(["Value #A"]);
  expect(matched("time")).toEqual(["Time"]);
  expect(matched("first")).toEqual(["Time"]);
  expect(matched("firstTimeField")).toEqual(["Time"]);
  expect(matched("anyMatch", [{ id: "first" }, { id: "numeric" }])).toEqual(["Time", "Value #A"]);
  expect(matched("allMatch", [{ id: "first" }, { id: "numeric" }])).toEqual([]);
  expect(matched("invertMatch", { id: "first" })).toHaveLength(3);
});

test("texts of columns and rows: links, titles", () => {
  const one = table({ Time: [1, 2], pod: ["p/1", "p 2"], "CPU %": [1.5, 2.5] });
  one.fields[1]!.config.displayName = "Pod";
  const scope = { field: { ...one.fields[2]!, labels: { job: "j" } }, frame: one, row: 1 };
  expect(fieldText('${__data.fields.Pod}|${__data.fields["CPU %"]}|${__data.fields[1]}|${__value.raw}|${__value.time}|${__field.labels.job}|${__field.name}', scope)).toBe("p 2|2.5|p 2|2.5|2|j|CPU %");
  expect(fieldText("/d/x?var-pod=${__data.fields.Pod}&raw=${__data.fields.Pod:raw}", scope, encodeURIComponent)).toBe("/d/x?var-pod=p%202&raw=p 2");
  expect(fieldText("$pod ${pod} ${__url_time_range} ${__data.fields.nope} $1", scope)).toBe("$pod ${pod} ${__url_time_range} ${__data.fields.nope} $1");
  expect(fieldText("${__field.labels.constructor}", scope)).toBe("");
});
