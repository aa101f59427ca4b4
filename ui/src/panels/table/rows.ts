/** Which rows of a frame a table shows, in which order, and what stands below them. Pure. */

import { compareValues } from "../../charts/compare.ts";
import type { Frame } from "../../core/frame/frame.ts";
import { reduce, reducerOf } from "../../core/frame/reducers.ts";
import type { TableColumn } from "./columns.ts";

export interface SortKey {
  title: string;
  desc: boolean;
}

/** `options.sortBy` as it is in the JSON. */
export function sortKeys(value: unknown): SortKey[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown) => {
    const { displayName, desc } = (each ?? {}) as { displayName?: unknown; desc?: unknown };
    return typeof displayName === "string" ? [{ title: displayName, desc: desc === true }] : [];
  });
}

/** What a click on a header makes of the order: up, down, none; with shift or ctrl beside the others. */
export function clickHeader(keys: readonly SortKey[], title: string, add: boolean): SortKey[] {
  const at = keys.findIndex((key) => key.title === title);
  const next = at < 0 ? { title, desc: false } : keys[at]!.desc ? null : { title, desc: true };
  if (!add) return next ? [next] : [];
  if (at < 0) return [...keys, next!];
  return next ? keys.map((key, index) => (index === at ? next : key)) : keys.filter((_, index) => index !== at);
}

/** What a column lets through: texts that are chosen, and a text that is contained. */
export interface ColumnFilter {
  chosen: ReadonlySet<string> | null;
  text: string;
}

const textOf = (column: TableColumn, value: unknown): string => {
  const { prefix = "", text, suffix = "" } = column.display(value);
  return prefix + text + suffix;
};

/** Distinct texts of a column, sorted, at most `most`. */
export function distinctTexts(frame: Frame, column: TableColumn, most = 500): string[] {
  const values = new Map<unknown, string>();
  for (let row = 0; row < frame.length && values.size < most; row++) {
    const value = column.field.values[row];
    if (!values.has(value)) values.set(value, textOf(column, value));
  }
  return [...new Set(values.values())].sort((a, b) => compareValues(a, b, false));
}

/** The rows that pass all filters and hold the searched text in a shown column, in order of the keys; rows that are equal stay as they were. */
export function tableRows(
  frame: Frame,
  columns: readonly TableColumn[],
  keys: readonly SortKey[],
  filters: ReadonlyMap<number, ColumnFilter> = new Map(),
  search = "",
): Uint32Array {
  let rows: number[] | Uint32Array = Uint32Array.from({ length: frame.length }, (_, row) => row);
  const active = columns.filter((column) => filters.has(column.index));
  const wanted = search.trim().toLowerCase();
  if (active.length || wanted) {
    rows = Array.from(rows).filter((row) => {
      for (const column of active) {
        const { chosen, text } = filters.get(column.index)!;
        const shown = textOf(column, column.field.values[row]);
        if (chosen && !chosen.has(shown)) return false;
        if (text && !shown.toLowerCase().includes(text.toLowerCase())) return false;
      }
      return !wanted || columns.some((column) => textOf(column, column.field.values[row]).toLowerCase().includes(wanted));
    });
  }
  const by = keys.flatMap((key) => {
    const column = columns.find((each) => each.title === key.title) ?? columns.find((each) => each.field.name === key.title);
    return column ? [{ values: column.field.values, desc: key.desc }] : [];
  });
  if (by.length === 0) return Uint32Array.from(rows);
  const sorted = Array.from(rows);
  sorted.sort((a, b) => {
    for (const { values, desc } of by) {
      const order = compareValues(values[a], values[b], desc);
      if (order !== 0) return order;
    }
    return a - b;
  });
  return Uint32Array.from(sorted);
}

/** Texts of the footer, one list for each column; null where the table has none. */
export function footerTexts(options: Record<string, unknown>, columns: readonly TableColumn[], rows: Uint32Array): string[][] | null {
  const footer = (options.footer ?? {}) as { show?: unknown; reducer?: unknown; fields?: unknown; countRows?: unknown };
  const shared = footer.show === true && Array.isArray(footer.reducer) ? footer.reducer.filter((id): id is string => typeof id === "string" && reducerOf(id) !== undefined) : [];
  const chosen = Array.isArray(footer.fields) && footer.fields.length > 0 ? (footer.fields as unknown[]) : null;
  const count = footer.show === true && footer.countRows === true;
  let any = false;
  const texts = columns.map((column, place): string[] => {
    if (count) {
      any = true;
      return place === 0 ? ["Count", String(rows.length)] : [];
    }
    const own = ((column.field.config.custom?.footer ?? {}) as { reducers?: unknown }).reducers;
    const ids = Array.isArray(own) && own.length > 0 ? own.filter((id): id is string => typeof id === "string" && reducerOf(id) !== undefined) : [];
    const use = ids.length ? ids : column.field.type === "number" && (!chosen || chosen.includes(column.field.name) || chosen.includes(column.title)) ? shared : [];
    if (use.length === 0) return [];
    any = true;
    const values = Array.from(rows, (row) => column.field.values[row]);
    const many = use.length > 1 || ids.length > 0;
    return use.map((id) => {
      const value = reduce({ ...column.field, values }, id);
      const text = Array.isArray(value) ? value.slice(0, 20).map((each) => textOf(column, each)).join(", ") : id === "count" || id.endsWith("Count") ? String(value) : textOf(column, value);
      return many ? `${reducerOf(id)!.name}: ${text}` : text;
    });
  });
  return any ? texts : null;
}
