/** Frames to what charts draw: one axis of times, and columns of numbers on it. */

import type { Field, Frame } from "./frame.ts";
import { type Numbers, type Stack, stacked } from "./stacking.ts";
import { GAP, inOrder, type Places, placesOn, through, union, withGaps } from "./time_axis.ts";

/** What a chart's columns have in `config.custom`, as far as it changes their numbers. */
export interface SeriesCustom {
  drawStyle?: "line" | "bars" | "points";
  /** Lines over gaps: all of them, or those shorter than so many ms. */
  spanNulls?: boolean | number;
  /** Gaps where samples are further apart than so many ms (true: than the query's step). */
  insertNulls?: boolean | number;
  /** Missing values are drawn at 0, as old graphs may want them. */
  nullsAsZero?: boolean;
  stacking?: { mode?: "none" | "normal" | "percent"; group?: string | false };
  transform?: "negative-Y" | "constant";
  axisPlacement?: string;
  hideFrom?: { viz?: boolean; legend?: boolean; tooltip?: boolean };
}

/**
 * One line, bar or area.
 *
 * values   as drawn: null is a gap, undefined is passed over; never NaN or infinite
 * raw      as the data says, on the same axis, for legends and tooltips: neither stacked nor turned over
 * percent  whether values are shares of a whole (0 to 1)
 * below    the series on whose top this one stands, by place in the list; null where it stands on the axis
 * hidden   whether the config hides it from the drawing; it is then in no stack
 */
export interface ChartSeries {
  field: Field;
  frame: Frame;
  values: Numbers;
  raw: readonly unknown[];
  percent: boolean;
  below: number | null;
  hidden: boolean;
}

export interface ChartData {
  /** Milliseconds since the epoch, ascending. */
  times: readonly number[];
  series: ChartSeries[];
}

interface Source {
  field: Field;
  frame: Frame;
  custom: SeriesCustom;
  times: readonly number[];
  rows: Places;
}

const customOf = (field: Field): SeriesCustom => (field.config.custom ?? {}) as SeriesCustom;

/** The distance (ms) from which a column's samples are apart: of insertNulls, else of the query's step. */
function gapOf(frame: Frame, { insertNulls }: SeriesCustom): number {
  return Math.max(1, (typeof insertNulls === "number" && insertNulls > 0 ? insertNulls : frame.meta?.stepMs) || Infinity);
}

/** Numeric columns of frames that have times, each with its own times in order and gaps put in. */
function sourcesOf(frames: readonly Frame[]): Source[] {
  // Columns of one query share their times, so these are worked through once.
  const known = new Map<readonly unknown[], Map<number, { times: readonly number[]; rows: Places }>>();
  const sources: Source[] = [];
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    if (!time) continue;
    for (const field of frame.fields) {
      if (field.type !== "number" && field.type !== "boolean") continue;
      const custom = customOf(field);
      const gap = gapOf(frame, custom);
      let byGap = known.get(time.values);
      if (!byGap) known.set(time.values, (byGap = new Map()));
      let own = byGap.get(gap);
      if (!own) {
        const ordered = inOrder(time.values as readonly number[]);
        const broken = gap < Infinity ? withGaps(ordered.times, gap) : { times: ordered.times, rows: null };
        byGap.set(gap, (own = { times: broken.times, rows: through(broken.rows, ordered.rows) }));
      }
      sources.push({ field, frame, custom, ...own });
    }
  }
  return sources;
}

/** Values at the places of an axis: null where there is a gap, undefined where the column has nothing. */
function placed(values: readonly unknown[], places: Places, length: number): readonly unknown[] {
  // A column that is shorter or longer than its times has nothing to say where there is no pair.
  if (!places) return values.length === length ? values : Array.from({ length }, (_, i) => values[i]);
  const made = Array<unknown>(places.length);
  for (let i = 0; i < places.length; i++) {
    const row = places[i]!;
    made[i] = row >= 0 ? values[row] : row === GAP ? null : undefined;
  }
  return made;
}

/** Numbers beyond are drawn there: differences and sums of larger ones would be infinite. */
const FARTHEST = 1e290;

