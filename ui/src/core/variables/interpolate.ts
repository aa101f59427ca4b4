/** Puts variables into texts: `$name`, `${name}`, `${name:format}`, `${name.part:format}`, `[[name]]`, `[[name:format]]`. */

import { FORMATS, percentEncode, type Quote, queryValue, uriEncode, type Value } from "./formats.ts";
import { partOf, type Scope, type ScopeValue, textOf } from "./scope.ts";

/** One reference in a text. `from` and `to` are its offsets, `to` after its end. */
export interface Reference {
  from: number;
  to: number;
  name: string;
  path: string;
  format: string;
  args: string;
}

// No part may run past the next "${" or "[[": a text of nothing but beginnings is then read once, not once for each of them.
const BARE = /\$(\w+)/y;
const KEY = String.raw`\[(?:"[^"$]*"|'[^'$]*'|[^\][{"'$]*)\]`;
const BRACED = new RegExp(String.raw`\$\{\s*(\w+)(?:(\.(?:[^:{}[\]]|${KEY})+|${KEY}(?:[^:{}[\]]|${KEY})*)|\s*)(?::([^{}]*))?\}`, "y");
const DOUBLE = /\[\[(\w+)(?:\.([^:[\]]+))?(?::([^[\]]*))?\]\]/y;

/** All references of a text, in order; a name of digits alone is none, so that `$1` stays. */
export function references(text: string): Reference[] {
  const found: Reference[] = [];
  const sign = /\$|\[\[/g;
  for (let match = sign.exec(text); match; match = sign.exec(text)) {
    const reference = readAt(text, match.index);
    if (reference) found.push(reference);
    sign.lastIndex = reference ? reference.to : match.index + 1;
  }
  return found;
}

function readAt(text: string, at: number): Reference | null {
  const rule = text[at] === "[" ? DOUBLE : text[at + 1] === "{" ? BRACED : BARE;
  rule.lastIndex = at;
  const match = rule.exec(text);
  if (!match || /^\d+$/.test(match[1]!)) return null;
  const [format = "", ...args] = (match[3] ?? "").split(":");
  return { from: at, to: rule.lastIndex, name: match[1]!, path: (match[2] ?? "").replace(/^\./, "").trim(), format: format.trim(), args: args.join(":") };
}

/** What a caller may ask for in place of a format: the text that a value becomes. */
export type FormatFunction = (value: Value, found: ScopeValue, reference: Reference) => string;

/**
 * `text` with every known name replaced; an unknown one stays as written.
 *
 * format   for references that name none: an id of `formats.ts` (default `glob`), `promql` or `logql` for a query, `link` for
 *          a URL, or a function
 */
export function interpolate(text: string, scope: Scope, format: string | FormatFunction = "glob"): string {
  if (!text || !/\$|\[\[/.test(text)) return text;
  const quotes = format === "promql" || format === "logql" ? new QuoteTracker(text) : null;
  let out = "";
  let done = 0;
  for (const reference of references(text)) {
    const found = scope.get(reference.name);
    if (!found) continue;
    out += text.slice(done, reference.from);
    const ahead = out;
    out += replacement(reference, found, scope, format, quotes?.at(reference.from) ?? "", ahead);
    done = reference.to;
  }
  return out + text.slice(done);
}

/** Formats that say what is chosen or put it into an address; all others leave a custom "all" value as it was written. */
const OF_CHOICES = new Set(["text", "percentencode", "uriencode", "queryparam", "customqueryparam"]);

function replacement(reference: Reference, found: ScopeValue, scope: Scope, format: string | FormatFunction, quote: Quote, ahead: string): string {
  const [value, text] = valueAt(reference, found);
  const name = reference.format;
  if (found.all !== undefined && !reference.path && !OF_CHOICES.has(name || (typeof format === "string" ? format : ""))) return allText(found.all, reference.name, scope, format);
  const context = {
    name: reference.name, args: reference.args, text, zone: scope.zone,
    url: reference.path ? undefined : found.url, noUrl: found.noUrl ?? false, many: found.many ?? false,
  };
  if (name) return (FORMATS[name] && Object.hasOwn(FORMATS, name) ? FORMATS[name] : FORMATS.glob!)(value, context);
  if (found.raw && found.all === undefined) return Array.isArray(value) ? value.join(",") : value;
  if (typeof format === "function") return format(value, found, reference);
  if (format === "promql" || format === "logql") return queryValue(value, found.many ?? false, quote);
  if (format === "link") return linkValue(value, ahead);
  return (Object.hasOwn(FORMATS, format) ? FORMATS[format]! : FORMATS.glob!)(value, context);
}

/** A custom "all" value may name other variables, never again the one it is of. */
function allText(all: string, own: string, scope: Scope, format: string | FormatFunction): string {
  return interpolate(all, { ...scope, get: (name) => (name === own ? undefined : scope.get(name)) }, format);
}

function valueAt(reference: Reference, found: ScopeValue): [Value, Value] {
  if (reference.path) {
    // `${name.text}` of a variable is its text; of an object its part of that name.
    if (reference.path === "text" && found.text !== undefined) return [found.text, found.text];
    const plain = typeof found.value !== "object" || found.value === null || Array.isArray(found.value);
    const part = plain && reference.path === "value" ? found.value : partOf(found.value, reference.path);
    const made = Array.isArray(part) ? part.map(textOf) : textOf(part);
    return [made, made];
  }
  const value = Array.isArray(found.value) ? found.value.map(textOf) : textOf(found.value);
  return [value, found.text ?? value];
}

/** A value in a URL: at its start a URL itself, later one part of it that cannot end that part. */
function linkValue(value: Value, ahead: string): string {
  if (ahead.trim() === "") return uriEncode(Array.isArray(value) ? value.join(",") : value);
  const values = Array.isArray(value) ? value : [value];
  const parameter = /[?&]([^?&=#]+)=$/.exec(ahead)?.[1];
  if (parameter && values.length > 1) return values.map(percentEncode).join(`&${parameter}=`);
  const text = values.length > 1 ? `{${values.join(",")}}` : (values[0] ?? "");
  return /[?#]/.test(ahead) ? percentEncode(text) : percentEncode(text).replace(/%2F/g, "/").replace(/%3A/g, ":");
}

/** Knows for offsets, asked for in ascending order, which string of the query they are in. */
class QuoteTracker {
  private position = 0;
  private quote: Quote = "";
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  at(offset: number): Quote {
    const { text } = this;
    for (; this.position < offset; this.position++) {
      const c = text[this.position]!;
      if (this.quote) {
        if (c === "\\" && this.quote !== "`") this.position++;
        else if (c === this.quote) this.quote = "";
      } else if (c === '"' || c === "'" || c === "`") this.quote = c;
      else if (c === "#") {
        // To the comment's end, though that be after the offset: what lies before it is in no string.
        const end = text.indexOf("\n", this.position);
        this.position = end < 0 ? text.length : end;
      }
    }
    return this.quote;
  }
}
