/** Thresholds: which step a value has reached. */

import type { Threshold, Thresholds } from "./config.ts";

/** What a panel has where its dashboard says nothing. */
export const DEFAULT_THRESHOLDS: Thresholds = { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 80, color: "red" }] };

/**
 * The last step that `value` has reached, null where there is none. With mode `percentage`, steps are compared with `percent`
 * (0 to 1) times 100. The first step counts as minus infinity, whatever its value says.
 */
export function activeThreshold(thresholds: Thresholds | undefined, value: number, percent: number): Threshold | null {
  const steps = thresholds?.steps;
  if (!steps?.length) return null;
  const compared = thresholds?.mode === "percentage" ? percent * 100 : value;
  let active = steps[0]!;
  for (const step of steps.slice(1)) {
    if (step.value === null || step.value === undefined) continue;
    if (!(compared >= step.value)) break;
    active = step;
  }
  return active;
}
