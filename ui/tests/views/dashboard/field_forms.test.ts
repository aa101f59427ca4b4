import { describe, expect, it } from "vitest";
import type { ValueMapping } from "../../../src/core/frame/config.ts";
import { mapped } from "../../../src/core/frame/mappings.ts";
import { fieldMatcher } from "../../../src/core/frame/matchers.ts";
import { applyFieldConfig } from "../../../src/core/frame/overrides.ts";
import { frame } from "../../../src/core/frame/frame.ts";
import { reorder } from "../../../src/core/model/edit.ts";
import { dropPlace } from "../../../src/views/dashboard/edit/drag_row.ts";
import { linkVariables } from "../../../src/views/dashboard/edit/link_variables.ts";
import { mappingRows, rowFault, rowMappings } from "../../../src/views/dashboard/edit/mapping_rows.ts";
import { overridable, optionSchema, PANEL_TYPES } from "../../../src/views/dashboard/edit/option_schema.ts";
import { MATCHERS, matcherOptions, propertyValue } from "../../../src/views/dashboard/edit/override_values.ts";
import { nextStep, sortedSteps } from "../../../src/views/dashboard/edit/threshold_steps.ts";
import { findUnits } from "../../../src/views/dashboard/edit/unit_search.ts";

describe("mapping rows", () => {
  const mappings: ValueMapping[] = [
    { type: "value", options: { 10: { text: "ten", index: 1 }, 2: { text: "two", index: 0 } } },
    { type: "range", options: { from: 1, to: null, result: { text: "more", color: "red", index: 2 } } },
    { type: "special", options: { match: "null", result: { text: "-", index: 3 } } },
  ];

  it("are one for each rule, and come to the same mappings again", () => {
    const rows = mappingRows(mappings);
    expect(rows.map((row) => [row.type, row.a, row.b, row.result.text])).toEqual([["value", "2", "", "two"], ["value", "10", "", "ten"], ["range", "1", "", "more"], ["special", "null", "", "-"]]);
    expect(mappingRows(rowMappings(rows))).toEqual(rows);
  });

  it("keep the order that a person gives them, since the first that fits counts", () => {
    const rows = reorder(mappingRows(mappings), 2, 0);
    const made = rowMappings(rows);
    expect(made.map((mapping) => mapping.type)).toEqual(["range", "value", "special"]);
    expect(mapped(made, 2)?.text).toBe("more");
    expect(mapped(mappings, 2)?.text).toBe("two");
  });

  it("lose no rule to another of the same value, and say so", () => {
    const twice = [{ type: "value" as const, a: "1", b: "", result: { text: "a" } }, { type: "value" as const, a: "1", b: "", result: { text: "b" } }];
    expect(mappingRows(rowMappings(twice))).toHaveLength(2);
    expect(rowFault(twice[1]!, twice)).toContain("first");
    expect(rowFault({ type: "range", a: "5", b: "1", result: {} }, [])).toContain("before it begins");
    expect(rowFault({ type: "regex", a: "/(/", b: "", result: {} }, [])).not.toBe("");
    expect(rowFault({ type: "regex", a: "/^a/i", b: "", result: {} }, [])).toBe("");
  });
});

describe("threshold steps", () => {
  it("stand in order above a base", () => {
    expect(sortedSteps([{ value: 50, color: "red" }, { value: null, color: "green" }, { value: 10, color: "blue" }]).map((step) => step.value)).toEqual([null, 10, 50]);
    expect(sortedSteps([{ value: 5, color: "red" }])[0]!.value).toBeNull();
    expect(nextStep({ mode: "absolute", steps: [{ value: null, color: "green" }] })).toEqual({ value: 80, color: "red" });
    expect(nextStep({ mode: "percentage", steps: [{ value: null, color: "green" }, { value: 95, color: "red" }] })).toEqual({ value: 100, color: "orange" });
  });
});

describe("findUnits", () => {
  it("finds by id, name and category, what is meant first", () => {
    expect(findUnits("s")[0]!.id).toBe("s");
    expect(findUnits("bytes")[0]!.id).toBe("bytes");
    expect(findUnits("energy watt").map((hit) => hit.id)).toContain("watt");
    expect(findUnits("no such unit")).toEqual([]);
    expect(findUnits("").length).toBeGreaterThan(200);
  });
});

