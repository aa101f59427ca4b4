/** Steps of thresholds as a form changes them. */

import type { Threshold, Thresholds } from "../../../core/frame/config.ts";

/** From the base up; the lowest is the base, which has no value. */
export function sortedSteps(steps: readonly Threshold[]): Threshold[] {
  const sorted = [...steps].sort((a, b) => (a.value ?? -Infinity) - (b.value ?? -Infinity));
  return sorted.map((step, at) => (at === 0 && step.value !== null ? { ...step, value: null } : step));
}

const COLORS = ["green", "red", "orange", "yellow", "blue", "purple"];

/** One more step above all that there are, in a colour that none of them has while there is one. */
export function nextStep({ mode, steps }: Thresholds): Threshold {
  const last = steps.at(-1)?.value ?? null;
  const value = last === null ? 80 : mode === "percentage" ? Math.min(100, last + 10) : last + (Math.abs(last) >= 10 ? 10 : Math.abs(last) || 1);
  return { value, color: COLORS.find((color) => steps.every((step) => step.color !== color)) ?? "red" };
}
