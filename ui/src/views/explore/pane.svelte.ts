/** One half of Explore: its data source, queries and range, and what they came to. */

import { isAbort } from "../../api/errors.ts";
import type { DataSource } from "../../api/grafana.ts";
import type { Target } from "../../core/model/dashboard.ts";
import { rangeOrDefault, type RawRange, type TimeRange } from "../../core/time/range.ts";
import { DEFAULT_EXPLORE_RANGE, type ExplorePane } from "../../core/url/explore_url.ts";
import { dashboardScope } from "../../core/variables/builtin.ts";
import { session } from "../../page/session.svelte.ts";
import type { PanelAnswer } from "../../query/context.ts";
import { givesLines } from "../../query/loki_query.ts";
import { queryPanel } from "../../query/panel_query.ts";
import { recent } from "../../query/recent.ts";
import { sourceOf, sourcesOf } from "../parts/sources.ts";
import { explorePanel, freeLetter, unknownVariables } from "./explore_panel.ts";
import { queryHistory } from "./history.svelte.ts";

/** What a pane has for a data source when each of its queries has one of its own. */
export const MIXED: DataSource = { uid: "-- Mixed --", name: "Mixed", type: "mixed" };

/** All data sources that can be asked here: those of metrics first. */
export function allSources(): DataSource[] {
  return [...sourcesOf("prometheus"), ...sourcesOf("loki")];
}

const NO_ANSWER: PanelAnswer = { frames: [], faults: [], notices: [], executed: [] };

export class Pane {
  readonly id: string;
  source = $state.raw<DataSource>({ uid: "prometheus", name: "Prometheus", type: "prometheus" });
  queries = $state.raw<Target[]>([]);
  range = $state.raw<RawRange>(DEFAULT_EXPLORE_RANGE);
  zone = $state(session.data.timezone || "browser");
  /** How often it runs by itself, as "10s"; "" is never. */
  refresh = $state("");
  /** What of its link could not be had as it was asked for. */
  fault = $state("");
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
  /** The line that a link meant: the id of its row. */
  markedLine = $state("");
  #panelsState: unknown;
  /** Queries of other data sources' types, so that going back to one finds them. */
  #before: Record<string, Target[]> = {};

  constructor(pane: ExplorePane) {
    this.id = pane.id;
    this.read(pane);
  }

  /** Takes over what the URL says. */
  read(pane: ExplorePane): void {
    const first = pane.queries[0]?.datasource?.uid ?? "";
    const wanted = pane.datasource || (pane.queries.some((query) => (query.datasource?.uid ?? "") !== first) ? MIXED.uid : first);
    const type = pane.queries[0]?.datasource?.type;
    const known = wanted === MIXED.uid ? MIXED : allSources().find((one) => one.uid === wanted || one.name === wanted);
    this.source = known ?? sourceOf(type === "loki" ? "loki" : "prometheus", wanted);
    const missing = wanted && !known && wanted !== "default" && !wanted.includes("$");
    this.fault = pane.fault ?? (missing ? `There is no data source “${wanted.slice(0, 80)}” that can be asked here: ${this.source.name} takes its place.` : "");
    this.queries = pane.queries.length ? pane.queries : [{ refId: "A", expr: "" }];
    this.range = pane.range;
    this.#panelsState = pane.panelsState;
    const marked = (pane.panelsState as { logs?: { id?: unknown } } | null | undefined)?.logs?.id;
    this.markedLine = typeof marked === "string" ? marked : "";
  }

  /** As the URL keeps it. */
  get state(): ExplorePane {
    const queries = this.queries.map((query) => {
      const { type, uid } = this.sourceOfQuery(query);
      return { ...query, datasource: { type, uid } };
    });
    return { id: this.id, datasource: this.source.uid, range: this.range, queries, ...(this.#panelsState === undefined ? {} : { panelsState: this.#panelsState }) };
  }

  get mixed(): boolean {
    return this.source === MIXED;
  }

  /** Whom a query is asked of. */
  sourceOfQuery(query: Target): DataSource {
    if (!this.mixed) return this.source;
    const { uid, type } = query.datasource ?? {};
    return allSources().find((one) => one.uid === uid) ?? sourceOf(type === "loki" ? "loki" : "prometheus");
  }

  isLogQuery(query: Target): boolean {
    return this.sourceOfQuery(query).type === "loki";
  }

  /** Whether any of its queries is one of logs. */
  get isLogs(): boolean {
    return this.queries.some((query) => this.isLogQuery(query));
  }

  /** The data source of the first query that gives lines, else the first of logs. */
  get logSource(): DataSource {
    const found = this.queries.find((query) => !query.hide && this.isLogQuery(query) && givesLines(query.expr ?? "")) ?? this.queries.find((query) => this.isLogQuery(query));
    return found ? this.sourceOfQuery(found) : sourceOf("loki");
  }

  choose(source: DataSource): void {
    this.fault = "";
    if (source === MIXED) {
      // What is there goes on: each query keeps whom it was asked of.
      this.queries = this.state.queries;
    } else if (this.mixed) {
      const own = this.queries.filter((query) => this.sourceOfQuery(query).type === source.type);
      this.queries = own.length ? own : [{ refId: "A", expr: "" }];
    } else if (source.type !== this.source.type) {
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

  /** One more query, empty or as `like`. */
  add(like?: Target): void {
    const source = like ?? this.queries.at(-1);
    const datasource = this.mixed && source?.datasource ? { datasource: source.datasource } : {};
    this.queries = [...this.queries, { ...(like ?? { expr: "" }), ...datasource, refId: freeLetter(this.queries) }];
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
    if (byHand) this.fault = "";
    const range = this.resolve();
    const asked = this.queries.filter((query) => !query.hide && query.expr?.trim());
    const texts = asked.map((query) => query.expr!.trim());
    if (!texts.length) {
      this.answer = NO_ANSWER;
      this.shown = range;
      this.runs++;
      return;
    }
    if (byHand) {
      recent.clear();
      queryHistory.add({ uid: this.source.uid, type: this.source.type, queries: texts, at: Date.now(), ...(this.mixed ? { sources: asked.map((query) => this.sourceOfQuery(query)).map(({ uid, type }) => ({ uid, type })) } : {}) });
    }
    const abort = new AbortController();
    this.#abort = abort;
    this.running = true;
    try {
      const scope = dashboardScope([], { dashboard: { uid: "", title: "Explore" }, range, zone: this.zone });
      const answer = await queryPanel(explorePanel(this.queries, (query) => this.sourceOfQuery(query)), {
        range, zone: this.zone, width: this.width, scope, sources: allSources(), adhoc: [], priority: 0, exemplars: true, signal: abort.signal,
      });
      if (abort.signal.aborted) return;
      const unknown = unknownVariables(this.queries, (name) => scope.get(name) !== undefined);
      if (unknown.length) {
        const text = `Explore has no value for ${unknown.map((name) => `$${name}`).join(", ")}: ${unknown.length > 1 ? "they are" : "it is"} sent as written.`;
        answer.notices.unshift({ severity: "warning", text });
      }
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

  /** As the person wanted it; a pane that has nothing to show says why. */
  callOff(): void {
    if (this.running && !this.shown) this.fault = "Called off before there was an answer.";
    this.stop();
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.running = false;
  }
}
