/** Which y axes a chart has, and how far they reach: series of one unit share one. Pure. */

import type { FieldConfig } from "../core/frame/config.ts";
import { numberOr, oneOf } from "./series_style.ts";

export interface ScaleSpec {
  key: string;
  unit: string;
  distribution: "linear" | "log" | "symlog";
  logBase: 2 | 10;
  linearThreshold: number;
  /** Hard limits of `min` and `max`. */
  min: number | undefined;
  max: number | undefined;
  softMin: number | undefined;
  softMax: number | undefined;
  centeredZero: boolean;
  /** Bars stand on zero. */
  fromZero: boolean;
  side: "left" | "right" | "hidden";
  label: string;
  /** Width of the axis in px where it is fixed. */
  width: number | undefined;
  gridLines: boolean | undefined;
  /** Places after the point where the config names them. */
  decimals: number | undefined;
  colored: boolean;
  /** A line along it. */
  border: boolean;
  /** Index of the first series on it: its display writes the ticks. */
  first: number;
}

/** No scale reaches further: the length of one that did would be infinite. */
const FARTHEST = 1e300;

const given = (value: unknown): number | undefined => {
  const read = numberOr(value, NaN, -FARTHEST, FARTHEST);
  return Number.isNaN(read) ? undefined : read;
};

const lower = (a: number | undefined, b: number | undefined) => (a === undefined ? b : b === undefined ? a : Math.min(a, b));
const higher = (a: number | undefined, b: number | undefined) => (a === undefined ? b : b === undefined ? a : Math.max(a, b));

/**
 * The scales of the columns, in order of first use, and the scale's key for each column. Columns share a scale when unit, side,
 * distribution and hard limits are the same; without a side of its own the first scale is left and the others right.
 */
export function buildScales(configs: readonly FieldConfig[], bars: readonly boolean[] = []): { scales: ScaleSpec[]; keys: string[] } {
  const scales: ScaleSpec[] = [];
  const keys: string[] = [];
  const byKey = new Map<string, ScaleSpec>();
  configs.forEach((config, index) => {
    const custom = (config.custom ?? {}) as Record<string, unknown>;
    const distribution = (custom.scaleDistribution ?? {}) as Record<string, unknown>;
    const placement = oneOf(custom.axisPlacement, ["auto", "left", "right", "hidden"]);
    const kind = oneOf(distribution.type, ["linear", "log", "symlog"]);
    const unit = config.unit ?? "";
    const min = given(config.min);
    const max = given(config.max);
    const key = ["y", unit, placement === "hidden" ? "auto" : placement, kind, distribution.log ?? "", min ?? "", max ?? "", custom.axisCenteredZero ? "0" : ""].join("|");
    keys.push(key);
    let spec = byKey.get(key);
    if (!spec) {
      const taken = scales.some((each) => each.side === "left");
      spec = {
        key, unit, distribution: kind, logBase: Number(distribution.log) === 2 ? 2 : 10, linearThreshold: numberOr(distribution.linearThreshold, 1, 1e-12),
        min, max, softMin: undefined, softMax: undefined, centeredZero: custom.axisCenteredZero === true, fromZero: false,
        side: placement === "auto" ? (taken ? "right" : "left") : placement,
        label: "", width: given(custom.axisWidth), gridLines: typeof custom.axisGridShow === "boolean" ? custom.axisGridShow : undefined,
        decimals: given(config.decimals), colored: custom.axisColorMode === "series", border: custom.axisBorderShow === true, first: index,
      };
      byKey.set(key, spec);
      scales.push(spec);
    } else if (spec.side === "hidden" && placement !== "hidden") {
      spec.side = placement === "auto" ? (scales.some((each) => each.side === "left") ? "right" : "left") : placement;
    }
    if (spec.label === "" && typeof custom.axisLabel === "string") spec.label = custom.axisLabel;
    spec.softMin = lower(spec.softMin, given(custom.axisSoftMin));
    spec.softMax = higher(spec.softMax, given(custom.axisSoftMax));
    if (bars[index]) spec.fromZero = true;
  });
  return { scales, keys };
}

/** Share of the data's height that is left free above and below it. */
const PAD = 0.1;

/**
 * From where to where a scale reaches for data between `low` and `high` (null where there is none). Hard limits stand; soft ones
 * give way to data beyond them; without either there is a little room around the data, and zero is taken in where it is near.
 */
export function scaleRange(spec: ScaleSpec, low: number | null, high: number | null): [number, number] {
  const near = (value: number | null) => (value === null ? null : Math.min(FARTHEST, Math.max(-FARTHEST, value)));
  const [from, to] = reachOf(spec, near(low), near(high));
  // Beside a number this large, or in a span this short, there is no room for another one.
  return to > from && to - from > Math.abs(from) * 1e-14 ? [from, to] : [from, from + (Math.abs(from) || 1)];
}

