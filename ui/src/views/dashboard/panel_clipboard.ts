/** A copied panel: kept in the browser so that it can be pasted into another dashboard. */

import type { Panel } from "../../core/model/dashboard.ts";

const KEY = "watchkeeper.panel";

export function copyPanel(panel: Panel): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(panel));
  } catch {
    // Nothing is copied where nothing can be kept.
  }
}

/** The copied panel's JSON; null where there is none. */
export function copiedPanel(): unknown {
  try {
    const text = localStorage.getItem(KEY);
    return text ? (JSON.parse(text) as unknown) : null;
  } catch {
    return null;
  }
}
