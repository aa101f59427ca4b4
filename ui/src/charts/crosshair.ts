/** Where the pointer is in time, told to all charts of a dashboard: `graphTooltip` of the dashboard's JSON. */

import { getContext, setContext } from "svelte";

/** 0 each chart for itself, 1 a crosshair in all, 2 a crosshair and a tooltip in all. */
export type SharedTooltip = 0 | 1 | 2;

/** `time` in ms, null once the pointer left; `source` is the chart that it is in. */
export interface CrosshairMove {
  source: object;
  time: number | null;
}

export type CrosshairListener = (move: CrosshairMove) => void;

/** One for each dashboard. Moves are told once for each animation frame, however many there are. */
export class CrosshairBus {
  mode: SharedTooltip;
  #listeners = new Map<object, CrosshairListener>();
  #waiting: CrosshairMove | null = null;

  constructor(mode: SharedTooltip = 0) {
    this.mode = mode;
  }

  /** Tells all others but the source; nothing where the dashboard shares nothing. */
  publish(move: CrosshairMove): void {
    if (this.mode === 0 && move.time !== null) return;
    const planned = this.#waiting !== null;
    this.#waiting = move;
    if (planned) return;
    const tell = () => {
      const last = this.#waiting;
      this.#waiting = null;
      if (last) for (const [owner, listener] of this.#listeners) if (owner !== last.source) listener(last);
    };
    if (typeof requestAnimationFrame === "function") requestAnimationFrame(tell);
    else tell();
  }

  /** Hears of moves in other charts until the function given back is called. */
  subscribe(owner: object, listener: CrosshairListener): () => void {
    this.#listeners.set(owner, listener);
    return () => {
      this.#listeners.delete(owner);
    };
  }

  /** How many charts listen: for tests of leaks. */
  get size(): number {
    return this.#listeners.size;
  }
}

const KEY = Symbol("crosshair");

/** Gives all charts below this component one bus. */
export function provideCrosshair(bus: CrosshairBus): void {
  setContext(KEY, bus);
}

/** The dashboard's bus, or one of the chart's own. */
export function useCrosshair(): CrosshairBus {
  return getContext<CrosshairBus | undefined>(KEY) ?? new CrosshairBus(0);
}
