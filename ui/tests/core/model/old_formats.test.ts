import { afterAll, describe, expect, test } from "vitest";
import type { Panel } from "../../../src/core/model/dashboard.ts";
import { loadLazily } from "../../../src/core/model/load_lazily.ts";
import { load } from "../../../src/core/model/migrate.ts";

afterAll(async () => {
  for (const raw of seen) expect(await loadLazily({ title: "t", panels: [raw] })).toEqual(load({ title: "t", panels: [raw] }));
});

/** Every panel of this file: reading old forms only where there are some must give the same. */
const seen: object[] = [];

function panel(raw: object): Panel & { notices: string[] } {
  seen.push(raw);
  const { dashboard, notices } = load({ title: "t", panels: [raw] });
  return Object.assign(dashboard.panels[0]!, { notices: notices.map((notice) => notice.text) });
}

describe("graph", () => {
  const graph = (more: object) => panel({ type: "graph", title: "G", gridPos: { x: 0, y: 0, w: 12, h: 8 }, ...more });
  const custom = (more: object) => graph(more).fieldConfig.defaults.custom!;

  test("axes", () => {
    const made = graph({ yaxes: [{ format: "bytes", min: "0", max: null, label: "Memory", logBase: 10, show: true }, { format: "s", show: false }], decimals: 2 });
    expect(made.type).toBe("timeseries");
    expect(made.fieldConfig.defaults).toMatchObject({
      unit: "bytes", min: 0, decimals: 2, color: { mode: "palette-classic" }, custom: { axisLabel: "Memory", scaleDistribution: { type: "log", log: 10 }, axisPlacement: "auto" },
    });
    expect("max" in made.fieldConfig.defaults).toBe(false);
    expect(custom({ yaxes: [{ show: false }] }).axisPlacement).toBe("hidden");
    expect(graph({ y_formats: ["s", "short"], grid: { leftMin: 0, leftLogBase: 2 }, leftYAxisLabel: "L" }).fieldConfig.defaults).toMatchObject({
      unit: "s", min: 0, custom: { axisLabel: "L", scaleDistribution: { log: 2 } },
    });
  });

  test("drawing", () => {
    expect(custom({})).toMatchObject({ drawStyle: "line", lineWidth: 1, fillOpacity: 10, showPoints: "never", stacking: { mode: "none" }, spanNulls: false });
    expect(custom({ lines: true, linewidth: 3, fill: 0, points: true, pointradius: 3, steppedLine: true })).toMatchObject({
      lineWidth: 3, fillOpacity: 0, showPoints: "always", pointSize: 8, lineInterpolation: "stepAfter",
    });
    expect(custom({ lines: false, bars: true })).toMatchObject({ drawStyle: "bars", fillOpacity: 100 });
    expect(custom({ lines: false, points: true })).toMatchObject({ drawStyle: "points" });
    expect(custom({ stack: true, fill: 10 })).toMatchObject({ stacking: { mode: "normal", group: "A" }, fillOpacity: 100 });
    expect(custom({ stack: true, percentage: true })).toMatchObject({ stacking: { mode: "percent" } });
    expect(custom({ nullPointMode: "connected" })).toMatchObject({ spanNulls: true });
    expect(custom({ nullPointMode: "null as zero" })).toMatchObject({ nullsAsZero: true });
    expect(custom({ dashes: true, dashLength: 4, spaceLength: 2 })).toMatchObject({ lineStyle: { fill: "dash", dash: [4, 2] } });
  });

  test("legend and tooltip", () => {
    const legend = { show: true, values: true, current: true, avg: true, max: false, rightSide: true, alignAsTable: true, sort: "current", sortDesc: true, sideWidth: 300, hideEmpty: true, hideZero: true };
    const made = graph({ legend, tooltip: { shared: true, sort: 2 } });
    expect(made.options).toEqual({
      legend: { displayMode: "table", placement: "right", showLegend: true, calcs: ["mean", "lastNotNull"], sortBy: "Last *", sortDesc: true, width: 300 },
      tooltip: { mode: "multi", sort: "desc" },
    });
    expect(made.fieldConfig.overrides.map((override) => override.matcher)).toEqual([
      { id: "byValue", options: { reducer: "allIsNull", op: "gte", value: 0 } }, { id: "byValue", options: { reducer: "allIsZero", op: "gte", value: 0 } },
    ]);
    expect(graph({ legend: { show: false }, tooltip: { shared: false } }).options).toMatchObject({ legend: { showLegend: false, calcs: [] }, tooltip: { mode: "single", sort: "none" } });
    expect(graph({ legend: { values: false, current: true } }).options.legend).toMatchObject({ calcs: [] });
  });

  test("series overrides and alias colours", () => {
    const made = graph({
      aliasColors: { a: "#f00", bad: 5 }, yaxes: [{ format: "short" }, { format: "percent", min: 0, max: "100", label: "R", logBase: 1, show: true }],
      seriesOverrides: [
        { alias: "/^out/i", transform: "negative-Y", fill: 0, linewidth: 2, stack: false, color: "red" }, { alias: "right", yaxis: 2, lines: false, points: true },
        { alias: "hid", hiddenSeries: true, legend: false }, { alias: "band", fillBelowTo: "low", lines: false, dashes: true, stack: "B", bars: true }, { alias: "nothing" }, { fill: 1 }, "x",
      ],
    });
    const rules = Object.fromEntries(made.fieldConfig.overrides.map((rule) => [rule.matcher.options, { id: rule.matcher.id, ...Object.fromEntries(rule.properties.map(({ id, value }) => [id, value])) }]));
    expect(rules).toMatchObject({
      a: { id: "byName", color: { mode: "fixed", fixedColor: "#f00" } },
      "/^out/i": {
        id: "byRegexp", "custom.transform": "negative-Y", "custom.fillOpacity": 0, "custom.lineWidth": 2, "custom.stacking": { mode: "none", group: false },
        color: { mode: "fixed", fixedColor: "red" },
      },
      right: { "custom.axisPlacement": "right", unit: "percent", min: 0, max: 100, "custom.axisLabel": "R", "custom.drawStyle": "points", "custom.showPoints": "always" },
      hid: { "custom.hideFrom": { viz: true, legend: true, tooltip: false } },
      band: { "custom.fillBelowTo": "low", "custom.drawStyle": "bars", "custom.stacking": { mode: "normal", group: "B" } },
    });
    expect(Object.keys(rules)).toEqual(["a", "/^out/i", "right", "hid", "band"]);
  });

  test("thresholds", () => {
    const above = graph({ thresholds: [{ value: 80, op: "gt", fill: true, line: true, colorMode: "critical" }, { value: 50, op: "gt", fill: true, colorMode: "custom", fillColor: "#123" }] });
    expect(above.fieldConfig.defaults).toMatchObject({
      thresholds: { steps: [{ value: null, color: "transparent" }, { value: 50, color: "#123" }, { value: 80, color: "red" }] }, custom: { thresholdsStyle: { mode: "line+area" } },
    });
    const below = graph({ thresholds: [{ value: 10, op: "lt", line: true, colorMode: "warning" }] });
    expect(below.fieldConfig.defaults).toMatchObject({
      thresholds: { steps: [{ value: null, color: "orange" }, { value: 10, color: "transparent" }] }, custom: { thresholdsStyle: { mode: "line" } },
    });
    expect(graph({ thresholds: "70,80" }).fieldConfig.defaults.thresholds).toBeUndefined();
  });

  test("other x axes, links, and old keys that go", () => {
    expect(graph({ xaxis: { mode: "series", values: ["current"] } })).toMatchObject({ type: "bargauge", options: { reduceOptions: { calcs: ["lastNotNull"] } } });
    expect(graph({ xaxis: { mode: "histogram", buckets: 20 } })).toMatchObject({ type: "histogram", options: { bucketCount: 20 } });
    const made = graph({ options: { dataLinks: [{ title: "x", url: "/d/a?s=${__series_name}&t=$__value_time", targetBlank: true }] }, lines: true, renderer: "flot" });
    expect(made.fieldConfig.defaults.links).toEqual([{ title: "x", url: "/d/a?s=${__series.name}&t=${__value.time}", targetBlank: true }]);
    expect(Object.keys(made)).not.toContain("renderer");
    expect(Object.keys(made)).not.toContain("lines");
  });

  test("the field config that it had since Grafana 7 stays below its own settings", () => {
    const link = { title: "More", url: "/d/x?pod=${__field.labels.pod}" };
    const named = { matcher: { id: "byName", options: "a" }, properties: [{ id: "displayName", value: "A" }] };
    const { defaults, overrides } = graph({ fieldConfig: { defaults: { links: [link], unit: "s", custom: { fillOpacity: 99 } }, overrides: [named] }, yaxes: [{ format: "ms" }], aliasColors: { a: "red" } }).fieldConfig;
    expect([defaults.links, defaults.unit, defaults.custom!.fillOpacity]).toEqual([[link], "ms", 10]);
    expect(overrides).toEqual([named, { matcher: { id: "byName", options: "a" }, properties: [{ id: "color", value: { mode: "fixed", fixedColor: "red" } }] }]);
    expect(graph({ fieldConfig: { defaults: { unit: "s" } } }).fieldConfig.defaults.unit).toBe("s");
  });

  test("keys of a graph on a time series mean nothing", () => {
    const made = panel({ type: "timeseries", fill: 10, stack: true, yaxes: [{ format: "bytes" }], legend: { show: false } });
    expect(made.fieldConfig).toEqual({ defaults: {}, overrides: [] });
  });
});

