/* eslint-disable svelte/prefer-svelte-reactivity -- maps here are replaced, never changed */
/** One dashboard on the page: its model, time, variables and mode. The URL is the truth: what a person does changes it, and it changes this. */

import { basePath, place } from "../../page/place.svelte.ts";
import { session } from "../../page/session.svelte.ts";
import { toasts } from "../../page/toasts.svelte.ts";
import { isAbort } from "../../api/errors.ts";
import type { DashboardMeta, DataSource } from "../../api/grafana.ts";
import type { Dashboard, Panel } from "../../core/model/dashboard.ts";
import { parseDuration } from "../../core/time/duration.ts";
import { absolute, isLive, rangeOrDefault, shiftSpan, zoomSpan } from "../../core/time/range.ts";
import type { RawRange, Span, TimeRange } from "../../core/time/range.ts";
import { resolveZone } from "../../core/time/zone.ts";
import { parseDashboardUrl } from "../../core/url/dashboard_url.ts";
import type { DashboardUrl } from "../../core/url/dashboard_url.ts";
import { dashboardScope } from "../../core/variables/builtin.ts";
import type { Filter } from "../../core/variables/filters.ts";
import type { RefreshReason } from "../../core/variables/graph.ts";
import { resolveDatasource } from "../../core/variables/datasource.ts";
import type { Scope } from "../../core/variables/scope.ts";
import { choose, chooseFilters, initialState, urlValues } from "../../core/variables/state.ts";
import type { VariableState } from "../../core/variables/state.ts";
import { type AnnotationEvent, queryAnnotations } from "../../query/annotation_query.ts";
import type { AdhocFilters } from "../../query/context.ts";
import { recent } from "../../query/recent.ts";
import { refreshVariables } from "../../query/variable_query.ts";
import { CrosshairBus } from "../../charts/crosshair.ts";
import type { SharedTooltip } from "../../charts/crosshair.ts";

/** Where a dashboard is from, which decides what can be done with it. */
export type Origin = "stored" | "new" | "snapshot";

const NO_URL: DashboardUrl = { route: "d", uid: "", vars: {}, kiosk: "off", rest: [] };
/** Variables that change with the time are not asked more often than this when the dashboard refreshes by itself, ms. */
const VARIABLES_EVERY_MS = 60_000;
const MOST_UNDO = 100;
const MERGE_MS = 1500;

export class Board {
  model = $state.raw<Dashboard>() as Dashboard;
  meta = $state.raw<DashboardMeta>({});
  origin = $state<Origin>("stored");
  notices = $state.raw<string[]>([]);
  states = $state.raw<VariableState[]>([]);
  faults = $state.raw<ReadonlyMap<string, string>>(new Map());
  range = $state.raw<TimeRange>() as TimeRange;
  url = $state.raw<DashboardUrl>(NO_URL);
  /** Whether variables are known, so that panels can be asked. */
  ready = $state(false);
  /** Counts refreshes: panels of a fixed range are asked again too. */
  ticks = $state(0);
  /** Panels that wait for their queries. */
  loading = $state(0);
  editing = $state(false);
  /** As it was loaded or saved, to see what changed. */
  saved = $state.raw<Dashboard>() as Dashboard;
  exemplars = $state(true);
  legends = $state(true);
  crosshairMode = $state<SharedTooltip>(0);
  events = $state.raw<AnnotationEvent[]>([]);
  annotationFaults = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** Counts cancellations: what a panel waits for is called off. */
  cancels = $state(0);
  /** What was shown before each edit, oldest first, and what was undone, next first. */
  past = $state.raw<readonly Dashboard[]>([]);
  future = $state.raw<readonly Dashboard[]>([]);
  #merged = { key: "", at: 0 };
  readonly bus = new CrosshairBus();
  #stop: AbortController | null = null;
  #stopEvents: AbortController | null = null;
  #variablesAt = 0;
  #undone: RefreshReason | null = null;

  readonly zone = $derived(this.url.timezone ?? (this.model?.timezone || session.data.timezone || "browser"));
  readonly refreshEvery = $derived(this.url.refresh ?? this.model?.refresh ?? "");
  readonly scope = $derived<Scope>(this.scopeOf(this.states));
  readonly changed = $derived(this.model !== this.saved);

