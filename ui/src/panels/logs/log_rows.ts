/** Frames of log lines as rows: level, order, duplicates, fields found in a line. Pure. */

import type { Frame, Labels } from "../../core/frame/frame.ts";
import { withoutEscapes } from "./escapes.ts";

export type LogLevel = "critical" | "error" | "warning" | "info" | "debug" | "trace" | "unknown";

export interface LogRow {
  /** The same for the same line whenever it is asked for. */
  id: string;
  /** Milliseconds, and nanoseconds as text where the answer has them. */
  ms: number;
  ns: string | undefined;
  /** Without escape sequences of terminals. */
  line: string;
  /** As it came, where it held such sequences. */
  raw?: string;
  labels: Labels;
  /** Where labels are from: the stream (I), structured metadata (S), the query's parser (P). */
  origins: Readonly<Record<string, string>> | undefined;
  level: LogLevel;
  refId: string | undefined;
  /** How many equal lines follow that are not shown. */
  repeats: number;
}

const LEVELS: Record<string, LogLevel> = {
  emerg: "critical", emergency: "critical", fatal: "critical", alert: "critical", crit: "critical", critical: "critical", panic: "critical",
  err: "error", eror: "error", error: "error", e: "error",
  warn: "warning", warning: "warning", w: "warning",
  info: "info", information: "info", informational: "info", notice: "info", i: "info",
  dbug: "debug", debug: "debug", d: "debug",
  trace: "trace", t: "trace",
};

const LEVEL_LABELS = ["level", "detected_level", "severity", "lvl", "loglevel", "log_level"];
const IN_LINE = /(?:"?(?:level|lvl|severity|loglevel)"?\s*[=:]\s*"?)([a-zA-Z]+)/i;
const WORD = /\b(EMERG|FATAL|CRITICAL|CRIT|PANIC|ERROR|ERR|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)\b/i;
/** Levels stand near the beginning of a line. */
const LOOKED_AT = 400;

/** The level of a line: of its labels, else of what the line says. */
export function levelOf(line: string, labels: Labels): LogLevel {
  for (const name of LEVEL_LABELS) {
    const told = labels[name]?.toLowerCase();
    if (told !== undefined && Object.hasOwn(LEVELS, told)) return LEVELS[told]!;
  }
  const start = line.slice(0, LOOKED_AT);
  const found = (IN_LINE.exec(start)?.[1] ?? WORD.exec(start)?.[1])?.toLowerCase();
  if (found !== undefined && Object.hasOwn(LEVELS, found)) return LEVELS[found]!;
  // klog: I1128 12:00:00, E1128 …
  const klog = /^([IWEF])\d{4} /.exec(start)?.[1];
  return klog ? ({ I: "info", W: "warning", E: "error", F: "critical" } as const)[klog as "I"] : "unknown";
}

/** The rows of all frames that hold lines, in the order of time. A line that two queries found is there twice, with an id each. */
export function logRows(frames: readonly Frame[], newestFirst: boolean): LogRow[] {
  const rows: LogRow[] = [];
  const taken = new Map<string, number>();
  for (const frame of frames) {
    const { fields } = frame;
    const time = fields.find((field) => field.type === "time");
    const line = fields.find((field) => /^(line|body|message|msg)$/i.test(field.name) && field.type === "string") ?? fields.find((field) => field.type === "string" && field.name !== "tsNs" && field.name !== "id");
    if (!time || !line) continue;
    const labels = fields.find((field) => field.name === "labels" && field.type === "other");
    const ns = fields.find((field) => field.name === "tsNs");
    const ids = fields.find((field) => field.name === "id");
    const origins = fields.find((field) => field.name === "labelTypes");
    // Frames that are no answer of Loki have their labels as columns.
    const columns = labels ? [] : fields.filter((field) => field !== time && field !== line && field.type === "string" && field !== ns && field !== ids);
    for (let row = 0; row < frame.length; row++) {
      const given = String(line.values[row] ?? "");
      const text = withoutEscapes(given);
      const own = labels ? ((labels.values[row] ?? {}) as Labels) : columns.length ? Object.fromEntries(columns.map((field) => [field.name, String(field.values[row] ?? "")])) : (line.labels ?? {});
      const at = Number(time.values[row]);
      // What no calendar knows can't be shown as a time.
      const ms = Math.abs(at) <= 8.64e15 ? at : 0;
      const id = ids ? String(ids.values[row]) : `${frame.refId ?? ""} ${row} ${ms}`;
      // The same line may come twice: of two queries, or of a server that keeps both.
      const count = taken.get(id) ?? 0;
      taken.set(id, count + 1);
      rows.push({
        id: count ? `${id} again ${count}` : id,
        ms, ns: ns ? String(ns.values[row]) : undefined, line: text, labels: own, origins: origins?.values[row] as Record<string, string> | undefined,
        level: levelOf(text, own), refId: frame.refId, repeats: 0, ...(text === given ? {} : { raw: given }),
      });
    }
  }
  const sign = newestFirst ? -1 : 1;
  // Nanoseconds tell lines of one millisecond apart; texts of one length compare as numbers do.
  const order = (a: LogRow, b: LogRow) => a.ms - b.ms || (a.ns !== undefined && b.ns !== undefined ? (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0) : 0);
  return rows.sort((a, b) => sign * order(a, b));
}

export type Dedup = "none" | "exact" | "numbers" | "signature";

function dedupKey(row: LogRow, how: Dedup): string {
  switch (how) {
    case "numbers":
      return row.line.replace(/\d/g, "");
    case "signature":
      return row.line.replace(/\w+/g, "w");
    default:
      // Times at the beginning make every line another one.
      return row.line.replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, "");
  }
}