describe("singlestat", () => {
  const stat = (more: object) => panel({ type: "singlestat", ...more });

  test("as stat", () => {
    const made = stat({ format: "percent", decimals: 1, valueName: "current", colorValue: true, thresholds: "70, 80", colors: ["g", "o", "r"], sparkline: { show: true }, nullText: "-", valueMaps: [{ op: "=", text: "N/A", value: "null" }, { op: "=", text: "up", value: "1" }] });
    expect(made).toMatchObject({
      type: "stat", options: { reduceOptions: { calcs: ["lastNotNull"], fields: "" }, graphMode: "area", colorMode: "value", textMode: "value" },
      fieldConfig: {
        defaults: {
          unit: "percent", decimals: 1, noValue: "-", color: { mode: "thresholds" },
          thresholds: { mode: "absolute", steps: [{ value: null, color: "g" }, { value: 70, color: "o" }, { value: 80, color: "r" }] },
          mappings: [{ type: "special", options: { match: "null", result: { text: "N/A" } } }, { type: "value", options: { "1": { text: "up" } } }],
        },
      },
    });
  });

  test("as gauge", () => {
    expect(stat({ gauge: { show: true, minValue: 0, maxValue: 50, thresholdMarkers: true, thresholdLabels: true } })).toMatchObject({
      type: "gauge", options: { reduceOptions: { calcs: ["mean"] }, showThresholdLabels: true, showThresholdMarkers: true }, fieldConfig: { defaults: { min: 0, max: 50 } },
    });
  });

  test("names, columns, ranges, and texts around the value", () => {
    expect(stat({ valueName: "name" }).options).toMatchObject({ textMode: "name" });
    expect(stat({ tableColumn: "a.b" }).options.reduceOptions).toMatchObject({ fields: "/^a\\.b$/" });
    expect(stat({ mappingType: 2, rangeMaps: [{ from: "0", to: "5", text: "low" }] }).fieldConfig.defaults.mappings).toEqual([
      { type: "range", options: { from: 0, to: 5, result: { text: "low" } } },
    ]);
    expect(stat({ postfix: " pods", format: "none" }).fieldConfig.defaults.unit).toBe("suffix: pods");
    expect(stat({ prefix: "$", format: "s" })).toMatchObject({ fieldConfig: { defaults: { unit: "s" } }, notices: [expect.stringContaining("$") as string] });
    expect(stat({ colorBackground: true }).options).toMatchObject({ colorMode: "background" });
  });
});

