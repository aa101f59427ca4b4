/** Lines as they come: followed, held back while the person reads, the oldest let go. */

import type { LokiClient, LogStream, TailState } from "../../api/loki.ts";
import { framesOfStreams } from "../../core/frame/from_loki.ts";
import { type LogRow, logRows } from "../../panels/logs/log_rows.ts";
import { joined } from "./tail_rows.ts";

/** The page is drawn anew this often at most. */
const DRAW_MS = 250;

export class Tail {
  rows = $state.raw<LogRow[]>([]);
  state = $state<TailState>("closed");
  /** Why it ended, where there is a reason. */
  reason = $state("");
  paused = $state(false);
  /** Lines that came while it was paused, and those that the server left out. */
  held = $state(0);
  dropped = $state(0);
  #stop: (() => void) | null = null;
  #waiting: LogRow[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  get on(): boolean {
    return this.state !== "closed";
  }

  start(client: LokiClient, expr: string): void {
    this.stop();
    this.rows = [];
    this.#waiting = [];
    this.held = 0;
    this.dropped = 0;
    this.paused = false;
    this.reason = "";
    this.#stop = client.tail(
      expr,
      {
        onEntries: (streams) => this.#take(streams),
        onDropped: (count) => (this.dropped += count),
        onState: (state, text) => {
          this.state = state;
          if (text) this.reason = text;
        },
      },
      { limit: 200, fromMs: Date.now() - 60_000 },
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stop?.();
    this.#stop = null;
    this.state = "closed";
  }

  pause(on: boolean): void {
    this.paused = on;
    if (!on) this.#draw();
  }

  clear(): void {
    this.rows = [];
    this.#waiting = [];
    this.held = 0;
  }

  #take(streams: readonly LogStream[]): void {
    
    this.#waiting = joined(this.#waiting, logRows(framesOfStreams(streams, "A"), true));
    if (this.paused) {
      this.held = this.#waiting.length;
      return;
    }
    this.#timer ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  #draw(): void {
    this.#timer = undefined;
    if (this.paused) return;
    this.rows = joined(this.rows, this.#waiting);
    this.#waiting = [];
    this.held = 0;
  }
}
