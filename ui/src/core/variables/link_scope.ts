/** The names of links on data: `${__field.labels.job}`, `${__value.raw}`, `${__data.fields.Namespace}`, `${__series.name}`. */

import type { DisplayValue } from "../frame/display.ts";
import type { Field, Frame } from "../frame/frame.ts";
import { extendScope, type Scope, type ScopeValue } from "./scope.ts";

/** The point that was clicked. Without a row only what the column says is known. */
export interface LinkPoint {
  frame: Frame;
  field: Field;
  row?: number;
  /** How a value of a column reads; without, as it is. */
  display?: (field: Field, value: unknown) => DisplayValue;
}

function read(value: unknown, shown: DisplayValue | undefined): Record<string, unknown> {
  const text = shown ? `${shown.prefix ?? ""}${shown.text}${shown.suffix ?? ""}` : value === null || value === undefined ? "" : String(value);
  return { text, raw: value, numeric: shown?.numeric ?? (typeof value === "number" ? value : NaN) };
}

/** `scope` and the names of a point. Columns are found by the name that people see, by their own, and by number. */
export function linkScope(scope: Scope, point: LinkPoint): Scope {
  const { frame, field, row, display } = point;
  const at = (column: Field) => read(row === undefined ? null : column.values[row], row === undefined ? undefined : display?.(column, column.values[row]));
  const fieldName = field.display ?? field.config.displayName ?? field.name;
  const fieldValue = { name: fieldName, displayName: fieldName, labels: labelsOf(field), title: fieldName };
  const value = (): ScopeValue => {
    const time = frame.fields.find((column) => column.type === "time");
    return { value: { ...at(field), time: time && row !== undefined ? time.values[row] : undefined, calc: undefined } };
  };
  const data = (): ScopeValue => {
    // No prototype: a column called "constructor" is a column.
    const fields = Object.create(null) as Record<string, unknown>;
    frame.fields.forEach((column, index) => {
      fields[String(index)] ??= at(column);
    });
    for (const column of frame.fields) fields[column.name] = at(column);
    for (const column of frame.fields) if (column.display) fields[column.display] = at(column);
    return { value: { name: frame.name ?? "", refId: frame.refId ?? "", fields, text: frame.name ?? "" } };
  };
  return extendScope(scope, {
    __field: { value: fieldValue },
    __series: { value: { name: fieldName, labels: labelsOf(field), title: fieldName } },
    __value: value,
    __data: data,
  });
}

/** Labels, so that `${__field.labels}` alone reads as Prometheus writes them. */
function labelsOf(field: Field): Record<string, string> {
  const labels = Object.assign(Object.create(null) as Record<string, string>, field.labels);
  const text = Object.entries(field.labels ?? {}).map(([name, value]) => `${name}="${value}"`).join(", ");
  if (!("text" in labels)) Object.defineProperty(labels, "text", { value: text, enumerable: false });
  return labels;
}
