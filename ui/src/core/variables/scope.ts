/** What names stand for where a text is interpolated: the dashboard's variables, Grafana's own, and those of a panel, a repeat or a link. */

/**
 * The value of one name.
 *
 * value    a text, several texts, or an object whose parts `${name.part}` reads
 * text     as people read it, where that differs: `${name:text}`
 * many     a variable that may have several values: in queries its values are parts of a regular expression
 * raw      goes in as it is: `allValue`, and what is already encoded for a URL
 * all      the `allValue` where all is chosen and the variable has one: other variables in it are put in
 * url      the values that the URL of a dashboard has for it, where they differ: `$__all`, or key|op|value of filters
 * noUrl    stays out of URLs
 */
export interface ScopeValue {
  value: unknown;
  text?: string | string[];
  many?: boolean;
  raw?: boolean;
  all?: string;
  url?: string[];
  noUrl?: boolean;
}

/** Names and their values. `variables` are the dashboard's own, in order; `zone` is for dates. */
export interface Scope {
  readonly zone: string;
  get(name: string): ScopeValue | undefined;
  variables(): readonly string[];
}

/** A value, or how to make it when it is first asked for. */
export type ScopeEntry = ScopeValue | (() => ScopeValue);

/** A scope with nothing in it. */
export const EMPTY_SCOPE: Scope = { zone: "utc", get: () => undefined, variables: () => [] };

/** The names of `values`, and behind them those of `parent`. Functions are called once at most. `own` are the dashboard's variables among them. */
export function extendScope(parent: Scope, values: Readonly<Record<string, ScopeEntry | string>>, own: readonly string[] = []): Scope {
  const entries = new Map(Object.entries(values));
  const made = new Map<string, ScopeValue>();
  let names: readonly string[] | undefined;
  return {
    zone: parent.zone,
    get(name) {
      const known = made.get(name);
      if (known) return known;
      const entry = entries.get(name);
      if (entry === undefined) return parent.get(name);
      const value = typeof entry === "function" ? entry() : typeof entry === "string" ? { value: entry } : entry;
      made.set(name, value);
      return value;
    },
    variables() {
      return (names ??= own.length ? [...new Set([...parent.variables(), ...own])] : parent.variables());
    },
  };
}

/** The part of `value` at `path` ("labels.job", 'fields["my name"]', "fields[0]"); undefined where there is none. */
export function partOf(value: unknown, path: string): unknown {
  let at: unknown = value;
  for (const key of pathKeys(path)) {
    if (at === null || at === undefined) return undefined;
    // Own parts alone: a text must not reach constructors and prototypes.
    if (typeof at !== "object" || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function pathKeys(path: string): string[] {
  const keys: string[] = [];
  const part = /\[\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\]]*))\s*\]|([^.[\]]+)/g;
  for (const match of path.matchAll(part)) {
    const quoted = match[1] ?? match[2];
    keys.push(quoted !== undefined ? quoted.replace(/\\(.)/g, "$1") : (match[3] ?? match[4])!.trim());
  }
  return keys;
}

/** What stands in the text for a value that is no text: an object's own `text`, JSON of others. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const own = value as { text?: unknown; title?: unknown };
  if (typeof own.text === "string") return own.text;
  if (typeof own.title === "string") return own.title;
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}
