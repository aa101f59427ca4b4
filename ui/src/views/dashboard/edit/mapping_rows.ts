/** Value mappings as rows of a form, in the order in which they are asked. */

import type { MappingResult, ValueMapping } from "../../../core/frame/config.ts";

/** `a` is the value, the pattern, what is special, or where a range begins; `b` is where it ends. */
export interface MappingRow {
  type: ValueMapping["type"];
  a: string;
  b: string;
  result: MappingResult;
}

const bound = (value: number | null | undefined): string => (value === null || value === undefined ? "" : String(value));

/** A row for each rule; the values of one mapping stand in the order that they were given, not in that of their keys. */
export function mappingRows(mappings: readonly ValueMapping[]): MappingRow[] {
  return mappings.flatMap((mapping): MappingRow[] => {
    const options = mapping.options ?? {};
    switch (mapping.type) {
      case "value":
        return Object.entries(mapping.options ?? {})
          .sort(([, a], [, b]) => (a?.index ?? 0) - (b?.index ?? 0))
          .map(([a, result]) => ({ type: "value", a, b: "", result: result ?? {} }));
      case "range":
        return [{ type: "range", a: bound(mapping.options?.from), b: bound(mapping.options?.to), result: mapping.options?.result ?? {} }];
      case "regex":
        return [{ type: "regex", a: mapping.options?.pattern ?? "", b: "", result: mapping.options?.result ?? {} }];
      default:
        return [{ type: "special", a: (options as { match?: string }).match ?? "null", b: "", result: (options as { result?: MappingResult }).result ?? {} }];
    }
  });
}

function end(text: string): number | null {
  return text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

/** The mappings of rows: values that follow each other are one, so that the order stays what it is. */
export function rowMappings(rows: readonly MappingRow[]): ValueMapping[] {
  const made: ValueMapping[] = [];
  rows.forEach((row, index) => {
    const result = { ...row.result, index };
    const last = made.at(-1);
    if (row.type === "value" && last?.type === "value" && !Object.hasOwn(last.options, row.a)) last.options[row.a] = result;
    else if (row.type === "value") made.push({ type: "value", options: { [row.a]: result } });
    else if (row.type === "range") made.push({ type: "range", options: { from: end(row.a), to: end(row.b), result } });
    else if (row.type === "regex") made.push({ type: "regex", options: { pattern: row.a, result } });
    else made.push({ type: "special", options: { match: row.a || "null", result } });
  });
  return made;
}

/** What is wrong with a row; empty where nothing is. */
export function rowFault(row: MappingRow, rows: readonly MappingRow[]): string {
  if (row.type === "value" && rows.some((other) => other !== row && other.type === "value" && other.a === row.a)) return "Another rule has this value: the first counts.";
  if (row.type === "range") {
    const [low, high] = [end(row.a), end(row.b)];
    if ((row.a.trim() && low === null) || (row.b.trim() && high === null)) return "A range is of numbers.";
    if (low !== null && high !== null && low > high) return "It ends before it begins.";
  }
  if (row.type === "regex") {
    const inside = /^\/(.*)\/([a-z]*)$/s.exec(row.a);
    try {
      void new RegExp(inside ? inside[1]! : row.a, inside?.[2]);
    } catch (error) {
      return error instanceof Error ? error.message : "This is no expression.";
    }
  }
  return "";
}
