/** Frames as plain text: each series with its labels and newest value. */

import type { Frame } from "../../core/frame/frame.ts";

export interface RawSeries {
  refId: string;
  name: string;
  labels: Record<string, string>;
  value: unknown;
  /** Ms. */
  time: number | null;
}

/** The series of instant tables (a row each) and of ranges (their last value), in their order. */
export function rawSeries(frames: readonly Frame[]): RawSeries[] {
  const rows: RawSeries[] = [];
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    if (frame.meta?.kind === "table") {
      const value = frame.fields.at(-1);
      const labels = frame.fields.filter((field) => field !== time && field !== value);
      for (let at = 0; at < frame.length; at++) {
        const own: Record<string, string> = {};
        for (const field of labels) if (field.values[at] !== "" && field.values[at] !== null) own[field.name] = String(field.values[at]);
        rows.push({ refId: frame.refId ?? "", ...named(own), value: value?.values[at], time: (time?.values[at] as number | undefined) ?? null });
      }
      continue;
    }
    for (const field of frame.fields) {
      if (field.type !== "number") continue;
      let last = frame.length - 1;
      while (last > 0 && (field.values[last] === null || field.values[last] === undefined)) last--;
      rows.push({ refId: frame.refId ?? "", ...named({ ...field.labels }), value: field.values[last], time: (time?.values[last] as number | undefined) ?? null });
    }
  }
  return rows;
}

function named(labels: Record<string, string>): { name: string; labels: Record<string, string> } {
  const { __name__: name = "", ...rest } = labels;
  return { name, labels: rest };
}

/** One series in the form of the exposition: `up{job="x"} 1`. */
export function rawText({ name, labels, value }: RawSeries): string {
  const text = Object.entries(labels).map(([label, own]) => `${label}=${JSON.stringify(own)}`).join(", ");
  return `${name}${text || !name ? `{${text}}` : ""} ${valueText(value)}`;
}

/** A number as Prometheus writes it. */
export function valueText(value: unknown): string {
  if (typeof value !== "number") return value === null || value === undefined ? "" : String(value);
  return value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
}
