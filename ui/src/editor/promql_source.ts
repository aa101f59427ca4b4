/** What completion of PromQL asks of our server, kept for some minutes. */

import type { PrometheusClient as Asked } from "@prometheus-io/codemirror-promql/dist/esm/client/prometheus";
import { type MetricMetadata, type PrometheusClient } from "../api/prometheus.ts";

type Matcher = Parameters<Asked["labelValues"]>[2] extends (infer M)[] | undefined ? M : never;

/** More names than this help nobody who types. */
const MOST_NAMES = 10_000;
const KEPT_MS = 5 * 60_000;
/** Completion looks at names of the last hours only: all of time is slow, and old names mislead. */
const LOOK_BACK_MS = 12 * 3_600_000;

/** Kept answers by their question; a question that failed is forgotten. */
export class Kept {
  #answers = new Map<string, { at: number; answer: Promise<unknown> }>();

  get<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known && Date.now() - known.at < KEPT_MS) return known.answer as Promise<T>;
    const answer = ask();
    this.#answers.set(key, { at: Date.now(), answer });
    answer.catch(() => this.#answers.delete(key));
    if (this.#answers.size > 300) this.#answers.delete(this.#answers.keys().next().value!);
    return answer;
  }
}

const keptOf = new Map<string, Kept>();

/** The kept answers of a data source: all editors of a page share them. */
export function keptFor(base: string): Kept {
  let kept = keptOf.get(base);
  if (!kept) keptOf.set(base, (kept = new Kept()));
  return kept;
}

/** A selector of a metric's name and matchers that have a value: what is being typed is left out. */
export function selectorOf(metric: string | undefined, matchers: readonly { name: string; type: string; value: string }[] = [], but = ""): string {
  const parts = matchers.filter(({ name, value }) => name !== but && name !== "__name__" && value !== "").map(({ name, type, value }) => `${labelName(name)}${type}${JSON.stringify(value)}`);
  if (metric) parts.unshift(`__name__=${JSON.stringify(metric)}`);
  return parts.length ? `{${parts.join(",")}}` : "";
}

function labelName(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

const OPERATORS: Record<string, string> = { EqlSingle: "=", Neq: "!=", EqlRegex: "=~", NeqRegex: "!~" };

/** Answers the questions of codemirror-promql. A question that fails gives nothing: completion must not be loud. */
export class PromqlSource implements Asked {
  #client: PrometheusClient;
  #kept: Kept;

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
    const known = (matchers ?? []).map((one) => {
      const { name, type, value } = one as unknown as { name: string; type: number | string; value: string };
      return { name, value, type: OPERATORS[String(type)] ?? (typeof type === "string" && /^[=!]/.test(type) ? type : "=") };
    });
    const selector = selectorOf(metric, known, label);
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

  metricNames(): Promise<string[]> {
    return this.labelValues("__name__");
  }

  flags(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }
}