  /** Shows a dashboard: takes the URL's state and begins to ask. */
  open(model: Dashboard, meta: DashboardMeta, origin: Origin, notices: string[] = []): void {
    this.model = model;
    this.saved = model;
    this.past = this.future = [];
    this.meta = meta;
    this.origin = origin;
    this.notices = notices;
    this.crosshairMode = model.graphTooltip;
    this.bus.mode = model.graphTooltip;
    this.url = this.#readUrl();
    this.range = this.#resolve();
    this.states = model.templating.list.map((variable) => initialState(variable, this.url.vars[variable.name]));
    void this.#variables({ kind: "load" });
  }

  /** Ends everything that is on its way. */
  close(): void {
    this.#stop?.abort();
    this.#stopEvents?.abort();
  }

  get sources(): DataSource[] {
    return session.data.datasources;
  }

  get base(): string {
    return basePath();
  }

  /** Whether the person may change it, be it only for a copy. */
  get mayEdit(): boolean {
    return this.model.editable !== false && (this.origin === "new" || (this.meta.canEdit ?? session.canEdit));
  }

  /** The scope that given states come to, for this time range. */
  scopeOf(states: readonly VariableState[]): Scope {
    const user = session.user;
    return dashboardScope(states, {
      dashboard: { uid: this.model?.uid ?? "", title: this.model?.title ?? "" },
      range: this.range,
      zone: this.zone,
      ...(user.login ? { user: { login: user.login, email: user.email, name: user.name } } : {}),
    });
  }

  /** Filters of adhoc variables, each with the data source that it is for. */
  readonly adhoc = $derived.by<AdhocFilters[]>(() =>
    this.states
      .filter((state) => state.variable.type === "adhoc" && state.filters.length > 0)
      .map((state) => ({ uid: resolveDatasource(state.variable.datasource, this.scope, this.sources).source?.uid ?? "", filters: state.filters })),
  );

  /** Takes over what the address bar says now. */
  followUrl(): void {
    const url = this.#readUrl();
    const before = this.url;
    if (JSON.stringify(before) === JSON.stringify(url)) return;
    this.url = url;
    const moved = before.range?.from !== url.range?.from || before.range?.to !== url.range?.to || before.timezone !== url.timezone;
    if (moved) this.range = this.#resolve();
    const names: string[] = [];
    const states = this.states.map((state) => {
      const { name } = state.variable;
      const values = url.vars[name];
      if (values === undefined || state.variable.type === "constant" || same(values, urlValues(state))) return state;
      names.push(name);
      if (state.variable.type === "adhoc") return initialState(state.variable, values);
      return choose(state, values[0] === "" && values.length === 1 && state.variable.multi ? [] : values);
    });
    if (names.length) this.states = states;
    if (names.length) void this.#variables({ kind: "changed", names });
    else if (moved) void this.#variables({ kind: "time" });
  }

