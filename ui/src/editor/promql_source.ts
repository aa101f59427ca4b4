/** What completion of PromQL asks of our server, kept for some minutes. */

import type { PrometheusClient as Asked } from "@prometheus-io/codemirror-promql/dist/esm/client/prometheus";
import { labelMatchersToString } from "@prometheus-io/codemirror-promql/dist/esm/parser/matcher.js";
import { type MetricMetadata, type PrometheusClient } from "../api/prometheus.ts";
import { type Kept, keptFor } from "./kept.ts";
import type { KnownMetrics } from "./promql_hints.ts";

type Matcher = Parameters<Asked["labelValues"]>[2] extends (infer M)[] | undefined ? M : never;

/** More names than this help nobody who types. */
const MOST_NAMES = 10_000;
/** Completion looks at names of the last hours only: all of time is slow, and old names mislead. */
const LOOK_BACK_MS = 12 * 3_600_000;

/** A selector of a metric's name; "" of none. */
function selectorOf(metric: string | undefined): string {
  return metric ? `{__name__=${JSON.stringify(metric)}}` : "";
}

/** Answers the questions of codemirror-promql. A question that fails gives nothing: completion must not be loud. */
export class PromqlSource implements Asked {
  #client: PrometheusClient;
  #kept: Kept;
  /** Whether the store has more names than were told. */
  cut = false;

  constructor(client: PrometheusClient) {
    this.#client = client;
    this.#kept = keptFor(client.base);
  }

  #span() {
    const to = Math.ceil(Date.now() / 60_000) * 60_000;
    return { from: to - LOOK_BACK_MS, to };
  }

  labelNames(metric?: string): Promise<string[]> {
    const selector = selectorOf(metric);
    return this.#kept.get(`names ${selector}`, () => this.#client.labels(selector ? [selector] : [], this.#span())).catch(() => []);
  }

  labelValues(label: string, metric?: string, matchers?: Matcher[]): Promise<string[]> {
    // What is being typed has no value yet, and a label's own matcher must not narrow its values.
    const selector = metric || matchers?.length ? labelMatchersToString(metric ?? "", matchers, label).replace(/^\{\}$/, "") : "";
    const ask = (by: string) => this.#client.labelValues(label, by ? [by] : [], this.#span(), undefined, MOST_NAMES);
    return this.#kept.get(`values ${label} ${selector}`, () => ask(selector).catch(() => ask(""))).catch(() => []);
  }

  metricMetadata(): Promise<Record<string, MetricMetadata[]>> {
    return this.#kept.get("metadata", () => this.#client.metadata()).catch(() => ({}));
  }

  series(metric: string): Promise<Map<string, string>[]> {
    const selector = selectorOf(metric);
    return this.#kept
      .get(`series ${selector}`, () => this.#client.series([selector || '{__name__!=""}'], this.#span(), undefined, 1000))
      .then((all) => all.map((labels) => new Map(Object.entries(labels))))
      .catch(() => []);
  }

  /** Where the store has more names than are asked for, those that have in them what is typed. */
  async metricNames(typed = ""): Promise<string[]> {
    const all = await this.labelValues("__name__");
    this.cut = all.length >= MOST_NAMES;
    const wanted = typed.replace(/\W/g, "");
    if (!this.cut || wanted.length < 2) return all;
    const selector = `{__name__=~"(?i).*${wanted}.*"}`;
    return this.#kept.get(`names like ${wanted}`, () => this.#client.labelValues("__name__", [selector], this.#span(), undefined, 500)).catch(() => all);
  }

  /** What the store says of its metrics. */
  async known(): Promise<KnownMetrics> {
    const [names, metadata] = await Promise.all([this.metricNames(), this.metricMetadata()]);
    return {
      names: this.cut || !names.length ? null : new Set(names),
      typeOf: (name) => (metadata[name] ?? metadata[name.replace(/_(?:bucket|sum|count)$/, "")])?.[0]?.type.replace(/^unknown$/, "") ?? "",
    };
  }

  flags(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }
}
