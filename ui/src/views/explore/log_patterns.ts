/** Patterns of lines as Loki's /patterns tells them. */

import type { Span } from "../../core/time/range.ts";

export interface Pattern {
  pattern: string;
  level: string;
  lines: number;
  /** [seconds, lines]. */
  samples: readonly [number, number][];
}

/** The patterns of an answer, the most frequent first; what is none is left out. */
export function patternsOf(data: unknown): Pattern[] {
  if (!Array.isArray(data)) return [];
  return data
    .flatMap((one: { pattern?: unknown; level?: unknown; samples?: unknown } | null): Pattern[] => {
      if (typeof one?.pattern !== "string" || !Array.isArray(one.samples)) return [];
      const samples = (one.samples as unknown[]).filter((sample): sample is [number, number] => Array.isArray(sample) && Number.isFinite(sample[0]) && Number.isFinite(sample[1]));
      const level = typeof one.level === "string" && one.level !== "unknown" ? one.level : "";
      return [{ pattern: one.pattern, level, samples, lines: samples.reduce((sum, [, lines]) => sum + lines, 0) }];
    })
    .sort((a, b) => b.lines - a.lines);
}

/** How much there was in each of `count` parts of the span: 1 for the most. */
export function bars(pattern: Pattern, span: Span, count: number): number[] {
  const sums = new Array<number>(count).fill(0);
  const length = Math.max(1, span.to - span.from);
  for (const [seconds, lines] of pattern.samples) {
    const at = Math.floor(((seconds * 1000 - span.from) / length) * count);
    sums[Math.min(count - 1, Math.max(0, at))]! += lines;
  }
  const most = Math.max(1, ...sums);
  return sums.map((sum) => sum / most);
}
