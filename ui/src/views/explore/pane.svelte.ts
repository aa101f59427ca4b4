/** One half of Explore: its data source, queries and range, and what they came to. */

import { isAbort } from "../../api/errors.ts";
import type { DataSource } from "../../api/grafana.ts";
import type { Target } from "../../core/model/dashboard.ts";
import { rangeOrDefault, type RawRange, type TimeRange } from "../../core/time/range.ts";
import { DEFAULT_EXPLORE_RANGE, type ExplorePane } from "../../core/url/explore_url.ts";
import { dashboardScope } from "../../core/variables/builtin.ts";
import type { PanelAnswer } from "../../query/context.ts";
import { queryPanel } from "../../query/panel_query.ts";
import { recent } from "../../query/recent.ts";
import { sourceOf, sourcesOf } from "../parts/sources.ts";
import { explorePanel, freeLetter } from "./explore_panel.ts";
import { queryHistory } from "./history.svelte.ts";

const NO_ANSWER: PanelAnswer = { frames: [], faults: [], notices: [], executed: [] };

export class Pane {
  readonly id: string;
  source = $state.raw<DataSource>({ uid: "prometheus", name: "Prometheus", type: "prometheus" });
  queries = $state.raw<Target[]>([]);
  range = $state.raw<RawRange>(DEFAULT_EXPLORE_RANGE);
  zone = $state("browser");
  answer = $state.raw<PanelAnswer>(NO_ANSWER);
  /** The range of `answer`, resolved when it was asked for; null before anything was. */
  shown = $state.raw<TimeRange | null>(null);
  running = $state(false);
  error = $state.raw<unknown>(null);
  /** Counts runs: what depends on one asks anew. */
  runs = $state(0);
  /** Room for the graph, px. */
  width = 1000;
  #abort: AbortController | null = null;
  #panelsState: unknown;
  /** Queries of other data sources' types, so that going back to one finds them. */
  #before: Record<string, Target[]> = {};

  constructor(pane: ExplorePane) {
    this.id = pane.id;
    this.read(pane);
  }

  /** Takes over what the URL says. */
  read(pane: ExplorePane): void {
    const wanted = pane.datasource || pane.queries[0]?.datasource?.uid || "";
    const type = pane.queries[0]?.datasource?.type;
    const known = ["prometheus", "loki"].flatMap((each) => sourcesOf(each)).find((one) => one.uid === wanted || one.name === wanted);
    this.source = known ?? sourceOf(type === "loki" ? "loki" : "prometheus", wanted);
    this.queries = pane.queries.length ? pane.queries : [{ refId: "A", expr: "" }];
    this.range = pane.range;
    this.#panelsState = pane.panelsState;
  }

  /** As the URL keeps it. */
  get state(): ExplorePane {
    const datasource = { type: this.source.type, uid: this.source.uid };
    return {
      id: this.id, datasource: this.source.uid, range: this.range, queries: this.queries.map((query) => ({ ...query, datasource })),
      ...(this.#panelsState === undefined ? {} : { panelsState: this.#panelsState }),
    };
  }

  get isLogs(): boolean {
    return this.source.type === "loki";
  }

  choose(source: DataSource): void {
    if (source.type !== this.source.type) {
      this.#before[this.source.type] = this.queries;
      this.queries = this.#before[source.type] ?? [{ refId: "A", expr: "" }];
    }
    this.stop();
    this.source = source;
    this.answer = NO_ANSWER;
    this.shown = null;
    this.error = null;
  }

  change(at: number, more: Partial<Target>): void {
    this.queries = this.queries.map((query, index) => (index === at ? { ...query, ...more } : query));
  }

  add(expr = ""): void {
    this.queries = [...this.queries, { refId: freeLetter(this.queries), expr }];
  }

  remove(at: number): void {
    this.queries = this.queries.filter((_, index) => index !== at);
    if (!this.queries.length) this.queries = [{ refId: "A", expr: "" }];
  }

  /** The range of now. */
  resolve(): TimeRange {
    return rangeOrDefault(this.range, { now: Date.now(), zone: this.zone });
  }

  /** Asks all queries. What is on its way is called off. `byHand` asks even for what is known. */
  async run(byHand = true): Promise<void> {
    this.stop();
    const range = this.resolve();
    const texts = this.queries.filter((query) => !query.hide && query.expr?.trim()).map((query) => query.expr!.trim());
    if (!texts.length) {
      this.answer = NO_ANSWER;
      this.shown = range;
      this.runs++;
      return;
    }
    if (byHand) {
      recent.clear();
      queryHistory.add({ uid: this.source.uid, type: this.source.type, queries: texts, at: Date.now() });
    }
    const abort = new AbortController();
    this.#abort = abort;
    this.running = true;
    try {
      const scope = dashboardScope([], { dashboard: { uid: "", title: "Explore" }, range, zone: this.zone });
      const answer = await queryPanel(explorePanel(this.queries, this.source), {
        range, zone: this.zone, width: this.width, scope, sources: [this.source], adhoc: [], priority: 0, signal: abort.signal,
      });
      if (abort.signal.aborted) return;
      this.answer = answer;
      this.shown = range;
      this.error = null;
      this.runs++;
    } catch (error) {
      if (!abort.signal.aborted && !isAbort(error)) this.error = error;
    } finally {
      if (this.#abort === abort) {
        this.#abort = null;
        this.running = false;
      }
    }
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.running = false;
  }
}
