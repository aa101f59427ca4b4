/** The queries of one panel on the page: asked when it is in view, asked again when what they depend on changed, called off when not. */

import { isAbort, readable } from "../../api/errors.ts";
import type { Frame } from "../../core/frame/frame.ts";
import type { Panel, Target } from "../../core/model/dashboard.ts";
import type { TimeRange } from "../../core/time/range.ts";
import { resolveZone } from "../../core/time/zone.ts";
import { interpolate } from "../../core/variables/interpolate.ts";
import { resolveDatasource } from "../../core/variables/datasource.ts";
import type { Scope } from "../../core/variables/scope.ts";
import type { PanelAnswer, QueryContext } from "../../query/context.ts";
import { queryPanel } from "../../query/panel_query.ts";
import { queryStep } from "../../query/step.ts";
import type { Board } from "./board.svelte.ts";

/** What a run is for. */
export interface RunInput {
  panel: Panel;
  scope: Scope;
  range: TimeRange;
  width: number;
  priority: number;
}

const PANELS_WITHOUT_QUERIES = new Set(["row", "text", "dashlist", "alertlist", "news", "welcome"]);

/** Whether a panel asks anything at all. */
export function asks(panel: Panel): boolean {
  return panel.targets.length > 0 && !PANELS_WITHOUT_QUERIES.has(panel.type);
}

export class PanelRun {
  answer = $state.raw<PanelAnswer | null>(null);
  /** Only the first time, or when what is shown belongs to other variables or another range. */
  loading = $state(false);
  /** A fault that is none of a single query. */
  fault = $state("");
  readonly #board: Board;
  #key = "";
  /** What the answer is to: it stays, beside what went wrong, while the same asked again has none. */
  #answered = "";
  #stop: AbortController | null = null;

  constructor(board: Board) {
    this.#board = board;
  }

  /** Asks unless what is there, or on its way, is for the same. */
  run(input: RunInput): void {
    if (!asks(input.panel)) {
      this.answer ??= { frames: [], faults: [], notices: [], executed: [] };
      return;
    }
    const asked = this.#askedOf(input);
    const key = asked + this.#whenOf(input);
    if (key === this.#key) return;
    this.#key = key;
    void this.#ask(input, asked);
  }

  /** Calls off what is on its way; the next `run` asks again. */
  stop(): void {
    if (!this.#stop) return;
    this.#stop.abort();
    this.#key = "";
  }

  /** As the person wanted it; what has nothing to show says why. */
  callOff(): void {
    if (this.#stop && !this.answer) this.fault = "Called off before there was an answer.";
    this.stop();
  }

  /** The next `run` asks again whatever it is for. */
  forget(): void {
    this.#key = "";
  }

  async #ask(input: RunInput, asked: string): Promise<void> {
    this.#stop?.abort();
    const stop = (this.#stop = new AbortController());
    const board = this.#board;
    this.loading = true;
    board.loading++;
    try {
      const answer = await queryPanel(input.panel, this.#context(input, stop.signal));
      if (stop.signal.aborted) return;
      const old = asked === this.#answered && answer.faults.length && !answer.frames.length && this.answer;
      this.answer = old ? { ...answer, frames: old.frames } : answer;
      this.#answered = asked;
      this.fault = "";
    } catch (error) {
      if (!isAbort(error) && !stop.signal.aborted) {
        this.fault = readable(error);
        if (asked !== this.#answered) this.answer = null;
      }
    } finally {
      board.loading--;
      if (this.#stop === stop) {
        this.#stop = null;
        this.loading = false;
      }
    }
  }

  #context(input: RunInput, signal: AbortSignal): QueryContext {
    const board = this.#board;
    return {
      range: input.range, zone: resolveZone(board.zone), width: input.width, scope: input.scope, sources: board.sources, adhoc: board.adhoc,
      priority: input.priority, exemplars: board.exemplars, signal,
      panelFrames: (id, transformed) => this.#framesOf(id, transformed, input, signal),
    };
  }

  /** What another panel of the dashboard asks for; the scheduler sees to it that it is asked once. */
  async #framesOf(id: number, transformed: boolean, input: RunInput, signal: AbortSignal): Promise<Frame[]> {
    const other = this.#board.panels.find((panel) => panel.id === id);
    if (!other || other.id === input.panel.id) throw new Error(`there is no panel ${id} whose data could be shown`);
    const answer = await queryPanel(other, { ...this.#context(input, signal), panelFrames: () => Promise.resolve([]) });
    // What has no data because it failed is not empty for those who show it either.
    if (!answer.frames.length && answer.faults[0]) throw new Error(answer.faults[0].text);
    if (!transformed || !other.transformations.length) return answer.frames;
    const { transform } = await import("../../core/frame/transform.ts");
    return transform(answer.frames, other.transformations, (text) => interpolate(text, input.scope));
  }

  /** What is asked, variables put in. */
  #askedOf({ panel, scope, range }: RunInput): string {
    const asked = JSON.stringify([panel.targets, panel.datasource, panel.interval, panel.maxDataPoints]);
    return interpolate(asked, scope, "json") + JSON.stringify([this.#board.adhoc, range.raw]);
  }

  /** What else the answer depends on. */
  #whenOf(input: RunInput): string {
    const { panel, range } = input;
    const board = this.#board;
    const steps = panel.targets.map((target) => this.#step(target, input));
    return `${range.span.from} ${range.span.to} ${steps.join()} ${board.ticks} ${board.exemplars} ${board.sources.length}`;
  }

  #step(target: Target, { panel, scope, range, width }: RunInput): number {
    const ref = target.datasource ?? panel.datasource;
    const source = resolveDatasource(ref, scope, this.#board.sources).source as { jsonData?: { timeInterval?: string } } | null;
    return queryStep(range.span, panel, target, width, source?.jsonData?.timeInterval, (text) => interpolate(text, scope)).stepMs;
  }
}