test("stat and gauge of Grafana 6", () => {
  const made = panel({
    type: "gauge",
    options: {
      fieldOptions: {
        calcs: ["last"], defaults: { unit: "percent", min: 0, max: 100, mappings: [{ id: 1, type: 1, value: "0", text: "zero" }, { type: 2, from: "1", to: "5", text: "some" }], thresholds: [{ color: "green", value: null }, { color: "red", value: 80 }], title: "T" },
        override: {}, values: false,
      },
      orientation: "auto",
    },
  });
  expect(made).toMatchObject({
    options: { reduceOptions: { calcs: ["lastNotNull"], values: false }, orientation: "auto" },
    fieldConfig: {
      defaults: {
        unit: "percent", min: 0, max: 100, displayName: "T", thresholds: { steps: [{ value: null, color: "green" }, { value: 80, color: "red" }] },
        mappings: [{ type: "value", options: { "0": { text: "zero" } } }, { type: "range", options: { from: 1, to: 5 } }],
      },
    },
  });
  expect("fieldOptions" in made.options).toBe(false);
  expect(panel({ type: "bargauge", options: { valueOptions: { stat: "avg", unit: "s" }, thresholds: [{ index: 0, color: "blue" }], maxValue: 10 } })).toMatchObject({
    options: { reduceOptions: { calcs: ["mean"] } }, fieldConfig: { defaults: { unit: "s", max: 10, thresholds: { steps: [{ value: null, color: "blue" }] } } },
  });
});

