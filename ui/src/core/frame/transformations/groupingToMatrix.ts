/** A long table made a matrix: a column for each value of one column, a row for each value of another. */

import { frame as makeFrame } from "../frame.ts";
import { column, fieldNamed, keyOf, withoutNames } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface GroupingToMatrix {
  columnField: string;
  rowField: string;
  valueField: string;
  emptyValue: "null" | "true" | "false" | "empty" | "zero";
}

const EMPTY: Record<string, unknown> = { null: null, true: true, false: false, empty: "", zero: 0 };

/** See Grafana's "Grouping to matrix": of one frame alone; of several it leaves them as they are. Empty cells hold "". */
export const groupingToMatrix: Transform<GroupingToMatrix> = (frames, { columnField = "Time", rowField = "Time", valueField = "Value", emptyValue = "empty" }) => {
  const [frame] = frames;
  if (!frame || frames.length !== 1) return frames;
  const [across, down, of] = [columnField, rowField, valueField].map((name) => fieldNamed(frame, name, frames));
  if (!across || !down || !of) return frames;
  const columns = [...new Set(across.values)];
  const rows = [...new Set(down.values)];
  const cells = new Map<string, unknown>();
  for (let row = 0; row < frame.length; row++) cells.set(keyOf([across.values[row], down.values[row]]), of.values[row]);
  const empty = Object.hasOwn(EMPTY, emptyValue) ? EMPTY[emptyValue] : "";
  const config = withoutNames(of.config);
  const fields = columns.map((name) =>
    column(String(name), of.type, rows.map((row) => {
      const key = keyOf([name, row]);
      return cells.has(key) ? cells.get(key) : empty;
    }), { config }),
  );
  return [makeFrame([column(`${rowField}\\${columnField}`, down.type, rows), ...fields])];
};
