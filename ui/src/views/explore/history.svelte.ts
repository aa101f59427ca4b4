/** The history of queries as the browser keeps it. */

import { type PastQuery, readHistory, withRun } from "./past_queries.ts";

const KEY = "watchkeeper.explore.history";

class History {
  list = $state.raw<PastQuery[]>(read());

  add(run: PastQuery): void {
    if (run.queries.length) this.#keep(withRun(this.list, run));
  }

  change(entry: PastQuery, more: Partial<PastQuery>): void {
    this.#keep(this.list.map((one) => (one === entry ? { ...one, ...more } : one)));
  }

  remove(entry: PastQuery): void {
    this.#keep(this.list.filter((one) => one !== entry));
  }

  /** Forgets all that have no star. */
  clear(): void {
    this.#keep(this.list.filter((one) => one.starred));
  }

  #keep(list: PastQuery[]): void {
    this.list = list;
    try {
      localStorage.setItem(KEY, JSON.stringify(list));
    } catch {
      // Full or forbidden: the history lasts as long as the page.
    }
  }
}

function read(): PastQuery[] {
  try {
    return readHistory(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

export const queryHistory = new History();
