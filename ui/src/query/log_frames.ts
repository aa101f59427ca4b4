/** Loki's streams to one frame of lines. */

import type { LogStream } from "../api/loki.ts";
import type { Labels } from "../core/frame/frame.ts";
import type { Frame, FrameMeta } from "../core/frame/frame.ts";
import { frame } from "../core/frame/frame.ts";

/** One line with its labels; `ns` is its time as nanoseconds in text, which numbers can't hold. */
interface Entry {
  ns: string;
  line: string;
  labels: Labels;
}

/**
 * A row for each line: `labels` (objects), `Time` (ms), `Line`, `tsNs` (text), `id` (unlike for lines of one time and text).
 *
 * direction  the order of the answer: newest first unless "forward"
 */
export function logFrame(streams: readonly LogStream[], refId: string, direction: string | undefined, meta: FrameMeta = {}): Frame {
  const entries: Entry[] = [];
  for (const { stream, values } of streams) {
    for (const [ns, line, more] of values) {
      const own = more?.structuredMetadata || more?.parsed ? { ...stream, ...more.structuredMetadata, ...more.parsed } : stream;
      entries.push({ ns, line, labels: own });
    }
  }
  const sign = direction === "forward" ? 1 : -1;
  entries.sort((a, b) => (a.ns === b.ns ? 0 : later(a.ns, b.ns) ? sign : -sign));
  const seen = new Map<string, number>();
  const id = ({ ns, line, labels }: Entry) => {
    const key = `${ns}_${hash(line + JSON.stringify(labels))}`;
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return count ? `${key}_${count}` : key;
  };
  return frame(
    [
      { name: "labels", type: "other", values: entries.map((entry) => entry.labels), config: {} },
      { name: "Time", type: "time", values: entries.map((entry) => nsToMs(entry.ns)), config: {} },
      { name: "Line", type: "string", values: entries.map((entry) => entry.line), config: {} },
      { name: "tsNs", type: "string", values: entries.map((entry) => entry.ns), config: {} },
      { name: "id", type: "string", values: entries.map(id), config: {} },
    ],
    { refId, meta: { kind: "logs", ...meta } },
  );
}

/** Milliseconds of nanoseconds in text, cut. */
export function nsToMs(ns: string): number {
  return Number(ns.slice(0, -6) || "0");
}

function later(a: string, b: string): boolean {
  return a.length !== b.length ? a.length > b.length : a > b;
}

/** FNV-1a: a short name for a text. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum >>> 0).toString(36);
}
