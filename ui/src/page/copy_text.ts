/** Text put on the clipboard, also where the page comes over plain HTTP and has no clipboard of its own. */

import { toasts } from "./toasts.svelte.ts";

/** Copies a text and says so: what was done, else that it was not. */
export async function copyAndTell(text: string, done = "Copied"): Promise<void> {
  if (await copyText(text)) toasts.show(done, "ok");
  else toasts.show("Nothing was copied: the browser does not allow it.", "error");
}

/** Whether it came there. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not there, or not allowed: then as browsers did it before.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    const before = document.activeElement;
    // Behind an open dialog nothing can be selected.
    (before?.closest("dialog") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    return done;
  }
}
