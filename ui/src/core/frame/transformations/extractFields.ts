/** Columns made of what a text or labels hold: JSON, key=value pairs, parts between delimiters, groups of an expression. */

import type { Field, Frame } from "../frame.ts";
import { pattern } from "../matchers.ts";
import { column, fieldNamed, typeOfValues, withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface ExtractFields {
  source: string;
  format: "auto" | "json" | "kvp" | "delimiter" | "regexp";
  delimiter: string;
  regExp: string;
  jsonPaths: { path: string; alias?: string }[];
  replace: boolean;
  keepTime: boolean;
}

type Values = Map<string, unknown>;

function ofObject(value: unknown): Values {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function parsed(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The value at `a.b[0]` or `["a b"].c`; undefined where there is none. */
function at(value: unknown, path: string): unknown {
  let current = value;
  for (const [, quoted, single, bare] of path.matchAll(/\[\s*"([^"]*)"\s*\]|\[\s*'([^']*)'\s*\]|([^.[\]]+)/g)) {
    const step = quoted ?? single ?? bare ?? "";
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string, unknown>)[step];
  }
  return current;
}

function json(value: unknown, paths: ExtractFields["jsonPaths"] | undefined): Values {
  const object = parsed(value);
  if (!paths?.length) return ofObject(object);
  return new Map(paths.filter(({ path }) => path).map(({ path, alias }) => [alias || path, at(object, path)]));
}

/** `a=1 b="two words", c: 3` and the like. */
function pairs(value: unknown): Values {
  const found: Values = new Map();
  const text = typeof value === "string" ? value.trim().replace(/^\{(.*)\}$/s, "$1") : "";
  for (const [, key = "", quoted, bare] of text.matchAll(/([^\s=:,;"']+)\s*[=:]\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;]*))/g)) {
    found.set(key, quoted === undefined ? bare : quoted.replace(/\\(.)/g, "$1"));
  }
  return found;
}

function extractor({ format = "auto", delimiter = ",", regExp, jsonPaths }: Partial<ExtractFields>): (value: unknown) => Values {
  switch (format) {
    case "json":
      return (value) => json(value, jsonPaths);
    case "kvp":
      return pairs;
    case "delimiter":
      // A column for each part that occurs, holding the part: as Grafana makes them.
      return (value) => new Map(String(value ?? "").split(delimiter === "" ? "," : delimiter).map((part) => part.trim()).filter(Boolean).map((part) => [part, part]));
    case "regexp": {
      const regex = pattern(regExp ?? "/(?<NewField>.*)/");
      return (value) => new Map(Object.entries(regex?.exec(String(value ?? ""))?.groups ?? {}));
    }
    default:
      return (value) => {
        const object = parsed(value);
        return typeof object === "object" && object !== null ? ofObject(object) : pairs(value);
      };
  }
}

function extracted(source: Field, extract: (value: unknown) => Values): Field[] {
  const columns = new Map<string, unknown[]>();
  const { values } = source;
  // Labels are often one and the same object in all rows.
  const known = new Map<unknown, Values>();
  values.forEach((value, row) => {
    let found = known.get(value);
    if (!found) known.set(value, (found = typeof value === "object" && value !== null ? ofObject(value) : extract(value)));
    for (const [name, part] of found) {
      let list = columns.get(name);
      if (!list) columns.set(name, (list = Array<unknown>(values.length).fill(undefined)));
      list[row] = part;
    }
  });
  return [...columns].map(([name, list]) => column(name, typeOfValues(list), list));
}

/** See Grafana's "Extract fields". With replace only the new columns are left, and the time where keepTime says so. */
export const extractFields: Transform<ExtractFields> = (frames, options) => {
  const extract = extractor(options);
  return frames.map((frame): Frame => {
    const source = options.source ? fieldNamed(frame, options.source, frames) : (frame.fields.find((field) => field.type === "string") ?? null);
    if (!source) return frame;
    // Paths are asked of objects too.
    const byPath = options.format === "json" && options.jsonPaths?.length;
    const values = byPath ? source.values.map((value) => (typeof value === "object" ? JSON.stringify(value) : value)) : source.values;
    const made = extracted({ ...source, values }, extract);
    if (!options.replace) return withFields(frame, [...frame.fields, ...made]);
    const kept = options.keepTime ? frame.fields.filter((field) => field.type === "time") : [];
    return { ...frame, fields: [...kept, ...made], length: frame.length };
  });
};
