/** Lines beyond the limit of the first answer, asked for as the person comes to the end of the list. */

import { isAbort, readable } from "../../api/errors.ts";
import type { LokiClient } from "../../api/loki.ts";
import { framesOfStreams } from "../../core/frame/from_loki.ts";
import type { Span } from "../../core/time/range.ts";
import { type LogRow, logRows } from "../../panels/logs/log_rows.ts";
import { movedByNs } from "./log_query.ts";
import { unknownRows } from "./tail_rows.ts";

/** So many lines a page holds with ease. */
export const MOST_LINES = 50_000;

export interface LineQuestion {
  client: LokiClient;
  expr: string;
  span: Span;
  limit: number;
  newestFirst: boolean;
}

export class MoreLines {
  rows = $state.raw<LogRow[]>([]);
  busy = $state(false);
  /** Nothing is beyond what is there. */
  done = $state(false);
  fault = $state("");
  #abort: AbortController | null = null;

  reset(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.rows = [];
    this.busy = false;
    this.done = false;
    this.fault = "";
  }

  /** Asks for what follows `first` and the rows that are here. Does nothing while it is asking, or where all is there. */
  async next(first: readonly LogRow[], asked: LineQuestion): Promise<void> {
    const last = this.rows.at(-1) ?? first.at(-1);
    if (!last || this.busy || this.done || this.fault) return;
    if (first.length + this.rows.length >= MOST_LINES) {
      this.done = true;
      return;
    }
    const abort = new AbortController();
    this.#abort = abort;
    this.busy = true;
    const ns = last.ns ?? `${last.ms}000000`;
    try {
      // Lines of the last one's instant may have been cut off: they are asked for again, once.
      let found = await this.#page(asked, ns, 1, abort.signal);
      let fresh = unknownRows(found, first, this.rows);
      if (!fresh.length && found.length >= asked.limit) {
        found = await this.#page(asked, ns, 0, abort.signal);
        fresh = unknownRows(found, first, this.rows);
      }
      if (abort.signal.aborted) return;
      this.rows = [...this.rows, ...fresh];
      this.done = found.length < asked.limit || !fresh.length;
    } catch (error) {
      if (!isAbort(error) && !abort.signal.aborted) this.fault = readable(error);
    } finally {
      if (this.#abort === abort) this.busy = false;
    }
  }

  async #page({ client, expr, span, limit, newestFirst }: LineQuestion, ns: string, more: 0 | 1, signal: AbortSignal): Promise<LogRow[]> {
    const [start, end] = newestFirst ? [`${span.from}000000`, movedByNs(ns, more)] : [movedByNs(ns, more ? 0 : 1), `${span.to}000000`];
    if (BigInt(start) >= BigInt(end)) return [];
    const { data } = await client.around(expr, start, end, newestFirst ? "backward" : "forward", limit, signal);
    return data.resultType === "streams" ? logRows(framesOfStreams(data.result, "A"), newestFirst) : [];
  }
}
