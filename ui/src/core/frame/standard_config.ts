/** What a panel type's columns have where its dashboard says nothing. */

import type { FieldConfig } from "./config.ts";
import { DEFAULT_THRESHOLDS } from "./thresholds.ts";

const BY_PALETTE = new Set(["timeseries", "graph", "barchart", "piechart", "histogram", "trend", "xychart"]);

/** Thresholds green and red at 80 for every type; charts colour by the classic palette, all others by thresholds. */
export function standardConfig(panelType: string): FieldConfig {
  return { thresholds: DEFAULT_THRESHOLDS, color: { mode: BY_PALETTE.has(panelType) ? "palette-classic" : "thresholds" } };
}
