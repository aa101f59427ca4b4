/** JSON of unknown shape, read part by part; what has the wrong type is left out and said. */

export type Json = Record<string, unknown>;

/** Something a person should know of a dashboard that was loaded. `panel` is the title of the panel that it is about. */
export interface Notice {
  severity: "info" | "warning" | "error";
  text: string;
  panel?: string;
}

/** Whether it is an object with keys. */
export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

/** The objects of a list; what is none is left out. */
export function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** A text that is not empty, else undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A finite number, also one written as text; else undefined. */
export function number(value: unknown): number | undefined {
  if (typeof value === "string" && value.trim() === "") return undefined;
  const read = typeof value === "string" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

/** The object without keys whose value is undefined: types here tell "absent" from "undefined". */
export function present<T extends Json>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const made: Json = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) made[key] = value[key];
  return made as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** The object without `keys`. */
export function without(value: Json, keys: readonly string[]): Json {
  const left = { ...value };
  for (const key of keys) delete left[key];
  return left;
}

function kind(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `the ${typeof value} ${JSON.stringify(value)?.slice(0, 40)}`;
}

/** One object of the JSON, with where it is, for reading its keys. Absent and null are undefined everywhere. */
export class Part {
  readonly raw: Json;
  private readonly where: string;
  readonly notices: Notice[];
  readonly panel: string | undefined;

  constructor(raw: Json, where: string, notices: Notice[], panel?: string) {
    this.raw = raw;
    this.where = where;
    this.notices = notices;
    this.panel = panel;
  }

  /** Adds a notice about this part. */
  say(severity: Notice["severity"], message: string): void {
    this.notices.push({ severity, text: this.where ? `${this.where}: ${message}` : message, ...(this.panel === undefined ? {} : { panel: this.panel }) });
  }

  private wrong(key: string, wanted: string, value: unknown): undefined {
    this.say("warning", `"${key}" should be ${wanted}, not ${kind(value)}; it is left out`);
    return undefined;
  }

  /** Numbers and booleans are texts too. */
  text(key: string): string | undefined {
    const value = this.raw[key];
    if (typeof value === "string") return value;
    if (value === undefined || value === null) return undefined;
    return typeof value === "number" || typeof value === "boolean" ? String(value) : this.wrong(key, "a text", value);
  }

  number(key: string): number | undefined {
    const value = this.raw[key];
    if (value === undefined || value === null || value === "") return undefined;
    return number(value) ?? this.wrong(key, "a number", value);
  }

  boolean(key: string): boolean | undefined {
    const value = this.raw[key];
    if (typeof value === "boolean") return value;
    if (value === undefined || value === null || value === "") return undefined;
    if (value === 0 || value === "false") return false;
    if (value === 1 || value === "true") return true;
    return this.wrong(key, "true or false", value);
  }

  record(key: string): Json | undefined {
    const value = this.raw[key];
    if (value === undefined || value === null) return undefined;
    return isRecord(value) ? value : this.wrong(key, "an object", value);
  }

  /** The objects in a list; others in it are said once. */
  records(key: string): Json[] {
    const value = this.raw[key];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) return this.wrong(key, "a list", value) ?? [];
    const good = value.filter(isRecord);
    if (good.length < value.length) this.say("warning", `${value.length - good.length} of "${key}" are no objects; they are left out`);
    return good;
  }

  texts(key: string): string[] {
    const value = this.raw[key];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) return this.wrong(key, "a list of texts", value) ?? [];
    return value.filter((item): item is string => typeof item === "string");
  }
}
