/** Which panels name units or colours that are fetched apart, and the fetching of those. */

import type { Panel } from "../model/dashboard.ts";
import { isKnownUnit } from "./units.ts";

let missing = true;

/** Whether the panel cannot be drawn as it says before `loadRare` is done. A unit that nobody knows counts too: it may be one of them. */
export function needsRare(panel: Pick<Panel, "fieldConfig" | "options">): boolean {
  if (!missing) return false;
  const { defaults, overrides } = panel.fieldConfig;
  const said: unknown[] = [defaults.unit, ...overrides.flatMap((one) => one.properties.filter(({ id }) => id === "unit").map(({ value }) => value))];
  for (const [, unit] of JSON.stringify(panel.options).matchAll(/"unit":"([^"]*)"/g)) said.push(unit);
  return said.some((unit) => typeof unit === "string" && unit !== "" && !isKnownUnit(unit)) || /"(continuous-|palette-c[ao])/.test(JSON.stringify(panel.fieldConfig));
}

/** Where they can't be fetched, a unit is a suffix and a scale is the classic palette. */
export async function loadRare(): Promise<void> {
  await import("./rare.ts").catch(() => undefined);
  missing = false;
}
