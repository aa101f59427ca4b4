/** Series on one time axis, and stacks of them. Pure; linear in the number of points, but for the sort of the axis. */

import type { FieldConfig } from "../core/frame/config.ts";
import type { Field, Frame } from "../core/frame/frame.ts";

/** null is a gap in the line; undefined only means that this series has no value at that time. */
export type Column = (number | null | undefined)[];

export interface AlignedColumn {
  field: Field;
  frame: Frame;
  values: Column;
  rowAt: (index: number) => number;
  /** Its place among all columns of the panel that could be drawn: for the palette. */
  place: number;
}

function asNumber(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return value ? 1 : 0;
  return null;
}

/** Whether a line goes on over a gap that is `ms` long: never, always, or up to a length. */
function spans(config: FieldConfig): number {
  const custom = config.custom ?? {};
  if (custom.spanNulls === true) return Infinity;
  return typeof custom.spanNulls === "number" ? custom.spanNulls : 0;
}

/** The columns of all frames on the union of their times. At most `most` columns. */
export function alignFrames(frames: readonly Frame[], most = Infinity): { times: number[]; columns: AlignedColumn[]; left: number } {
  const sources: { time: readonly number[]; fields: Field[]; frame: Frame }[] = [];
  let count = 0;
  let left = 0;
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    if (!time) continue;
    const fields: Field[] = [];
    for (const field of frame.fields) {
      if (field.type !== "number" && field.type !== "boolean") continue;
      if (count < most) {
        fields.push(field);
        count++;
      } else {
        left++;
      }
    }
    if (fields.length) sources.push({ time: time.values as readonly number[], fields, frame });
  }
  const axes = new Map<readonly number[], Int32Array | null>();
  const gaps = sources.map(({ frame, fields }) => {
    const custom = fields[0]?.config.custom?.insertNulls;
    return typeof custom === "number" ? custom : frame.meta?.stepMs ? frame.meta.stepMs * 1.5 : Infinity;
  });
  const union = unionTimes(sources.map((source) => source.time), gaps);
  for (const { time } of sources) {
    if (axes.has(time)) continue;
    axes.set(time, placesOf(time, union));
  }
  let place = 0;
  const columns: AlignedColumn[] = [];
  sources.forEach(({ time, fields, frame }, source) => {
    const rows = axes.get(time) ?? null;
    for (const field of fields) {
      const values: Column = new Array<number | null | undefined>(union.length);
      const limit = spans(field.config);
      let lastTime = NaN;
      for (let index = 0; index < union.length; index++) {
        const row = rows ? rows[index]! : index;
        const at = union[index]!;
        if (row < 0) {
          values[index] = at - lastTime > gaps[source]! * (2 / 3) && gaps[source]! !== Infinity ? null : undefined;
        } else {
          values[index] = asNumber(field.values[row]);
          lastTime = at;
        }
      }
      if (limit > 0) bridge(values, union, limit);
      columns.push({ field, frame, values, rowAt: rows ? (index) => rows[index] ?? -1 : (index) => index, place: place++ });
    }
  });
  return { times: union, columns, left };
}

/** All times of all axes, ascending, and one more after each value that is followed by nothing for longer than the gap. */
function unionTimes(axes: readonly (readonly number[])[], gaps: readonly number[]): number[] {
  const distinct = [...new Set(axes)];
  const sorted = (times: readonly number[]) => times.every((time, index) => index === 0 || time > times[index - 1]!);
  const extra: number[] = [];
  axes.forEach((times, source) => {
    const gap = gaps[source]!;
    if (gap === Infinity || axes.indexOf(times) !== source) return;
    for (let index = 1; index < times.length; index++) {
      if (times[index]! - times[index - 1]! > gap) extra.push(times[index - 1]! + (gap * 2) / 3);
    }
  });
  if (distinct.length === 1 && extra.length === 0 && sorted(distinct[0]!)) return distinct[0] as number[];
  const all = new Set<number>(extra);
  for (const times of distinct) for (const time of times) if (typeof time === "number") all.add(time);
  return Float64Array.from(all).sort() as unknown as number[];
}