function reachOf(spec: ScaleSpec, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) {
    const from = spec.min ?? spec.softMin ?? (spec.distribution === "log" ? 1 : 0);
    const to = spec.max ?? spec.softMax ?? (spec.distribution === "log" ? 10 : Math.max(1, from + 1));
    return to > from ? [from, to] : [from, from + 1];
  }
  if (spec.distribution === "log") return logRange(spec, low, high);
  let from = low;
  let to = high;
  if (spec.fromZero) {
    from = Math.min(from, 0);
    to = Math.max(to, 0);
  }
  if (spec.centeredZero) {
    const reach = Math.max(Math.abs(from), Math.abs(to), Math.abs(spec.softMin ?? 0), Math.abs(spec.softMax ?? 0)) || 1;
    return [spec.min ?? roundOut(-reach * (1 + PAD), reach), spec.max ?? roundOut(reach * (1 + PAD), reach)];
  }
  const flat = to === from;
  const height = flat ? Math.abs(to) || 1 : to - from;
  const pad = height * PAD;
  // Zero is the natural floor: it is taken in when the data starts within one padding of it, and never passed by padding alone.
  const padLow = from >= 0 && (from - pad <= 0 || flat) ? 0 : roundOut(from - pad, height);
  const padHigh = to <= 0 && (to + pad >= 0 || flat) ? 0 : roundOut(to + pad, height);
  const softLow = spec.softMin !== undefined ? (from >= spec.softMin ? spec.softMin : padLow) : padLow;
  const softHigh = spec.softMax !== undefined ? (to <= spec.softMax ? spec.softMax : padHigh) : padHigh;
  const start = spec.min ?? softLow;
  const end = spec.max ?? softHigh;
  return end > start ? [start, end] : spec.max !== undefined && spec.min === undefined ? [end - 1, end] : [start, start + 1];
}

/** Out to a round number, a tenth of the height at most. */
function roundOut(value: number, height: number): number {
  const step = 10 ** Math.floor(Math.log10(height)) / 10;
  const rounded = value < 0 ? -Math.ceil(-value / step - 1e-9) * step : Math.ceil(value / step - 1e-9) * step;
  return Number(rounded.toPrecision(12));
}

function logRange(spec: ScaleSpec, low: number, high: number): [number, number] {
  const base = spec.logBase;
  const positive = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);
  const from = low > 0 ? low : high > 0 ? high / base ** 4 : 1;
  const to = high > 0 ? high : base;
  const down = base ** Math.floor(Math.log(from) / Math.log(base) + 1e-9);
  const up = base ** Math.ceil(Math.log(to) / Math.log(base) - 1e-9);
  const softLow = positive(spec.softMin);
  const softHigh = positive(spec.softMax);
  const start = positive(spec.min) ?? Math.min(down, softLow ?? down);
  const end = positive(spec.max) ?? Math.max(up, softHigh ?? up);
  return end > start ? [start, end] : [start, start * base];
}

const POWER_OF_TWO = /^(bytes|bits|kbytes|mbytes|gbytes|tbytes|pbytes|binBps|binbps|KiBs|Kibits|MiBs|Mibits|GiBs|Gibits|TiBs|Tibits|PiBs|Pibits)$/;

/** Ticks at round values of a linear scale, `most` of them about; of units that count in 1024s, at round values of those. */
export function valueTicks(from: number, to: number, most: number, unit: string): number[] {
  if (!(to > from) || most < 1) return [];
  const wanted = (to - from) / most;
  let step: number;
  if (POWER_OF_TWO.test(unit) && wanted > 1) {
    step = 2 ** Math.ceil(Math.log2(wanted) - 1e-9);
  } else {
    const magnitude = 10 ** Math.floor(Math.log10(wanted));
    step = [1, 2, 2.5, 5, 10].map((each) => each * magnitude).find((each) => each >= wanted * (1 - 1e-9)) ?? 10 * magnitude;
  }
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-9 && ticks.length < 200; n++) {
    const tick = n === 0 ? 0 : Number((n * step).toPrecision(12));
    // So far from zero that neighbours are one number.
    if (tick !== ticks.at(-1)) ticks.push(tick);
  }
  return ticks;
}

/** Texts of ticks with as few decimals as say each exactly and tell neighbours apart, `write(value, decimals)` as the unit writes them. */
export function tickTexts(ticks: readonly number[], write: (value: number, decimals?: number) => string): string[] {
  const usual = ticks.map((tick) => write(tick));
  for (let decimals = 0; decimals <= 6; decimals++) {
    const texts = ticks.map((tick) => write(tick, decimals));
    if (new Set(texts).size === texts.length && ticks.every((tick, at) => sameNumber(texts[at]!, write(tick, decimals + 3)))) return texts;
  }
  return usual;
}

/** Whether two texts say one number; also of texts that say none. */
function sameNumber(one: string, other: string): boolean {
  const [a, b] = [parseFloat(one), parseFloat(other)];
  return Number.isNaN(a) || Number.isNaN(b) ? one === other : Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a));
}