describe("table of before Grafana 7", () => {
  const styles = [
    { pattern: "Time", type: "hidden" }, { pattern: "when", type: "date", dateFormat: "YYYY", alias: "When" },
    { pattern: "/cpu/", type: "number", unit: "percent", decimals: 1, colorMode: "cell", thresholds: ["50", "80"], colors: ["g", "o", "r"], align: "right" },
    { pattern: "ns", type: "string", link: true, linkUrl: "/d/x?ns=$__cell&p=${__cell_1}", linkTooltip: "Go to $__cell", mappingType: 1, valueMaps: [{ value: "1", text: "one" }] },
    { pattern: "/.*/", type: "number", unit: "short", decimals: 2 },
  ];

  test.each(["table-old", "table"])("%s", (type) => {
    const made = panel({ type, styles, transform: "table", sort: { col: 3, desc: true }, showHeader: true, targets: [{ expr: "x", format: "table" }] });
    expect(made.type).toBe("table");
    expect(made.fieldConfig.defaults).toMatchObject({ unit: "short", decimals: 2, custom: { align: "auto" } });
    expect(made.fieldConfig.overrides).toEqual([
      {
        matcher: { id: "byName", options: "ns" },
        properties: [
          { id: "links", value: [{ title: "Go to ${__value.text}", url: "/d/x?ns=${__value.text}&p=${__data.fields[1]}", targetBlank: false }] },
          { id: "mappings", value: [{ type: "value", options: { "1": { text: "one" } } }] },
        ],
      },
      {
        matcher: { id: "byRegexp", options: "/cpu/" },
        properties: [
          { id: "unit", value: "percent" }, { id: "decimals", value: 1 }, { id: "custom.cellOptions", value: { type: "color-background", mode: "basic" } },
          { id: "color", value: { mode: "thresholds" } },
          { id: "thresholds", value: { mode: "absolute", steps: [{ value: null, color: "g" }, { value: 50, color: "o" }, { value: 80, color: "r" }] } },
          { id: "custom.align", value: "right" },
        ],
      },
      { matcher: { id: "byName", options: "when" }, properties: [{ id: "displayName", value: "When" }, { id: "unit", value: "time: YYYY" }] },
      { matcher: { id: "byName", options: "Time" }, properties: [{ id: "custom.hidden", value: true }] },
    ]);
    expect(made.options).toMatchObject({ showHeader: true, sortByIndex: { index: 3, desc: true } });
  });

  test("all hidden but what has a style of its own", () => {
    const styles = [{ pattern: "Value", type: "number", unit: "s" }, { pattern: "job", type: "string" }, { pattern: "Time", type: "hidden" }, { pattern: "/.*/", type: "hidden" }];
    const { defaults, overrides } = panel({ type: "table-old", styles }).fieldConfig;
    expect(defaults.custom).toMatchObject({ hidden: true });
    expect(overrides.map(({ matcher, properties }) => [matcher.options, properties.find(({ id }) => id === "custom.hidden")?.value])).toEqual([["Time", true], ["job", false], ["Value", false]]);
  });

  test("what its transform was", () => {
    const ids = (more: object) => panel({ type: "table-old", ...more }).transformations.map(({ id }) => id);
    expect(ids({ transform: "timeseries_to_columns" })).toEqual(["joinByField"]);
    expect(ids({ transform: "timeseries_to_rows" })).toEqual(["seriesToRows"]);
    expect(ids({ transform: "timeseries_aggregations", columns: [{ value: "avg" }] })).toEqual(["reduce"]);
    expect(panel({ type: "table-old", transform: "timeseries_aggregations", columns: [] }).transformations[0]!.options).toMatchObject({ reducers: ["mean"] });
    expect(ids({ transform: "table", targets: [{}, {}] })).toEqual(["merge"]);
  });
});