/** For each place of the union the row of the axis, -1 where it has none; null where they are the same. */
function placesOf(times: readonly number[], union: readonly number[]): Int32Array | null {
  if (times === union) return null;
  const rows = new Int32Array(union.length).fill(-1);
  const ascending = times.every((time, index) => index === 0 || time >= times[index - 1]!);
  if (ascending) {
    let row = 0;
    for (let index = 0; index < union.length && row < times.length; index++) {
      while (row < times.length && times[row]! < union[index]!) row++;
      while (row + 1 < times.length && times[row + 1] === union[index]) row++;
      if (times[row] === union[index]) rows[index] = row++;
    }
    return rows;
  }
  const at = new Map(times.map((time, row) => [time, row]));
  for (let index = 0; index < union.length; index++) rows[index] = at.get(union[index]!) ?? -1;
  return rows;
}

/** Takes away gaps that are no longer than `limit` ms, so that the line goes on. */
function bridge(values: Column, times: readonly number[], limit: number): void {
  let last = -1;
  for (let index = 0; index < values.length; index++) {
    if (typeof values[index] !== "number") continue;
    if (last >= 0 && index - last > 1 && times[index]! - times[last]! <= limit) {
      for (let gap = last + 1; gap < index; gap++) values[gap] = undefined;
    }
    last = index;
  }
}

export interface StackInput {
  values: Column;
  config: FieldConfig;
  hidden: boolean;
  scale: string;
  bars: boolean;
  log: boolean;
}

/**
 * Columns as they are drawn: negative where `transform` says so, and on top of those before them that have the same stacking
 * group; hidden ones take no part. Bands name the pairs between which an area is filled (uPlot counts series from 1).
 */
export function stackColumns(inputs: readonly StackInput[]): { columns: Column[]; bands: { series: [number, number]; dir: 1 | -1 }[] } {
  const groups = new Map<string, number[]>();
  const columns = inputs.map(({ values, config, hidden, scale, bars, log }, index): Column => {
    const custom = (config.custom ?? {}) as { transform?: unknown; stacking?: { mode?: unknown; group?: unknown } };
    const negative = custom.transform === "negative-Y";
    let drawn = values;
    if (custom.transform === "constant") {
      const first = values.find((value) => typeof value === "number");
      drawn = values.map((value) => (value === undefined ? undefined : (first ?? null)));
    } else if (negative) {
      drawn = values.map((value) => (typeof value === "number" ? -value : value));
    } else if (log) {
      drawn = values.map((value) => (typeof value === "number" && value <= 0 ? null : value));
    }
    const mode = custom.stacking?.mode;
    if (!hidden && (mode === "normal" || mode === "percent") && custom.stacking?.group !== false) {
      const key = JSON.stringify([custom.stacking?.group ?? "A", mode, scale, negative, bars]);
      const members = groups.get(key);
      if (members) members.push(index);
      else groups.set(key, [index]);
    }
    return drawn;
  });
  const bands: { series: [number, number]; dir: 1 | -1 }[] = [];
  for (const [key, members] of groups) {
    const [, mode, , negative] = JSON.parse(key) as [string, string, string, boolean];
    const length = columns[members[0]!]!.length;
    if (mode === "percent") {
      const totals = new Float64Array(length);
      for (const member of members) columns[member]!.forEach((value, at) => (totals[at]! += typeof value === "number" ? Math.abs(value) : 0));
      for (const member of members) {
        columns[member] = columns[member]!.map((value, at) => (typeof value === "number" ? (totals[at] ? value / totals[at]! : 0) : value));
      }
    }
    const sums = new Float64Array(length);
    let below = -1;
    for (const member of members) {
      columns[member] = columns[member]!.map((value, at) => (typeof value === "number" ? (sums[at]! += value) : value));
      if (below >= 0) bands.push({ series: [member + 1, below + 1], dir: negative ? 1 : -1 });
      below = member;
    }
  }
  return { columns, bands };
}
