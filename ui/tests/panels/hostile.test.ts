import { render } from "svelte/server";
import { expect, test } from "vitest";
import { chartModel } from "../../src/charts/chart_model.ts";
import { scaleRange, tickTexts, valueTicks } from "../../src/charts/scales.ts";
import { timeEntries } from "../../src/charts/time_tooltip.ts";
import { tooltipRows } from "../../src/charts/tooltip.ts";
import { applyFieldConfig } from "../../src/core/frame/overrides.ts";
import { standardConfig } from "../../src/core/frame/standard_config.ts";
import type { Frame } from "../../src/core/frame/frame.ts";
import type { Panel } from "../../src/core/model/dashboard.ts";
import { loadPanel, PANELS } from "../../src/panels/panel.ts";
import { manySeries, ODD_CONFIGS, ODD_FRAMES, panelOf, randomFrame, randomPanel, seeded } from "./hostile_frames.ts";

const SPAN = { from: Date.UTC(2026, 10, 28), to: Date.UTC(2026, 10, 28, 1) };
const SIZES = [[400, 240], [20, 20], [0, 0]] as const;
/** For machines that do other things too, ms. */
const PATIENCE = 60_000;
// They ask the server, not frames; `text` needs the page's cleaner of HTML.
const TYPES = Object.keys(PANELS).filter((type) => !["text", "alertlist", "dashlist", "singlestat", "graph", "table-old"].includes(type));
const components = Object.fromEntries(await Promise.all(TYPES.map(async (type) => [type, (await loadPanel(type)).default] as const)));

/** What no element may have: sizes that are none, numbers of nothing, and markup of a label. */
const WRONG = /undefined|NaN(?:px|%)|(?:width|height|[rxy][12xy]?)="(?:NaN|Infinity)|(?:width|height|r[xy]?)="-|(?:width|height|size): ?(?:-|NaN|Infinity)| d="[^"]*(?:NaN|Infinity)|<img src=x/;

function html(panel: Panel, frames: Frame[], width = 400, height = 240): string {
  const ready = applyFieldConfig(frames, panel.fieldConfig, (text) => text, standardConfig(panel.type));
  return render(components[panel.type]!, { props: { panel, frames: ready, span: SPAN, zone: "utc", width, height, interpolate: (text: string) => text } }).body;
}

/** What the plot does with a model, without a canvas: all that it asks for must be finite and in order. */
function drawn(frames: Frame[], panel: Panel): void {
  const model = chartModel(applyFieldConfig(frames, panel.fieldConfig, (text) => text, standardConfig("timeseries")), "dark", "utc");
  for (const hidden of [new Set<string>(), new Set(model.series.slice(0, 1).map((each) => each.id))]) {
    const [times, ...columns] = model.data(hidden);
    for (let at = 1; at < times.length; at++) expect(times[at]! > times[at - 1]!, "times ascend").toBe(true);
    for (const values of columns) {
      expect(values.length).toBe(times.length);
      for (const value of values) expect(value === null || value === undefined || Number.isFinite(value), `${String(value)} can be drawn`).toBe(true);
    }
    for (const { series } of model.bands(hidden)) expect(series[0] !== series[1] && series.every((each) => each >= 1 && each <= columns.length)).toBe(true);
    for (const scale of model.scales) {
      const own = columns.filter((_, index) => model.series[index]!.scale === scale.key).flat().filter((value): value is number => typeof value === "number");
      const [low, high] = scaleRange(scale, own.length ? Math.min(...own) : null, own.length ? Math.max(...own) : null);
      expect(Number.isFinite(low) && Number.isFinite(high) && high > low, `scale ${low} to ${high}`).toBe(true);
      if (scale.distribution === "log") expect(low).toBeGreaterThan(0);
      const ticks = valueTicks(low, high, 6, scale.unit);
      expect(ticks.every(Number.isFinite)).toBe(true);
      expect(tickTexts(ticks, model.series[scale.first]!.tick)).toHaveLength(ticks.length);
    }
    times.slice(0, 5).forEach((_, index) => tooltipRows(timeEntries(model, hidden, { index, ms: 60_000 }, () => 1).entries, { mode: "multi", sort: "desc", hideZeros: true }));
  }
}

for (const type of TYPES) {
  test(`${type}: odd frames under odd options are drawn, or said to be no data`, () => {
    const faults = new Map<string, string>();
    for (const [what, frames] of Object.entries(ODD_FRAMES)) {
      for (const [how, { defaults = {}, options = {} }] of Object.entries(ODD_CONFIGS)) {
        for (const [width, height] of SIZES) {
          try {
            const text = html(panelOf(type, { defaults, overrides: [] }, options), frames(), width, height);
            const wrong = WRONG.exec(text);
            if (wrong) faults.set(`${what}, ${how}, ${width}×${height}`, text.slice(Math.max(0, wrong.index - 120), wrong.index + 60));
          } catch (error) {
            faults.set(`${what}, ${how}, ${width}×${height}`, String((error as Error).stack));
          }
        }
      }
    }
    expect([...faults].slice(0, 3), `${faults.size} faults`).toEqual([]);
  }, PATIENCE);

  test(`${type}: random frames and options of any type`, () => {
    const faults: string[] = [];
    for (let seed = 1; seed <= 150; seed++) {
      const random = seeded(seed * 7919);
      const panel = randomPanel(type, random);
      const frames = Array.from({ length: Math.floor(random() * 4) }, () => randomFrame(random));
      const [width, height] = SIZES[Math.floor(random() * SIZES.length)]!;
      try {
        html(panel, frames, width, height);
      } catch (error) {
        faults.push(`seed ${seed}: ${String((error as Error).stack)}`);
      }
    }
    expect(faults.slice(0, 2), `${faults.length} faults`).toEqual([]);
  }, PATIENCE);
}

test("what a time chart hands to its plot is finite and in order", () => {
  for (const [what, frames] of Object.entries(ODD_FRAMES)) {
    for (const [how, { defaults = {} }] of Object.entries(ODD_CONFIGS)) {
      try {
        drawn(frames(), panelOf("timeseries", { defaults, overrides: [] }, {}));
      } catch (error) {
        throw new Error(`${what}, ${how}`, { cause: error });
      }
    }
  }
  for (let seed = 1; seed <= 250; seed++) {
    const random = seeded(seed * 104_729);
    const panel = randomPanel("timeseries", random);
    const frames = Array.from({ length: Math.floor(random() * 4) }, () => randomFrame(random));
    try {
      drawn(frames, panel);
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(panel.fieldConfig)}`, { cause: error });
    }
  }
}, PATIENCE);

test("ten thousand series are drawn in part, and soon", () => {
  const frames = manySeries();
  for (const type of TYPES) {
    const begun = performance.now();
    html(panelOf(type, { defaults: {}, overrides: [] }, {}), frames);
    expect(performance.now() - begun, type).toBeLessThan(5000);
  }
}, PATIENCE);
