/** Something that is asked for again and again: what came last, whether it failed, and when. */

import { isAbort } from "../../api/errors.ts";

const KEY = "watchkeeper.pages.refresh";

/** How often pages that watch something ask anew, in ms; 0 is never. One choice for all of them, kept by the browser. */
class RefreshChoice {
  ms = $state(read());

  choose(ms: number): void {
    this.ms = ms;
    try {
      localStorage.setItem(KEY, String(ms));
    } catch {
      // A browser that keeps nothing forgets it with the page.
    }
  }
}

function read(): number {
  try {
    const kept = localStorage.getItem(KEY);
    const ms = kept === null ? 10_000 : Number(kept);
    return Number.isFinite(ms) && (ms === 0 || ms >= 1000) ? ms : 10_000;
  } catch {
    return 10_000;
  }
}

export const refreshChoice = new RefreshChoice();

/**
 * The newest answer of `ask`. An answer stays while the next one is waited for and when that one fails; `error` is then of
 * the last try. Nothing is asked while the page is hidden.
 */
export class Poll<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  /** When `data` came, ms since the epoch; 0 before that. */
  at = $state(0);
  #ask: (signal: AbortSignal) => Promise<T>;
  #abort: AbortController | null = null;
  #due = false;

  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  /** Asks now; what was asked before and is not answered is called off. */
  async refresh(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      const data = await this.#ask(abort.signal);
      if (abort.signal.aborted) return;
      this.data = data;
      this.error = null;
      this.at = Date.now();
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      this.error = error;
    } finally {
      if (this.#abort === abort) {
        this.loading = false;
        this.#abort = null;
      }
    }
  }

  /** Asks now and every `everyMs` until what is returned is called. 0 asks once. */
  start(everyMs: number): () => void {
    void this.refresh();
    const tick = () => {
      if (typeof document !== "undefined" && document.hidden) this.#due = true;
      // An answer that takes longer than the interval is waited for.
      else if (!this.loading) void this.refresh();
    };
    const shown = () => {
      if (document.hidden || !this.#due) return;
      this.#due = false;
      void this.refresh();
    };
    const timer = everyMs > 0 ? setInterval(tick, everyMs) : undefined;
    if (typeof document !== "undefined") document.addEventListener("visibilitychange", shown);
    return () => {
      clearInterval(timer);
      if (typeof document !== "undefined") document.removeEventListener("visibilitychange", shown);
      this.#abort?.abort();
      this.loading = false;
    };
  }
}
