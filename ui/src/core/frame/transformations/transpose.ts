/** Rows and columns changed about. */

import { displayNames, VALUE_NAME } from "../display_name.ts";
import { frame as makeFrame } from "../frame.ts";
import { column, joinedRefId, typeOfValues } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Transpose {
  firstFieldName: string;
  restFieldsName: string;
}

/** See Grafana's "Transpose": values of the first column become labels of columns, names of columns the values of the first. */
export const transpose: Transform<Transpose> = (frames, { firstFieldName, restFieldsName }) => {
  const names = displayNames(frames);
  return frames.map((frame) => {
    const [first, ...others] = frame.fields;
    if (!first) return frame;
    const head = column(firstFieldName || "Field", "string", others.map((field) => names.get(field) ?? field.name));
    const label = names.get(first) ?? first.name;
    const types = new Set(others.map((field) => field.type));
    const fields = first.values.map((name, row) => {
      const values = others.map((field) => field.values[row] ?? null);
      // Of mixed columns everything is text, so that it is shown alike.
      const mixed = types.size > 1;
      const shown = mixed ? values.map((value) => (value === null ? null : String(value))) : values;
      return column(restFieldsName || VALUE_NAME, mixed ? "string" : (others[0]?.type ?? typeOfValues(values)), shown, { labels: { [label]: String(name ?? "") } });
    });
    return makeFrame([head, ...fields], { refId: joinedRefId("transpose", [frame]) });
  });
};