test("heatmap", () => {
  const old = panel({
    type: "heatmap", dataFormat: "tsbuckets", yAxis: { format: "s", decimals: 0, min: "0", logBase: 1, show: true }, color: { mode: "spectrum", colorScheme: "interpolateOranges", exponent: 0.4 },
    reverseYBuckets: true, hideZeroBuckets: true, yBucketBound: "upper", cards: { cardPadding: 3 }, tooltip: { show: true, showHistogram: true }, legend: { show: true }, fieldConfig: { defaults: { custom: {} }, overrides: [] }, options: {},
  });
  expect(old.options).toMatchObject({
    calculate: false, color: { mode: "scheme", scheme: "Oranges", exponent: 0.4 }, yAxis: { unit: "s", decimals: 0, min: 0, reverse: true }, rowsFrame: { layout: "le" }, cellGap: 3,
    filterValues: { le: 1e-9 }, tooltip: { mode: "single", yHistogram: true }, legend: { show: true },
  });
  expect("dataFormat" in old).toBe(false);
  const series = panel({ type: "heatmap", dataFormat: "timeseries", xBucketSize: "1m", yBucketNumber: 10, color: { mode: "opacity", cardColor: "#f00" } });
  expect(series.options).toMatchObject({ calculate: true, calculation: { xBuckets: { mode: "size", value: "1m" }, yBuckets: { mode: "count", value: "10" } }, color: { mode: "opacity", fill: "#f00" } });
  expect(panel({ type: "heatmap", dataFormat: "tsbuckets", yAxis: {}, options: { calculate: true, color: { scheme: "Blues" } } }).options).toEqual({ calculate: true, color: { scheme: "Blues" } });
});

test("text, lists and pies", () => {
  expect(panel({ type: "text", mode: "html", content: "<b>" }).options).toEqual({ mode: "html", content: "<b>" });
  expect(panel({ type: "text", content: "x", options: { content: "y", mode: "markdown" } }).options).toEqual({ content: "y", mode: "markdown" });
  expect(panel({ type: "dashlist", starred: false, search: true, limit: 5, tags: ["a"], query: "q" }).options).toMatchObject({ showStarred: false, showSearch: true, maxItems: 5, tags: ["a"], query: "q" });
  expect(panel({ type: "alertlist", limit: 7, nameFilter: "x" }).options).toMatchObject({ maxItems: 7, alertName: "x" });
  expect(panel({ type: "grafana-piechart-panel", pieType: "donut", format: "bytes", valueName: "current", aliasColors: { a: "red" }, legend: { show: true, values: true, percentage: true }, legendType: "Right side" })).toMatchObject({
    type: "piechart", options: { pieType: "donut", legend: { placement: "right", values: ["value", "percent"] }, reduceOptions: { calcs: ["lastNotNull"] } },
    fieldConfig: { defaults: { unit: "bytes" }, overrides: [{ matcher: { options: "a" } }] },
  });
});

