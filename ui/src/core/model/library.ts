/** Panels of the library on a dashboard: the dashboard holds which one it is and its place, the library all else. */

import { sameJson } from "./changes.ts";
import type { Dashboard, Panel } from "./dashboard.ts";
import { allPanels } from "./ids.ts";
import { isRecord, type Json } from "./part.ts";

/** Which one of the library a panel is. */
export interface LibraryReference {
  uid: string;
  name: string;
  version: number;
}

/** What is of the dashboard alone. */
const OWN = ["id", "gridPos", "libraryPanel", "repeat", "repeatDirection", "maxPerRow", "collapsed", "panels"];

/** Null for a panel that is in no library. */
export function libraryOf(panel: Panel): LibraryReference | null {
  const named = panel.libraryPanel;
  if (!isRecord(named) || typeof named.uid !== "string" || !named.uid) return null;
  return { uid: named.uid, name: typeof named.name === "string" ? named.name : named.uid, version: typeof named.version === "number" ? named.version : 0 };
}

/** The panel as the library holds it. */
export function libraryModel(panel: Panel): Json {
  return Object.fromEntries(Object.entries(panel).filter(([key]) => !OWN.includes(key)));
}

/** The panel as one of the library; null makes it one of the dashboard alone again. */
export function inLibrary(panel: Panel, reference: LibraryReference | null): Panel {
  const made = { ...panel };
  delete made.libraryPanel;
  return reference ? { ...made, libraryPanel: { ...reference } } : made;
}

/** Panels of the library that are not what they were before, each once: the first of several. */
export function changedInLibrary(before: Dashboard, after: Dashboard): Panel[] {
  const old = new Map<string, Json>();
  for (const panel of allPanels(before.panels)) {
    const uid = libraryOf(panel)?.uid;
    if (uid && !old.has(uid)) old.set(uid, libraryModel(panel));
  }
  const changed = new Map<string, Panel>();
  for (const panel of allPanels(after.panels)) {
    const uid = libraryOf(panel)?.uid;
    const was = uid === undefined ? undefined : old.get(uid);
    if (uid !== undefined && was && !changed.has(uid) && !sameJson(was, libraryModel(panel))) changed.set(uid, panel);
  }
  return [...changed.values()];
}

/** The dashboard with every panel of one of the library as that is now: of several on one dashboard all are the same. */
export function withLibrary(dashboard: Dashboard, reference: LibraryReference, model: Json): Dashboard {
  const put = (panel: Panel): Panel => {
    const own = Object.fromEntries(Object.entries(panel).filter(([key]) => OWN.includes(key)));
    return libraryOf(panel)?.uid === reference.uid ? ({ ...model, ...own, libraryPanel: { ...reference } } as unknown as Panel) : panel;
  };
  return { ...dashboard, panels: dashboard.panels.map((panel) => (panel.panels ? { ...put(panel), panels: panel.panels.map(put) } : put(panel))) };
}