  /** Asks everything again: by hand, or because the time has come. */
  refresh(byHand = true): void {
    if (byHand) recent.clear();
    this.range = this.#resolve();
    this.ticks++;
    if (byHand || Date.now() - this.#variablesAt > VARIABLES_EVERY_MS) void this.#variables({ kind: "time" }, !byHand);
    else void this.askEvents();
  }

  /** Calls off what is on its way. */
  cancel(): void {
    this.#stop?.abort();
    this.#undone = null;
    this.cancels++;
    this.ready = true;
  }

  setRange(raw: RawRange, replace = false): void {
    place.setQuery({ from: urlEnd(raw.from), to: urlEnd(raw.to), time: null, "time.window": null }, { replace });
  }

  setSpan(span: Span): void {
    if (!(span.to > span.from)) return;
    this.setRange(absolute({ from: Math.round(span.from), to: Math.round(span.to) }));
  }

  shift(direction: -1 | 1): void {
    this.setSpan(shiftSpan(this.range.span, direction, direction > 0 ? Date.now() : Infinity));
  }

  zoom(factor: number): void {
    const span = zoomSpan(this.range.span, factor);
    const now = Date.now();
    // A range that ends now is not zoomed into a future that has no data.
    if (span.to > now && this.range.span.to <= now + 1000) this.setSpan({ from: now - (span.to - span.from), to: now });
    else this.setSpan(span);
  }

  setZone(zone: string): void {
    place.setQuery({ timezone: zone });
  }

  setRefresh(value: string): void {
    place.setQuery({ refresh: value || (this.model.refresh ? "off" : null) }, { replace: true });
  }

  /** How long between refreshes, ms; null for none. */
  get refreshMs(): number | null {
    if (!this.refreshEvery) return null;
    if (this.refreshEvery === "auto") return Math.max(session.data.minRefreshMs, (this.range.span.to - this.range.span.from) / 500);
    const ms = parseDuration(this.refreshEvery);
    return ms === null || ms <= 0 ? null : Math.max(ms, session.data.minRefreshMs);
  }

  /** What a person chose of a variable. */
  setVariable(name: string, values: readonly string[]): void {
    const state = this.states.find((one) => one.variable.name === name);
    if (!state) return;
    this.#changed(choose(state, values));
  }

  setFilters(name: string, filters: readonly Filter[]): void {
    const state = this.states.find((one) => one.variable.name === name);
    if (state) this.#changed(chooseFilters(state, filters));
  }

  /** A filter that a panel asks for: goes into the first adhoc variable there is. */
  addFilter(key: string, operator: string, value: string): void {
    const state = this.states.find((one) => one.variable.type === "adhoc");
    if (!state) {
      toasts.show("This dashboard has no variable for filters: add one of type adhoc in its settings.", "warn");
      return;
    }
    const others = state.filters.filter((filter) => filter.key !== key || filter.operator !== operator || filter.value !== value);
    this.setFilters(state.variable.name, [...others, { key, operator, value }]);
  }

  #changed(next: VariableState): void {
    const { name } = next.variable;
    const values = urlValues(next);
    this.states = this.states.map((state) => (state.variable.name === name ? next : state));
    if (values !== null) {
      this.url = { ...this.url, vars: { ...this.url.vars, [name]: values } };
      place.setQuery({ [`var-${name}`]: values });
    }
    void this.#variables({ kind: "changed", names: [name] });
  }

