/**
 * Dashboards that people run, broken at random: each loads, quickly, and gives something that can be shown.
 *
 * WATCHKEEPER_FUZZ_SECONDS  how long it goes on (2); `make soak` gives it a minute
 * WATCHKEEPER_FUZZ_SEED     the first seed; a failure names the one to give here
 */

import { expect, test } from "vitest";
import { applyFieldConfig } from "../../../src/core/frame/overrides.ts";
import { allPanels } from "../../../src/core/model/ids.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { gridItems } from "../../../src/core/model/repeat.ts";
import { toJson } from "../../../src/core/model/save.ts";
import { dashboardScope, queryScope } from "../../../src/core/variables/builtin.ts";
import { refreshPlan } from "../../../src/core/variables/graph.ts";
import { interpolate } from "../../../src/core/variables/interpolate.ts";
import { initialState, withOptions } from "../../../src/core/variables/state.ts";
import { corpusDashboards } from "../golden.ts";
import { FIXTURES } from "./fixtures.ts";

const SECONDS = Number(process.env.WATCHKEEPER_FUZZ_SECONDS ?? 2);
const FIRST = Number(process.env.WATCHKEEPER_FUZZ_SEED ?? Date.now() % 2 ** 31);
/** One load of the largest of them takes 60 ms; a loader that hangs or goes over everything for everything takes far longer. */
const MOST_MS = 4000;

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TYPES = [
  "graph", "singlestat", "table-old", "table", "heatmap", "row", "text", "stat", "gauge", "bargauge", "logs", "piechart", "grafana-piechart-panel", "alertlist",
  "dashlist", "timeseries", "hologram", "", "constructor", "state-timeline", "datasource", "query", "custom", "adhoc", "interval", "switch", "constant",
];

function deep(levels: number): unknown {
  let made: unknown = [];
  for (let i = 0; i < levels; i++) made = i % 2 ? [made] : { panels: made, options: made };
  return made;
}

function wrong(random: () => number): unknown {
  const values: (() => unknown)[] = [
    () => null, () => "", () => "$__all", () => "$a${b:csv}[[c]]", () => "/(/", () => "x".repeat(5000), () => 0, () => -1, () => 1e9, () => 1e308, () => 1.5, () => true, () => false,
    () => [], () => ({}), () => [null], () => [[], 1, "a", {}], () => deep(12), () => TYPES[Math.floor(random() * TYPES.length)], () => ["a", "a", null],
    () => ({ value: null, text: [] }), () => ({ type: 1, uid: {} }), () => "1e9", () => "now-1000000y", () => "\ud800", () => "__proto__", () => ({ length: 3 }), () => "250px",
  ];
  return values[Math.floor(random() * values.length)]!();
}

type Holder = Record<string, unknown>;

/** Every place of the JSON: what holds it, and its key there. */
function places(json: unknown): [Holder, string][] {
  const found: [Holder, string][] = [];
  const walk = (value: unknown, depth: number) => {
    if (typeof value !== "object" || value === null || depth > 40) return;
    for (const key of Object.keys(value)) {
      found.push([value as Holder, key]);
      walk((value as Holder)[key], depth + 1);
    }
  };
  walk(json, 0);
  return found;
}

/** `json` with some things broken. Changes it. */
function broken(json: unknown, random: () => number): unknown {
  const all = places(json);
  const pick = () => all[Math.floor(random() * all.length)]!;
  const times = 1 + Math.floor(random() ** 3 * 40);
  for (let i = 0; i < times && all.length; i++) {
    const [holder, key] = pick();
    const list: unknown[] | null = Array.isArray(holder) ? holder : null;
    const what = random();
    if (what < 0.2) {
      if (list) list.splice(Number(key), 1);
      else delete holder[key];
    } else if (what < 0.75) holder[key] = wrong(random);
    else if (what < 0.85) {
      // Something from elsewhere; copied, so that nothing holds itself.
      const [other, from] = pick();
      holder[key] = structuredClone(other[from]);
    } else if (what < 0.95 && list) for (let copies = 0; copies < 1 + random() * 30; copies++) list.push(structuredClone(list[Number(key)]));
    else holder[key] = typeof holder[key] === "object" ? JSON.stringify(holder[key]).slice(0, 2000) : { [String(holder[key]).slice(0, 50)]: holder[key] };
  }
  return json;
}

const range = { raw: { from: "now-1h", to: "now" }, span: { from: 1_700_000_000_000, to: 1_700_003_600_000 } };

/** Does with it what a page does. */
function use(json: unknown): void {
  const { dashboard, notices } = load(json);
  expect(notices.filter((notice) => notice.severity === "error" && !notice.text.startsWith("this is no dashboard"))).toEqual([]);
  expect(notices.every((notice) => typeof notice.text === "string" && !/undefined|\[object|TypeError/.test(notice.text))).toBe(true);
  const states = dashboard.templating.list.map((variable) => withOptions(initialState(variable), [{ text: "a", value: "a" }, { text: "b", value: "b" }]));
  const scope = queryScope(dashboardScope(states, { dashboard, range, zone: "utc" }), { intervalMs: 15_000, scrapeMs: 0, range });
  refreshPlan(dashboard.templating.list, { kind: "load" });
  const { items } = gridItems(dashboard.panels, { values: (name) => (states.some((state) => state.variable.name === name) ? [{ text: "a", value: "a" }] : null), collapsed: () => false });
  for (const { gridPos: { x, y, w, h } } of items) {
    if (![x, y, w, h].every(Number.isInteger) || x < 0 || w < 1 || x + w > 24 || h < 1 || h > 200 || y < 0) throw new Error(`a place that is none: ${x} ${y} ${w} ${h}`);
  }
  const panels = allPanels(dashboard.panels);
  for (const panel of panels) {
    interpolate(panel.title ?? "", scope, "text");
    for (const target of panel.targets) if (target.expr) interpolate(target.expr, scope, "promql");
    applyFieldConfig([{ fields: [{ name: "Value", type: "number", values: [1], config: {} }], length: 1 }], panel.fieldConfig, (text) => interpolate(text, scope));
  }
  expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
  JSON.stringify(toJson(dashboard));
}

test(`dashboards broken at random load, for ${SECONDS} s from seed ${FIRST}`, { timeout: (SECONDS + 60) * 1000 }, () => {
  const texts = [...FIXTURES.map((json) => JSON.stringify(json)), ...corpusDashboards().map(([, text]) => text)];
  const start = performance.now();
  let rounds = 0;
  for (; !rounds || performance.now() - start < SECONDS * 1000; rounds++) {
    const seed = FIRST + rounds;
    const random = randomOf(seed);
    const json = broken(JSON.parse(texts[Math.floor(random() * texts.length)]!), random);
    const began = performance.now();
    try {
      use(json);
    } catch (error) {
      throw new Error(`again with WATCHKEEPER_FUZZ_SEED=${seed}`, { cause: error });
    }
    const took = performance.now() - began;
    if (took > MOST_MS) throw new Error(`it took ${Math.round(took)} ms; again with WATCHKEEPER_FUZZ_SEED=${seed}`);
  }
  expect(rounds).toBeGreaterThan(SECONDS);
});
