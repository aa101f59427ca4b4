/** The time range on the clipboard, as Grafana writes it there: from one page to another, ours or another program's. */

import { readUrlEnd } from "../../core/time/range.ts";
import type { RawRange } from "../../core/time/range.ts";
import { copyAndTell } from "../copy_text.ts";
import { toasts } from "../toasts.svelte.ts";

/** The last that was copied here: over plain HTTP nobody may read the clipboard. */
const KEY = "watchkeeper.range";

/** Copies a range and says so. */
export async function copyRange(range: RawRange): Promise<void> {
  const text = JSON.stringify({ from: range.from, to: range.to });
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // Storage is full or not allowed: then the clipboard alone has it.
  }
  await copyAndTell(text, "The time range was copied.");
}

/** The range that was copied, its dates read in `zone`; null, and a message, where there is none. */
export async function copiedRange(zone: string): Promise<RawRange | null> {
  try {
    const { from, to } = JSON.parse(await copied()) as { from?: unknown; to?: unknown };
    const range = { from: readUrlEnd(String(from), zone), to: readUrlEnd(String(to), zone) };
    if (range.from !== null && range.to !== null) return { from: range.from, to: range.to };
  } catch {
    // Something else was copied.
  }
  toasts.show("There is no time range in the clipboard.", "warn");
  return null;
}

async function copied(): Promise<string> {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return localStorage.getItem(KEY) ?? "";
  }
}
