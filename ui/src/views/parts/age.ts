/** Short lengths of time and numbers, as lists of the running system show them. */

import { formatDuration } from "../../core/time/duration.ts";

/** "just now", "5m 10s ago", "never"; `at` and `now` in ms. */
export function ago(at: number, now: number): string {
  if (!Number.isFinite(at) || at <= 0) return "never";
  const ms = now - at;
  if (Math.abs(ms) < 1000) return "just now";
  return ms < 0 ? `in ${shortSpan(-ms)}` : `${shortSpan(ms)} ago`;
}

/** A length in its two largest units: "2d 3h", "5m 10s", "4s", "120ms". */
export function shortSpan(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const whole = Math.round(ms / 1000);
  if (whole < 60) return `${whole}s`;
  const units: [string, number][] = [["y", 31_536_000], ["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  const [unit, size] = units[first]!;
  const [next, nextSize] = units[first + 1]!;
  const count = Math.floor(whole / size);
  const rest = Math.floor((whole - count * size) / nextSize);
  return rest ? `${count}${unit} ${rest}${next}` : `${count}${unit}`;
}

/** Seconds that something took: "1.2ms", "35ms", "2.41s". */
export function took(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds === 0) return "0";
  if (seconds < 0.01) return `${(seconds * 1000).toPrecision(2)}ms`;
  return seconds < 1 ? `${Math.round(seconds * 1000)}ms` : seconds < 60 ? `${seconds.toFixed(2)}s` : formatDuration(Math.round(seconds) * 1000);
}

/** The ms of a server's time; 0 for "never" ("0001-01-01T00:00:00Z") and for what is no time. */
export function instant(text: string | undefined | null): number {
  const at = Date.parse(text ?? "");
  return Number.isFinite(at) && at > 0 ? at : 0;
}

/** "1,234" of whole numbers, in the reader's own digits. */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString("en", { maximumFractionDigits: 2 }) : "–";
}

/** "12.3 MiB". */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; Math.abs(value) >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${at === 0 ? Math.round(value) : value.toPrecision(3)} ${units[at]}`;
}
