/** A series given a colour of its own: what a click on its swatch in the legend comes to. */

import type { Override } from "../frame/config.ts";
import type { Dashboard } from "./dashboard.ts";
import { updatePanel } from "./edit.ts";

/** The overrides with a fixed colour for the column of this display name: in the rule of the name that has one, else in its last, else in a new one. */
export function withSeriesColor(overrides: readonly Override[], name: string, color: string): Override[] {
  const value = { mode: "fixed", fixedColor: color };
  const own = (override: Override) => override.matcher?.id === "byName" && override.matcher.options === name;
  const named = overrides.findLastIndex((override) => own(override) && override.properties.some((property) => property.id === "color"));
  const at = named >= 0 ? named : overrides.findLastIndex(own);
  if (at < 0) return [...overrides, { matcher: { id: "byName", options: name }, properties: [{ id: "color", value }] }];
  return overrides.map((override, index) => {
    if (index !== at) return override;
    const others = override.properties.filter((property) => property.id !== "color");
    return { ...override, properties: [...others, { id: "color", value }] };
  });
}

/** The dashboard in which a panel's series has this colour. */
export function recolored(dashboard: Dashboard, panelId: number, name: string, color: string): Dashboard {
  return updatePanel(dashboard, panelId, (panel) => ({
    ...panel, fieldConfig: { ...panel.fieldConfig, overrides: withSeriesColor(panel.fieldConfig.overrides ?? [], name, color) },
  }));
}
