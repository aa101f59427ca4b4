/** Names of series as their queries want them: `legendFormat`, or what tells them apart. */

import type { Labels } from "./frame.ts";
import { metricText } from "./labels_text.ts";

/** `legendFormat` of a series that is to be called by what is special about it. */
export const AUTO_LEGEND = "__auto";

/** `format` with the labels' values for `{{label}}`; blanks in the braces do not matter, a label that is not there is empty text. */
export function legendText(format: string, labels: Labels): string {
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_whole, name: string) => (Object.hasOwn(labels, name) ? labels[name]! : ""));
}

/** Labels that are not the same in all series, alphabetical. */
function differing(series: readonly Labels[]): string[] {
  const [first = {}] = series;
  if (series.length < 2) return [];
  const names = new Set(series.flatMap((labels) => Object.keys(labels)));
  return [...names].sort().filter((name) => series.some((labels) => labels[name] !== first[name]));
}

/**
 * The name of each series of one query's answer, in their order.
 * legendFormat  `{{label}}` text; `__auto`: only labels that differ; empty: metric{labels}
 * expr          what a series without labels is called
 */
export function seriesNames(series: readonly Labels[], legendFormat: string | undefined, expr: string): string[] {
  if (legendFormat && legendFormat !== AUTO_LEGEND) return series.map((labels) => legendText(legendFormat, labels) || labelled(labels) || expr);
  if (legendFormat !== AUTO_LEGEND) return series.map((labels) => metricText(labels) || expr);
  return autoNames(series).map((name) => name || expr);
}

/** All labels; a single one by its value alone. */
function labelled(labels: Labels): string {
  const [only, ...more] = Object.values(labels);
  return only === undefined || more.length ? metricText(labels) : only;
}

/** The name of each series by what is special about it, "" where it has no labels: labels that differ; a single one by its value alone. */
export function autoNames(series: readonly Labels[]): string[] {
  const names = differing(series);
  return series.map((labels) => {
    const special = names.filter((name) => Object.hasOwn(labels, name));
    const shown = special.length ? special : Object.keys(labels);
    const single = special.length ? names.length === 1 : shown.length === 1;
    return single ? labels[shown[0]!]! : metricText(Object.fromEntries(shown.map((name) => [name, labels[name]!])));
  });
}
