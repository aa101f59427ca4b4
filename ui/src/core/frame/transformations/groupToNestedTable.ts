/** Rows with the same values made one, with the rows themselves in a table below it. */

import { displayNames } from "../display_name.ts";
import { type Frame, frame as makeFrame } from "../frame.ts";
import { NESTED } from "../nested.ts";
import { column, pickRows, withFields } from "../rows.ts";
import { type GroupBy, groupBy, groupRows, settingOf } from "./groupBy.ts";
import type { Transform } from "./transformation.ts";

/** See Grafana's "Group to nested table": as "Group by", and a column of frames with what each group has beside its keys. */
export const groupToNestedTable: Transform<GroupBy & { showSubframeHeaders?: boolean }> = (frames, options) => {
  const names = displayNames(frames);
  const isKey = (field: Frame["fields"][number]) => settingOf(field, options, names)?.operation === "groupby";
  const grouped = frames.filter((frame) => frame.fields.some(isKey));
  const tops = groupBy(frames, options);
  if (grouped.length === 0) return tops;
  return grouped.map((frame, index): Frame => {
    const top = tops[index]!;
    const rest = withFields(frame, frame.fields.filter((field) => !isKey(field)));
    if (rest.fields.length === 0) return top;
    const nested = groupRows(frame.fields.filter(isKey), frame.length).map((rows) => pickRows(rest, rows));
    return makeFrame([...top.fields, column(NESTED, "other", nested, { config: { custom: { headers: options.showSubframeHeaders !== false } } })], top.refId === undefined ? {} : { refId: top.refId });
  });
};
