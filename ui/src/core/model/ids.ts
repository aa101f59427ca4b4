/** Ids of panels: made unique on load, made for new panels, and found again from what URLs say. */

import type { Dashboard, Panel } from "./dashboard.ts";

/** Every panel, with those that rows hold, in order. */
export function allPanels(panels: readonly Panel[]): Panel[] {
  return panels.flatMap((panel) => (panel.panels?.length ? [panel, ...panel.panels] : [panel]));
}

/** The lowest id above all that are there. */
export function nextId(panels: readonly Panel[]): number {
  let highest = 0;
  for (const { id } of allPanels(panels)) if (id !== undefined && id > highest) highest = id;
  return highest + 1;
}

/** The panels with an id each: the first of several with the same keeps it, the others and those without get new ones. */
export function withIds(panels: readonly Panel[]): { panels: Panel[]; changed: number } {
  let next = nextId(panels);
  let changed = 0;
  const taken = new Set<number>();
  const give = (panel: Panel): Panel => {
    if (panel.id !== undefined && !taken.has(panel.id)) {
      taken.add(panel.id);
      return panel;
    }
    if (panel.id !== undefined) changed++;
    const id = next++;
    taken.add(id);
    return { ...panel, id };
  };
  const given = panels.map((panel) => {
    const own = give(panel);
    return own.panels ? { ...own, panels: own.panels.map(give) } : own;
  });
  return { panels: given, changed };
}

/** The key of a panel on the page and in URLs: "panel-12". Clones add their number, see `repeat.ts`. */
export function panelKey(panel: Panel): string {
  return `panel-${panel.id ?? 0}`;
}

/** The id in "12", "panel-12" and "panel-12-clone-1"; null where there is none. */
export function idOfKey(key: string): number | null {
  const match = /^(?:panel-)?(\d+)(?:-clone-\d+)*$/.exec(key.trim());
  return match ? Number(match[1]) : null;
}

/** The panel that a URL's "12", "panel-12" or "panel-12-clone-1" means. */
export function findPanel(dashboard: Pick<Dashboard, "panels">, key: string | number): Panel | undefined {
  const id = typeof key === "number" ? key : idOfKey(key);
  return id === null ? undefined : allPanels(dashboard.panels).find((panel) => panel.id === id);
}
