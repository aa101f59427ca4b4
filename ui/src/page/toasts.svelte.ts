/** Short messages at the edge of the page: something was done, or could not be. */

import { readable } from "../api/errors.ts";

export interface Toast {
  id: number;
  kind: "info" | "ok" | "warn" | "error";
  text: string;
}

const SHOWN_MS = 5000;
const SHOWN_ERROR_MS = 12_000;

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  /** Shows a message; an error stays longer. The same text is not shown twice at a time. */
  show(text: string, kind: Toast["kind"] = "info"): void {
    if (this.list.some((toast) => toast.text === text && toast.kind === kind)) return;
    const id = this.#next++;
    this.list.push({ id, kind, text });
    setTimeout(() => this.close(id), kind === "error" ? SHOWN_ERROR_MS : SHOWN_MS);
  }

  /** Shows why something failed; `what` is what was tried: "The dashboard was not saved". */
  failed(what: string, error: unknown): void {
    this.show(`${what}: ${readable(error)}`, "error");
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
