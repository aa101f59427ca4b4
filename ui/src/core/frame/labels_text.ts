/** Labels as people write them. */

import type { Labels } from "./frame.ts";

const NAME = "__name__";

/** `{a="1", b="2"}`, labels in alphabetical order; "" where there are none. */
export function labelsText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  return names.length ? `{${names.map((name) => `${name}=${JSON.stringify(labels[name] ?? "")}`).join(", ")}}` : "";
}

/** `up{instance="a", job="b"}`: the metric's name, and the other labels in alphabetical order. */
export function metricText(labels: Labels): string {
  const { [NAME]: name = "", ...rest } = labels;
  return name + labelsText(rest);
}
