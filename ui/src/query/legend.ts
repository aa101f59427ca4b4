/** Names of series by a query's `legendFormat`. */

import type { Labels } from "../core/frame/frame.ts";

export const AUTO_LEGEND = "__auto";

/** `metric{a="1", b="2"}`, labels in alphabetical order; the metric alone where there are none; "{}" for nothing at all. */
export function metricText(labels: Labels): string {
  const names = Object.keys(labels).filter((name) => name !== "__name__").sort();
  const metric = labels.__name__ ?? "";
  if (!names.length) return metric || "{}";
  return `${metric}{${names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(", ")}}`;
}

/**
 * What a series is called; null where its name is left to the labels that tell the panel's series apart (`__auto`).
 *
 * format  with variables put in; `{{label}}` is the label's value, nothing where there is none
 * expr    stands for a series without labels
 */
export function seriesName(labels: Labels, format: string | undefined, expr: string): string | null {
  if (format === AUTO_LEGEND) return Object.keys(labels).length ? null : expr;
  if (format) return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
  const text = metricText(labels);
  return text === "{}" ? expr : text;
}