describe("overrides", () => {
  const known = { fields: ["Time", "Value"], labels: [], queries: ["B"], variables: [] };
  it("begin with matchers that mean something", () => {
    const frames = [frame([{ name: "Time", type: "time", values: [0], config: {} }, { name: "Value", type: "number", values: [0], config: {} }], { refId: "B" })];
    for (const [id] of MATCHERS) {
      const match = fieldMatcher({ id, options: matcherOptions(id, known) });
      expect(match(frames[0]!.fields[1]!, frames[0]!, frames), id).toBe(id !== "byNames");
    }
    const atLeast = fieldMatcher({ id: "byValue", options: { reducer: "max", op: "gte", value: 0 } });
    expect(atLeast(frames[0]!.fields[1]!, frames[0]!, frames)).toBe(true);
  });

  it("offer each custom setting of a type once, whole", () => {
    for (const [type] of PANEL_TYPES) {
      const ids = overridable(type).map(({ id }) => id);
      expect(new Set(ids).size, type).toBe(ids.length);
    }
    const line = overridable("timeseries").find(({ id }) => id === "custom.lineStyle")!;
    expect(line.specs.map((spec) => spec.path)).toEqual(["fill", "dash"]);
    expect(line.specs[1]!.when!((path) => (path === "fill" ? "dash" : undefined))).toBe(true);
    expect(overridable("timeseries").map(({ id }) => id)).toEqual(expect.arrayContaining(["custom.axisPlacement", "custom.transform", "custom.hideFrom", "custom.stacking", "custom.fillOpacity", "custom.axisSoftMin", "custom.thresholdsStyle"]));
    expect(overridable("table").map(({ id }) => id)).toEqual(expect.arrayContaining(["custom.width", "custom.align", "custom.cellOptions", "custom.filterable", "custom.hidden"]));
  });

  it("take what a setting begins with", () => {
    const frames = [frame([{ name: "Value", type: "number", values: [1], config: {} }])];
    const [made] = applyFieldConfig(frames, { defaults: {}, overrides: [{ matcher: { id: "byName", options: "Value" }, properties: ["color", "custom.lineStyle", "thresholds"].map((id) => ({ id, value: propertyValue(id) })) }] }, (text) => text);
    expect(made!.fields[0]!.config).toMatchObject({ color: { fixedColor: "green" }, custom: { lineStyle: { fill: "dash" } } });
  });
});

describe("options", () => {
  it("have a control for all that real dashboards set", () => {
    const wanted: Record<string, string[]> = {
      timeseries: ["legend.sortBy", "legend.sortDesc", "legend.width", "legend.calcs", "tooltip.hideZeros", "tooltip.maxHeight", "tooltip.sort"],
      stat: ["colorMode", "graphMode", "textMode", "reduceOptions.fields", "reduceOptions.values", "text.valueSize", "justifyMode", "orientation", "wideLayout", "showPercentChange"],
      gauge: ["showThresholdMarkers", "showThresholdLabels", "orientation", "minVizWidth", "sizing"],
      bargauge: ["displayMode", "valueMode", "namePlacement", "showUnfilled"],
      table: ["showHeader", "cellHeight", "sortBy", "frameIndex", "footer.show", "footer.fields", "footer.enablePagination", "showSearch"],
      heatmap: ["calculate", "color.scheme", "color.steps", "color.exponent", "color.fill", "yAxis.unit", "cellGap", "filterValues.le", "rowsFrame.layout", "tooltip.yHistogram"],
      "state-timeline": ["alignValue", "mergeValues", "rowHeight", "showValue"], piechart: ["legend.values"], logs: ["sortOrder", "showTime", "showLabels", "wrapLogMessage", "dedupStrategy", "enableLogDetails"], text: ["mode", "content"],
    };
    for (const [type, paths] of Object.entries(wanted)) expect(optionSchema(type).map((spec) => spec.path.replace(/^options\./, "")), type).toEqual(expect.arrayContaining(paths));
  });
});

describe("links and rows", () => {
  it("offer variables that are written as they have to be", () => {
    const names = linkVariables(["job"], true, ["instance"], ["Value #A"]).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(["${job:queryparam}", "${__field.labels.instance}", '${__data.fields["Value #A"]}', "${__value.raw}"]));
    expect(linkVariables([], false).map(([name]) => name)).not.toContain("${__value.raw}");
  });

  it("drop where the middle of the row comes to lie", () => {
    const rows = [0, 40, 80].map((top) => ({ top, bottom: top + 40 }));
    expect(dropPlace(rows, 0, 10)).toBe(0);
    expect(dropPlace(rows, 0, 50)).toBe(1);
    expect(dropPlace(rows, 0, 500)).toBe(2);
    expect(dropPlace(rows, 2, -90)).toBe(0);
  });
});
