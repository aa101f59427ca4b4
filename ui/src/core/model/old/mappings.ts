/** Value mappings, those of before Grafana 8 with numbers for types too. */

import type { MappingResult, ValueMapping } from "../../frame/config.ts";
import { isRecord, type Json, number, records } from "../part.ts";

/** A mapping in today's form from either; null where it is none. */
export function mappingOf(raw: Json): ValueMapping | null {
  if (typeof raw.type === "string") return currentMapping(raw);
  const kind = raw.type ?? raw.mappingType ?? (raw.from !== undefined || raw.to !== undefined ? 2 : 1);
  const result: MappingResult = { text: String(raw.text ?? "") };
  if (typeof raw.color === "string") result.color = raw.color;
  if (kind === 2) {
    if (raw.from === "null" && raw.to === "null") return { type: "special", options: { match: "null", result } };
    return { type: "range", options: { from: number(raw.from) ?? null, to: number(raw.to) ?? null, result } };
  }
  if (raw.value === undefined) return null;
  const value = String(raw.value);
  if (value === "null") return { type: "special", options: { match: "null", result } };
  return { type: "value", options: { [value]: result } };
}

function currentMapping(raw: Json): ValueMapping | null {
  const options = raw.options;
  if (!isRecord(options)) return null;
  const result = isRecord(options.result) ? (options.result as MappingResult) : {};
  switch (raw.type) {
    case "value":
      return { type: "value", options: Object.fromEntries(Object.entries(options).filter(([, each]) => isRecord(each))) as Record<string, MappingResult> };
    case "range":
      return { type: "range", options: { from: number(options.from) ?? null, to: number(options.to) ?? null, result } };
    case "regex":
      return typeof options.pattern === "string" ? { type: "regex", options: { pattern: options.pattern, result } } : null;
    case "special":
      return { type: "special", options: { match: String(options.match ?? "null"), result } };
    default:
      return null;
  }
}

/** All readable mappings of a list, neighbours of single values put together as Grafana does. */
export function mappingsOf(list: unknown): ValueMapping[] {
  const made: ValueMapping[] = [];
  for (const raw of records(list)) {
    const mapping = mappingOf(raw);
    if (!mapping) continue;
    const last = made.at(-1);
    if (typeof raw.type !== "string" && mapping.type === "value" && last?.type === "value") {
      made[made.length - 1] = { type: "value", options: { ...last.options, ...mapping.options } };
    } else made.push(mapping);
  }
  return made;
}
