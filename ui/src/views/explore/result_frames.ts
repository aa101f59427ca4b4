/** What came back as tables: the series of each query joined by time, and every other frame as it is. */

import type { Field, Frame } from "../../core/frame/frame.ts";
import { frame as makeFrame } from "../../core/frame/frame.ts";
import { displayNames } from "../../core/frame/display_name.ts";

export interface ResultTable {
  name: string;
  frame: Frame;
}

/** In the order of the frames. Columns of joined series have their names for people. */
export function resultTables(frames: readonly Frame[]): ResultTable[] {
  const tables: ResultTable[] = [];
  const series = new Map<string, Frame[]>();
  for (const one of frames) {
    if (!one.length) continue;
    const letter = one.refId ?? "";
    if (one.meta?.kind === "timeseries") {
      const known = series.get(letter);
      if (known) known.push(one);
      else {
        series.set(letter, [one]);
        tables.push({ name: `${letter} series by time`, frame: one });
      }
    } else tables.push({ name: `${letter} ${one.meta?.kind === "logs" ? "lines" : one.meta?.kind === "exemplars" ? "exemplars" : "values"}`, frame: one });
  }
  return tables.map((table) => (table.frame.meta?.kind === "timeseries" ? { ...table, frame: joined(series.get(table.frame.refId ?? "")!) } : table));
}

/** One column of times, and one for each series; null where a series has no value at a time. */
function joined(frames: readonly Frame[]): Frame {
  const names = displayNames(frames);
  const rows = new Map<number, number>();
  const times = [...new Set(frames.flatMap((one) => (one.fields.find((field) => field.type === "time")?.values ?? []) as number[]))].sort((a, b) => a - b);
  times.forEach((time, at) => rows.set(time, at));
  const columns = frames.flatMap((one): Field[] => {
    const time = (one.fields.find((field) => field.type === "time")?.values ?? []) as number[];
    return one.fields.filter((field) => field.type !== "time").map((field) => {
      const values = new Array<unknown>(times.length).fill(null);
      time.forEach((at, row) => (values[rows.get(at)!] = field.values[row] ?? null));
      return { name: names.get(field) ?? field.name, type: field.type, values, config: {} };
    });
  });
  return makeFrame([{ name: "Time", type: "time", values: times, config: {} }, ...columns]);
}