/** Numbers that can be drawn: what is not finite becomes a gap, booleans 0 and 1. The same array where nothing changes. */
function drawable(values: readonly unknown[]): Numbers {
  let made: Numbers | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined || (typeof value === "number" && Math.abs(value) <= FARTHEST)) continue;
    made ??= [...values] as Numbers;
    made[i] = typeof value === "boolean" ? Number(value) : typeof value === "number" && Number.isFinite(value) ? Math.sign(value) * FARTHEST : null;
  }
  return made ?? (values as Numbers);
}

/** Gaps closed: those whose ends are less than `most` ms apart become places passed over. */
function spanned(values: Numbers, times: readonly number[], most: number): Numbers {
  const made = [...values];
  let last = -1;
  for (let i = 0; i < made.length; i++) {
    if (typeof made[i] !== "number") continue;
    if (last >= 0 && i - last > 1 && times[i]! - times[last]! < most) for (let j = last + 1; j < i; j++) made[j] = undefined;
    last = i;
  }
  return made;
}

function zeroed(values: Numbers): Numbers {
  return values.map((value) => value ?? 0);
}

function constant(values: Numbers): Numbers {
  const first = values.find((value) => typeof value === "number");
  return values.map(() => first ?? null);
}

const negated = (values: Numbers): Numbers => values.map((value) => (typeof value === "number" ? -value : value));

function isBelowAxis(values: Numbers): boolean {
  let sum = 0;
  for (const value of values) sum += value ?? 0;
  return sum < 0;
}

/** Which stack a series is of; null for none. Series on different axes or drawn differently are not stacked, nor are signs mixed. */
function stackKey({ field, custom }: Source, values: Numbers): string | null {
  const { mode = "none", group } = custom.stacking ?? {};
  if (mode === "none" || (mode !== "normal" && mode !== "percent")) return null;
  return JSON.stringify([mode, group || "A", isBelowAxis(values), custom.drawStyle ?? "line", custom.axisPlacement ?? "auto", field.config.unit ?? ""]);
}

/** Numbers of a source as its config wants them, before stacking. */
function shaped({ field, custom }: Source, raw: readonly unknown[], times: readonly number[]): Numbers {
  let values = drawable(raw);
  if (custom.nullsAsZero === true || field.config.nullValueMode === "null as zero") values = zeroed(values);
  const span = custom.spanNulls ?? (field.config.nullValueMode === "connected" || false);
  if (span === true) values = spanned(values, times, Infinity);
  else if (typeof span === "number" && span > 0) values = spanned(values, times, span);
  if (custom.transform === "constant") values = constant(values);
  return custom.transform === "negative-Y" ? negated(values) : values;
}

/**
 * All numeric columns of frames that have times, on one axis.
 *
 * Samples further apart than `insertNulls` (else than the query's step) are apart by a gap; times that only other columns have are no gaps.
 * Columns with the same times (as all of one range query) cost nothing to align; else the work grows with the number of places times
 * the number of columns, which is what charts take.
 *
 * isHidden  series that a person has switched off: they are in no stack
 */
export function chartData(frames: readonly Frame[], isHidden: (field: Field, frame: Frame) => boolean = () => false): ChartData {
  const sources = sourcesOf(frames);
  const times = union(sources.map((source) => source.times));
  const places = new Map<readonly number[], Places>();
  const stacks = new Map<string, Stack>();
  const series = sources.map((source, i): ChartSeries => {
    let place = places.get(source.times);
    if (place === undefined) places.set(source.times, (place = placesOn(times, source.times)));
    const raw = placed(source.field.values, through(place, source.rows), times.length);
    const values = shaped(source, raw, times);
    const hidden = source.custom.hideFrom?.viz === true || isHidden(source.field, source.frame);
    const key = hidden ? null : stackKey(source, values);
    if (key !== null) {
      const stack = stacks.get(key);
      if (stack) stack.members.push(i);
      else stacks.set(key, { members: [i], mode: source.custom.stacking!.mode as Stack["mode"] });
    }
    return { field: source.field, frame: source.frame, values, raw, percent: false, below: null, hidden };
  });
  const columns = series.map(({ values }) => values);
  for (const stack of stacks.values()) {
    const tops = stacked(columns, stack, times);
    stack.members.forEach((member, level) => {
      const own = series[member]!;
      own.values = tops.get(member)!;
      own.percent = stack.mode === "percent";
      own.below = level ? stack.members[level - 1]! : null;
    });
  }
  return { times, series };
}