  /** Takes over what a person changed; it can be undone. Edits of one `merge` that follow at once (a word that is typed) are one. */
  edit(model: Dashboard, merge = ""): void {
    if (model === this.model) return;
    const now = Date.now();
    if (!merge || merge !== this.#merged.key || now - this.#merged.at > MERGE_MS || this.future.length) this.past = [...this.past, this.model].slice(-MOST_UNDO);
    this.#merged = { key: merge, at: now };
    this.future = [];
    this.show(model);
  }

  /** Takes over another model, and leaves no step to undo. Variables that were changed begin anew. */
  show(model: Dashboard): void {
    const before = this.model;
    this.model = model;
    if (model.graphTooltip !== before.graphTooltip) this.setCrosshair(model.graphTooltip);
    if (model.templating.list !== before.templating.list) this.resetVariables();
    if (model.annotations !== before.annotations) void this.askEvents();
    if (model.time !== before.time || model.timezone !== before.timezone) this.range = this.#resolve();
  }

  /** Variables as the model has them now; choices stay where they still can. */
  resetVariables(): void {
    const old = new Map(this.states.map((state) => [state.variable.name, state]));
    this.states = this.model.templating.list.map((variable) => {
      const known = old.get(variable.name);
      if (known?.variable === variable) return known;
      return initialState(variable, this.url.vars[variable.name] ?? (known && known.variable.type === variable.type ? (urlValues(known) ?? undefined) : undefined));
    });
    void this.#variables({ kind: "load" });
  }

  setCrosshair(mode: SharedTooltip): void {
    this.crosshairMode = mode;
    this.bus.mode = mode;
  }

  /** The panel that the URL shows alone, or edits: its key or number as written. */
  showPanel(id: string | null): void {
    place.setQuery({ viewPanel: id, fullscreen: null, panelId: null });
  }

  editPanel(id: string | null): void {
    place.setQuery({ editPanel: id });
  }

  toggleAnnotation(name: string): void {
    const list = this.model.annotations.list.map((one) => (one.name === name ? { ...one, enable: one.enable === false } : one));
    // Not a change of the dashboard: it is shown, not saved.
    const clean = !this.changed;
    this.model = { ...this.model, annotations: { ...this.model.annotations, list } };
    if (clean) this.saved = this.model;
    void this.askEvents();
  }

  /** Asks for the events that are drawn over the panels. */
  async askEvents(): Promise<void> {
    this.#stopEvents?.abort();
    const stop = (this.#stopEvents = new AbortController());
    try {
      const list = this.model.annotations.list;
      if (!list.some((one) => one.enable !== false && (one.builtIn !== 1 || this.model.uid))) {
        this.events = [];
        return;
      }
      const found = await queryAnnotations(list, { range: this.range, scope: this.scope, sources: this.sources, dashboardUid: this.origin === "stored" ? this.model.uid : "", signal: stop.signal });
      this.events = found.events;
      this.annotationFaults = found.faults;
    } catch (error) {
      if (!isAbort(error)) toasts.failed("Annotations failed", error);
    }
  }

  async #variables(asked: RefreshReason, quiet = false): Promise<void> {
    // What was called off before it was done has to be done too.
    const reason = this.#undone ? both(this.#undone, asked) : asked;
    this.#undone = reason;
    this.#stop?.abort();
    const stop = (this.#stop = new AbortController());
    const nothing = this.states.every((state) => !["query", "datasource"].includes(state.variable.type));
    if (!quiet && !nothing && reason.kind !== "time") this.ready = false;
    this.#variablesAt = Date.now();
    try {
      const answer = await refreshVariables(this.states, reason, {
        span: this.range.span, sources: this.sources, scopeOf: (states) => this.scopeOf(states), signal: stop.signal,
      });
      if (stop.signal.aborted) return;
      this.#undone = null;
      // A refresh that changed nothing must not make every panel look again.
      if (answer.states.some((state, at) => !sameState(state, this.states[at]))) this.states = answer.states;
      this.faults = answer.faults;
      this.#writeVariables();
      this.ready = true;
      void this.askEvents();
    } catch (error) {
      if (isAbort(error) || stop.signal.aborted) return;
      this.#undone = null;
      toasts.failed("Variables failed", error);
      this.ready = true;
    }
  }

  /** The URL says every value, so that it can be sent to somebody. */
  #writeVariables(): void {
    const changes: Record<string, string[]> = {};
    for (const state of this.states) {
      const values = urlValues(state);
      if (values === null || (state.variable.type === "adhoc" && !values.length && !this.url.vars[state.variable.name])) continue;
      if (!same(values, this.url.vars[state.variable.name])) changes[`var-${state.variable.name}`] = values;
    }
    if (!Object.keys(changes).length) return;
    const vars = { ...this.url.vars };
    for (const [name, values] of Object.entries(changes)) vars[name.slice(4)] = values;
    this.url = { ...this.url, vars };
    place.setQuery(changes, { replace: true });
  }

  #readUrl(): DashboardUrl {
    const read = parseDashboardUrl(place.path.startsWith("/d") && /^\/d(-solo)?\//.test(place.path) ? place.path : "/d/new", place.search, this.model?.timezone || "browser");
    return read ?? NO_URL;
  }

  #resolve(): TimeRange {
    const raw = this.url.range ?? this.model.time;
    const delay = parseDuration(this.model.timepicker?.nowDelay ?? "") ?? 0;
    return rangeOrDefault(raw, {
      now: Date.now() - delay, zone: resolveZone(this.zone), fiscalYearStartMonth: this.model.fiscalYearStartMonth, weekStart: this.model.weekStart,
    });
  }

  get live(): boolean {
    return isLive(this.range.raw);
  }

  /** Panels of the model, those in rows too. */
  get panels(): Panel[] {
    return this.model.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  }
}

/** What has to be asked where two reasons come together. */
function both(a: RefreshReason, b: RefreshReason): RefreshReason {
  if (a.kind === "changed" && b.kind === "changed") return { kind: "changed", names: [...new Set([...a.names, ...b.names])] };
  return a.kind === b.kind ? a : { kind: "load" };
}

/** One end of a range as the URL has it: instants as epoch milliseconds, as Grafana writes them. */
function urlEnd(text: string): string {
  if (text.startsWith("now")) return text;
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : String(at);
}

function same(a: readonly string[] | null, b: readonly string[] | null | undefined): boolean {
  return a !== null && b !== null && b !== undefined && a.length === b.length && a.every((one, at) => one === b[at]);
}

function sameState(a: VariableState, b: VariableState | undefined): boolean {
  return (
    b !== undefined && a.variable === b.variable && same(a.values, b.values) && a.options.length === b.options.length && a.filters === b.filters &&
    a.options.every((option, at) => option.value === b.options[at]!.value && option.text === b.options[at]!.text)
  );
}