/** Rows without those that are as the one before: equal but for times, for numbers, or for words. */
export function dedupRows(rows: readonly LogRow[], how: Dedup): LogRow[] {
  if (how === "none") return [...rows];
  const kept: LogRow[] = [];
  let last: string | null = null;
  for (const row of rows) {
    const key = dedupKey(row, how);
    if (key === last) {
      kept[kept.length - 1] = { ...kept.at(-1)!, repeats: kept.at(-1)!.repeats + 1 };
      continue;
    }
    last = key;
    kept.push(row);
  }
  return kept;
}

/** Labels that all rows have with the same value. */
export function commonLabels(rows: readonly LogRow[]): Labels {
  const first = rows[0]?.labels;
  if (!first) return {};
  const common = new Map(Object.entries(first));
  let last: Labels | null = first;
  for (const { labels } of rows) {
    if (labels === last) continue;
    last = labels;
    for (const [name, value] of common) if (labels[name] !== value) common.delete(name);
    if (common.size === 0) break;
  }
  return Object.fromEntries(common);
}

/** Fields of a line at most: a line of nothing but fields must not fill the page. */
export const FIELDS_SHOWN = 100;

// Does not go over a long line once for each of its letters.
const LOGFMT = /(?<![\w.\-/])([\w.\-/]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)/g;

/** Fields that a line holds as JSON (nested ones joined by _) or as logfmt, without those that are labels already. */
export function detectedFields(line: string, labels: Labels): [name: string, value: string][] {
  const found = new Map<string, string>();
  const start = line.indexOf("{");
  let object: unknown = null;
  if (start >= 0 && line.trimEnd().endsWith("}")) {
    try {
      object = JSON.parse(line.slice(start));
    } catch {
      object = null;
    }
  }
  if (object !== null && typeof object === "object") {
    const walk = (value: unknown, path: string, depth: number) => {
      if (found.size >= FIELDS_SHOWN) return;
      if (value !== null && typeof value === "object" && !Array.isArray(value) && depth < 5) {
        for (const [name, inner] of Object.entries(value)) walk(inner, path ? `${path}_${name}` : name, depth + 1);
      } else {
        found.set(path, typeof value === "string" ? value : JSON.stringify(value));
      }
    };
    walk(object, "", 0);
  } else {
    for (const match of line.matchAll(LOGFMT)) {
      if (found.size >= FIELDS_SHOWN) break;
      const text = match[2] ?? "";
      found.set(match[1]!, text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text);
    }
  }
  return [...found].filter(([name, value]) => labels[name] !== value);
}

/** A line that is JSON, spread over lines; others as they are. */
export function prettyLine(line: string): string {
  const start = line.indexOf("{");
  if (start < 0 || !line.trimEnd().endsWith("}")) return line;
  try {
    return line.slice(0, start) + JSON.stringify(JSON.parse(line.slice(start)), null, 2);
  } catch {
    return line;
  }
}
