/** What a panel draws: its answer after transformations, with every column's config. */

import type { Frame } from "../../core/frame/frame.ts";
import { applyFieldConfig } from "../../core/frame/overrides.ts";
import { loadRare, needsRare } from "../../core/frame/rare_names.ts";
import { standardConfig } from "../../core/frame/standard_config.ts";
import type { Panel } from "../../core/model/dashboard.ts";

type Transform = (frames: Frame[], list: Panel["transformations"], interpolate: (text: string) => string) => Frame[];

let loaded: Transform | null = null;

/** Whether `shownFrames` can be called for this panel, or `loadTransform` has to be waited for. */
export function needsTransform(panel: Panel): boolean {
  return transforms(panel) || needsRare(panel);
}

function transforms(panel: Panel): boolean {
  return loaded === null && panel.transformations.some((one) => !one.disabled);
}

/** Loads the transformations, and the units and colours of the panel: most panels have none that are not there. */
export async function loadTransform(panel: Panel): Promise<void> {
  const rare = needsRare(panel) ? loadRare() : null;
  if (transforms(panel)) loaded = (await import("../../core/frame/transform.ts")).transform as Transform;
  await rare;
}

const WITH_EXEMPLARS = new Set(["timeseries", "graph", "heatmap"]);

/** Raises what a transformation raises. */
export function shownFrames(frames: Frame[], panel: Panel, interpolate: (text: string) => string): Frame[] {
  const list = panel.transformations;
  // Exemplars lie over a chart: they are no data of its own, and nothing to transform.
  const own = frames.filter((frame) => frame.meta?.kind !== "exemplars");
  const changed = list.length && loaded ? loaded(own, list, interpolate) : own;
  const shown = applyFieldConfig(changed, panel.fieldConfig, interpolate, standardConfig(panel.type));
  return WITH_EXEMPLARS.has(panel.type) ? [...shown, ...frames.filter((frame) => frame.meta?.kind === "exemplars")] : shown;
}
