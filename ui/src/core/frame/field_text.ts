/** Texts with `${__field.…}`, `${__value.…}`, `${__data.fields.…}` and `${__series.name}`: titles, links, names. */

import type { Display } from "./display.ts";
import { displayText } from "./display_processor.ts";
import type { Field, Frame } from "./frame.ts";

/** What a text is about: a column, perhaps one row of it. */
export interface FieldScope {
  field: Field;
  frame: Frame;
  row?: number;
  /** How values of a column are shown, for `${__value.text}`; plain without. */
  displayOf?: (field: Field) => Display;
}

const FORMATS: Record<string, (text: string) => string> = {
  percentencode: encodeURIComponent,
  uriencode: encodeURI,
  queryparam: encodeURIComponent,
  raw: (text) => text,
  text: (text) => text,
  json: (text) => JSON.stringify(text),
  lowercase: (text) => text.toLowerCase(),
  uppercase: (text) => text.toUpperCase(),
};

function plain(value: unknown): string {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `labels.job`, `fields["CPU %"].text`, `fields[0]` to its steps. */
function steps(path: string): string[] {
  const found: string[] = [];
  for (const match of path.matchAll(/\[\s*"([^"]*)"\s*\]|\[\s*'([^']*)'\s*\]|\[\s*(\d+)\s*\]|\.?([^.[\]]+)/g)) {
    found.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? "");
  }
  return found;
}

function valueText(field: Field, row: number | undefined, what: string | undefined, scope: FieldScope): string {
  const value = row === undefined ? undefined : field.values[row];
  switch (what) {
    case "text":
      return scope.displayOf ? displayText(scope.displayOf(field)(value)) : plain(value);
    case "numeric":
      return plain(typeof value === "number" ? value : Number(value));
    case "time": {
      const time = scope.frame.fields.find((other) => other.type === "time");
      return plain(row === undefined ? undefined : time?.values[row]);
    }
    default:
      return plain(value);
  }
}

function dataText(path: string[], scope: FieldScope): string | undefined {
  const { fields } = scope.frame;
  let [name = "", ...rest] = path;
  // A name may hold points: the longest that there is.
  let found: Field | undefined;
  for (let used = path.length; used > 0 && !found; used--) {
    const whole = path.slice(0, used).join(".");
    found = fields.find((field) => field.display === whole) ?? fields.find((field) => field.config.displayName === whole || field.name === whole);
    if (found) [name, rest] = [whole, path.slice(used)];
  }
  if (!found && /^\d+$/.test(name)) found = fields[Number(name)];
  return found && valueText(found, scope.row, rest[0], scope);
}

function lookUp(name: string, scope: FieldScope): string | undefined {
  const [root = "", ...path] = steps(name);
  const { field, frame } = scope;
  switch (root) {
    case "__field":
      if (path[0] === "labels") {
        if (path.length === 1) return Object.entries(field.labels ?? {}).map(([label, value]) => `${label}="${value}"`).join(", ");
        const label = path.slice(1).join(".");
        return field.labels && Object.hasOwn(field.labels, label) ? field.labels[label] : "";
      }
      if (path[0] === "name" || path[0] === "displayName") return field.display ?? field.name;
      return undefined;
    case "__series":
    case "__series_name":
      return frame.name ?? field.display ?? field.name;
    case "__value":
      return valueText(field, scope.row, path[0] ?? "raw", scope);
    case "__data":
      return path[0] === "fields" ? dataText(path.slice(1), scope) : path[0] === "refId" ? (frame.refId ?? "") : undefined;
    default: {
      const cell = /^__cell(?:_(\d+))?$/.exec(root);
      if (!cell) return undefined;
      return valueText(cell[1] ? (frame.fields[Number(cell[1])] ?? field) : field, scope.row, undefined, scope);
    }
  }
}

/**
 * `text` with what is known of the column and row put in. Other variables, and what is not known, stay as written.
 * encode  applied where no format is asked for: `encodeURIComponent` for the parts of a URL
 */
export function fieldText(text: string, scope: FieldScope, encode: (value: string) => string = (value) => value): string {
  if (!text.includes("__")) return text;
  return text.replace(/\$\{(__(?:field|series|value|data|cell)[^}]*?)(?::(\w+))?\}|\$(__(?:cell(?:_\d+)?|series_name|value)\b)/g, (whole, name?: string, format?: string, bare?: string) => {
    const found = lookUp(name ?? bare ?? "", scope);
    if (found === undefined) return whole;
    return (format && Object.hasOwn(FORMATS, format) ? FORMATS[format]! : encode)(found);
  });
}
