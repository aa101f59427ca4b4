/** Names of series as their queries want them: `legendFormat`, or what tells them apart. */

import { labelsText } from "./display_name.ts";
import type { Labels } from "./frame.ts";

/** `legendFormat` of a series that is to be called by what is special about it. */
export const AUTO_LEGEND = "__auto";

const NAME = "__name__";

/** `up{instance="a", job="b"}`: the metric's name and the other labels in alphabetical order. */
export function metricText(labels: Labels): string {
  const { [NAME]: name = "", ...rest } = labels;
  return name + labelsText(rest);
}

/** `format` with the labels' values for `{{label}}`; blanks in the braces do not matter, a label that is not there is empty text. */
export function legendText(format: string, labels: Labels): string {
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_whole, name: string) => (Object.hasOwn(labels, name) ? labels[name]! : ""));
}

/** Labels that are not the same in all series, alphabetical. */
function differing(series: readonly Labels[]): string[] {
  const [first = {}] = series;
  const names = new Set(series.flatMap((labels) => Object.keys(labels)));
  return [...names].sort().filter((name) => series.some((labels) => labels[name] !== first[name]));
}

/**
 * The name of each series of one query's answer, in their order.
 * legendFormat  `{{label}}` text; `__auto`: only labels that differ; empty: metric{labels}
 * expr          what a series without labels is called
 */
export function seriesNames(series: readonly Labels[], legendFormat: string | undefined, expr: string): string[] {
  if (legendFormat && legendFormat !== AUTO_LEGEND) return series.map((labels) => legendText(legendFormat, labels) || metricText(labels) || expr);
  const whole = (labels: Labels): string => metricText(labels) || expr;
  if (legendFormat !== AUTO_LEGEND) return series.map(whole);
  const names = differing(series);
  return series.map((labels) => {
    const own = Object.keys(labels);
    if (series.length === 1) return own.length === 1 ? labels[own[0]!]! : whole(labels);
    if (names.length === 1) return labels[names[0]!] ?? whole(labels);
    const special = Object.fromEntries(names.filter((name) => Object.hasOwn(labels, name)).map((name) => [name, labels[name]!]));
    return metricText(special) || whole(labels);
  });
}
