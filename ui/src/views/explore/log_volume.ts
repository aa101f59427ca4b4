/** Lines over time by level, as columns that a chart stacks. */

import type { LokiData } from "../../api/loki.ts";
import { type Frame, frame } from "../../core/frame/frame.ts";
import { roundInterval } from "../../core/time/interval.ts";
import type { Span } from "../../core/time/range.ts";
import { levelOf, type LogLevel } from "../../panels/logs/log_rows.ts";

const BARS = 60;

/** From the lowest of the stack. Hues are Grafana's names, so that they follow the theme. */
const ORDER: readonly [LogLevel, string][] = [
  ["unknown", "#8e8e8e"], ["trace", "light-blue"], ["debug", "blue"], ["info", "green"], ["warning", "yellow"], ["error", "red"], ["critical", "purple"],
];

/** The width of one bar, ms: whole seconds. */
export function volumeStep(span: Span): number {
  return Math.max(1000, Math.ceil(roundInterval((span.to - span.from) / BARS) / 1000) * 1000);
}

export interface Volume {
  frames: Frame[];
  total: number;
  /** Lines of each level that there are any of, the gravest first. */
  levels: { level: LogLevel; count: number }[];
}

/** The answer to the volume query, on the grid of its steps; a step without lines is 0. */
export function volumeOf(data: LokiData, span: Span, stepMs: number): Volume {
  const result = data.resultType === "matrix" ? data.result : [];
  const times: number[] = [];
  const first = Math.floor(span.from / stepMs) * stepMs;
  for (let at = first; at <= span.to; at += stepMs) times.push(at);
  const counts = new Map<LogLevel, number[]>();
  let total = 0;
  for (const { metric, values } of result) {
    const level = levelOf("", { level: metric.detected_level ?? metric.level ?? "" });
    let column = counts.get(level);
    if (!column) counts.set(level, (column = new Array<number>(times.length).fill(0)));
    for (const [seconds, text] of values ?? []) {
      // A count is told at the end of its step; a bar stands at the beginning.
      const at = Math.round((seconds * 1000 - stepMs - first) / stepMs);
      const value = Number(text);
      if (at >= 0 && at < column.length && Number.isFinite(value)) {
        column[at]! += value;
        total += value;
      }
    }
  }
  const known = ORDER.filter(([level]) => counts.has(level));
  const frames = known.map(([level, color]) =>
    frame(
      [
        { name: "Time", type: "time", values: times, config: {} },
        { name: level, type: "number", values: counts.get(level)!, config: { displayName: level, unit: "short", decimals: 0, color: { mode: "fixed", fixedColor: color } } },
      ],
      { refId: level, meta: { kind: "timeseries", stepMs } },
    ),
  );
  const sum = (level: LogLevel) => counts.get(level)!.reduce((all, one) => all + one, 0);
  return { frames, total, levels: known.map(([level]) => ({ level, count: sum(level) })).reverse() };
}
