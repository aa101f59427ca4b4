/** The formats that `${name:format}` may name, and the escaping that queries ask for. */

import { parseInstant } from "../time/instant.ts";
import { formatIso, formatPattern } from "../time/format.ts";

/** What a format may need beside the values. `text` is the chosen options' text; `url` what the dashboard's URL has. */
export interface FormatContext {
  name: string;
  args: string;
  text: string | string[];
  url: string[] | undefined;
  noUrl: boolean;
  many: boolean;
  zone: string;
}

export type Value = string | string[];
type Format = (value: Value, context: FormatContext) => string;

const list = (value: Value): string[] => (Array.isArray(value) ? value : [value]);
const each = (value: Value, made: (one: string) => string, joined = ","): string => list(value).map(made).join(joined);

/** A character class of everything that has a meaning in RE2. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$*+?.()|[\]{}]/g, "\\$&");
}

/** As JavaScript's own, and the five characters too that it leaves and that some servers take for more than they are. */
export function percentEncode(text: string): string {
  // A lone half of a pair cannot be encoded at all.
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, "\ufffd")).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A whole URL: keeps what separates its parts, and what is encoded already. */
export function uriEncode(text: string): string {
  return encodeURI(text.replace(/[\ud800-\udfff]/gu, "\ufffd")).replace(/%25([0-9a-f]{2})/gi, "%$1");
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c]!);
}

function glob(value: Value): string {
  const values = list(value);
  return Array.isArray(value) && values.length > 1 ? `{${values.join(",")}}` : values.join(",");
}

function lucene(text: string): string {
  return text === "" ? "__empty__" : text.replace(/[-+=&|><!(){}[\]^"~*?:\\/ ]/g, "\\$&");
}

function date(value: Value, { args, zone }: FormatContext): string {
  const text = list(value)[0] ?? "";
  const at = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : parseInstant(text, zone);
  if (at === null || Math.abs(at) > 8.64e15) return "Invalid date";
  if (!args || args === "iso") return formatIso(at, "UTC");
  if (args === "seconds") return String(Math.round(at / 1000));
  return formatPattern(at, zone, args);
}

function queryParam(value: Value, context: FormatContext, name: string): string {
  if (context.noUrl) return "";
  return each(context.url ?? value, (one) => `${percentEncode(name)}=${percentEncode(one)}`, "&");
}

/** Every format by its id. */
export const FORMATS: Readonly<Record<string, Format>> = {
  raw: (value) => list(value).join(","),
  csv: (value) => list(value).join(","),
  glob,
  pipe: (value) => list(value).join("|"),
  regex: (value) => (list(value).length === 1 ? escapeRegex(list(value)[0]!) : `(${each(value, escapeRegex, "|")})`),
  lucene: (value) => (Array.isArray(value) ? (value.length ? `(${each(value, (one) => (one === "" ? '"__empty__"' : `"${one.replace(/[\\"]/g, "\\$&")}"`), " OR ")})` : "__empty__") : lucene(value)),
  distributed: (value, { name }) => (Array.isArray(value) ? value.map((one, i) => (i ? `${name}=${one}` : one)).join(",") : value),
  html: (value) => each(value, html, ", "),
  json: (value) => JSON.stringify(value),
  percentencode: (value) => percentEncode(glob(value)),
  uriencode: (value) => uriEncode(glob(value)),
  singlequote: (value) => each(value, (one) => `'${one.replace(/'/g, "\\'")}'`),
  doublequote: (value) => each(value, (one) => `"${one.replace(/"/g, '\\"')}"`),
  sqlstring: (value) => each(value, (one) => `'${one.replace(/'/g, "''")}'`),
  join: (value, { args }) => list(value).join(args || ","),
  date,
  text: (_value, { text }) => (Array.isArray(text) ? text.join(" + ") : text),
  queryparam: (value, context) => queryParam(value, context, `var-${context.name}`),
  customqueryparam: (value, context) => {
    const [name = "", prefix = ""] = context.args.split(":");
    const values = list(value).map((one) => prefix + one);
    return queryParam(values, { ...context, url: undefined }, name || context.name);
  },
};

/** Which quotation marks a place in a query is between; "" is outside of strings. */
export type Quote = '"' | "'" | "`" | "";

/**
 * A variable's value for PromQL or LogQL, for its place in the query.
 *
 * A variable of one value is text: backslashes and the quotation mark are escaped. One that may have many is part of a
 * regular expression: each value is escaped for that first, and several become `(a|b)`. Between backticks nothing is escaped
 * for the string's sake, and outside of strings nothing at all: a whole selector or a duration may stand in a variable.
 */
export function queryValue(value: Value, many: boolean, quote: Quote): string {
  const inString = (text: string) => (quote === "`" ? text : text.replace(quote === "'" ? /[\\']/g : /[\\"]/g, "\\$&").replace(/\n/g, "\\n"));
  if (!many && !Array.isArray(value)) return quote ? inString(value) : value;
  const values = list(value);
  if (!quote) return values.length === 1 ? values[0]! : values.length ? `(${values.map(escapeRegex).join("|")})` : "";
  const escaped = values.map((one) => inString(escapeRegex(one)));
  return escaped.length === 1 ? escaped[0]! : escaped.length ? `(${escaped.join("|")})` : "";
}