describe("parts of panels", () => {
  test("field config", () => {
    const made = panel({
      type: "table",
      fieldConfig: {
        defaults: { unit: "s", min: "5", max: null, decimals: 1, custom: { displayMode: "color-background-solid", width: 5 }, color: "red", mappings: [{ type: 1, value: "1", text: "a" }, { type: 1, value: "2", text: "b" }, { type: "regex", options: { pattern: "x", result: { text: "y" } } }], thresholds: { steps: [{ color: "green" }, { value: "5", color: "red" }] } },
        overrides: [{ matcher: { id: "byName", options: "x" }, properties: [{ id: "color", value: "#fff" }, { prop: "unit", value: "ms" }, { id: "custom.displayMode", value: "lcd-gauge" }, { id: "title", value: "T" }, {}, 5] }, { properties: [] }, null],
      },
    });
    expect(made.fieldConfig).toEqual({
      defaults: {
        unit: "s", min: 5, max: null, decimals: 1, custom: { width: 5, cellOptions: { type: "color-background", mode: "basic" } }, color: { mode: "fixed", fixedColor: "red" },
        mappings: [{ type: "value", options: { "1": { text: "a" }, "2": { text: "b" } } }, { type: "regex", options: { pattern: "x", result: { text: "y" } } }],
        thresholds: { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 5, color: "red" }] },
      },
      overrides: [{
        matcher: { id: "byName", options: "x" },
        properties: [
          { id: "color", value: { mode: "fixed", fixedColor: "#fff" } }, { prop: "unit", id: "unit", value: "ms" }, { id: "custom.cellOptions", value: { type: "gauge", mode: "lcd" } },
          { id: "displayName", value: "T" },
        ],
      }],
    });
  });

  test("queries get letters, datasources one form", () => {
    const made = panel({ type: "timeseries", datasource: "$ds", targets: [{ expr: "a" }, { refId: "A", expr: "b", datasource: "x" }, { refId: "A", expr: "c", datasource: null }, { refId: "", expr: 5, format: "junk", hide: "true", instant: 1 }] });
    expect(made.datasource).toEqual({ uid: "$ds" });
    expect(made.targets).toEqual([
      { refId: "B", expr: "a" }, { refId: "A", expr: "b", datasource: { uid: "x" } }, { refId: "C", expr: "c" }, { refId: "D", expr: "5", hide: true, instant: true },
    ]);
    expect(panel({ type: "stat", datasource: "-- Mixed --" }).datasource).toEqual({ type: "datasource", uid: "-- Mixed --" });
    expect("datasource" in panel({ type: "stat", datasource: null })).toBe(false);
    expect(panel({ type: "stat", targets: Array.from({ length: 30 }, () => ({})) }).targets.at(-1)!.refId).toBe("AD");
  });

  test("legends, transformations, links", () => {
    expect(panel({ type: "timeseries", options: { legend: { displayMode: "hidden", calcs: "x" } } }).options.legend).toEqual({ displayMode: "list", showLegend: false, calcs: [] });
    expect(panel({ type: "table", transformations: [{ id: "seriesToColumns", options: { byField: "a" } }, {}, { id: "x", options: 5, disabled: true }] }).transformations).toEqual([
      { id: "joinByField", options: { mode: "outer", byField: "a" } }, { id: "x", options: {}, disabled: true },
    ]);
    expect(panel({ type: "stat", links: [{ type: "dashboard", dashboard: "My Board", keepTime: true, includeVars: true, params: "x=1", title: "t" }, { dashUri: "db/foo", targetBlank: true }] }).links).toEqual([
      { title: "t", url: "/dashboard/db/my-board?${__url_time_range}&${__all_variables}&x=1" }, { title: "", url: "/dashboard/db/foo", targetBlank: true },
    ]);
  });
});
