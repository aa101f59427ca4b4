/**
 * The last answer of each range query, so that a refresh asks for what is new alone: steps that are the same for both are
 * kept, the newest are asked again because late samples may have changed them.
 */

import type { Answer, PrometheusClient, QueryData, Sample } from "../api/prometheus.ts";
import type { QueryContext } from "./context.ts";
import { scheduler } from "./scheduler.ts";

interface RangeQuery {
  expr: string;
  stepMs: number;
  from: number;
  to: number;
}

interface Kept {
  query: RangeQuery;
  answer: Answer<QueryData>;
  points: number;
}

/** Samples up to this late may still arrive, ms. */
const LATE_MS = 10 * 60_000;
/** Below this a whole answer costs no more than a part. */
const WORTH_MS = 3 * LATE_MS;
/** All kept answers together: about 60 bytes each. */
const MOST_POINTS = 400_000;
/** What looks at the ends of the range, or at the clock in a way that is not its step's, can't be put together of parts. */
const WHOLE = /@\s*(start|end)\s*\(|\blimit_ratio\b/;

class Recent {
  readonly #kept = new Map<string, Kept>();
  #points = 0;

  /** The answer for the query's grid. Raises ApiError. */
  async queryRange(client: PrometheusClient, query: RangeQuery, context: Pick<QueryContext, "priority" | "signal">): Promise<Answer<QueryData>> {
    const key = `${client.base} ${query.stepMs} ${query.expr}`;
    const before = this.#kept.get(key);
    const part = before && !WHOLE.test(query.expr) ? missing(before.query, query) : null;
    const asked = part ?? query;
    const name = `${key} ${asked.from} ${asked.to}`;
    const answer = await scheduler.run(name, context.priority, (signal) => client.queryRange(query.expr, asked, { signal }), context.signal);
    const whole = part && before ? { ...answer, data: joined(before.answer.data, answer.data, query, part.from) } : answer;
    this.#keep(key, query, whole);
    return whole;
  }

  /** Forgets everything: a person who asks for a refresh by hand gets all of it anew. */
  clear(): void {
    this.#kept.clear();
    this.#points = 0;
  }

  #keep(key: string, query: RangeQuery, answer: Answer<QueryData>): void {
    const old = this.#kept.get(key);
    if (old) {
      this.#points -= old.points;
      this.#kept.delete(key);
    }
    if (query.to - query.from < WORTH_MS || answer.data.resultType !== "matrix" || answer.data.result.some((one) => one.histograms)) return;
    const points = answer.data.result.reduce((sum, one) => sum + (one.values?.length ?? 0), 0);
    this.#kept.set(key, { query, answer, points });
    this.#points += points;
    for (const [first, kept] of this.#kept) {
      if (this.#points <= MOST_POINTS) break;
      this.#kept.delete(first);
      this.#points -= kept.points;
    }
  }
}

export const recent = new Recent();

/** The part of `query` that `before` can't give; null where it can give nothing that is worth it. */
export function missing(before: RangeQuery, query: RangeQuery): RangeQuery | null {
  if (before.stepMs !== query.stepMs || (query.from - before.from) % query.stepMs !== 0) return null;
  if (query.from < before.from || query.from >= before.to || query.to < before.to || query.to - query.from < WORTH_MS) return null;
  const known = before.to - LATE_MS;
  const from = query.from + Math.floor((known - query.from) / query.stepMs) * query.stepMs;
  return from > query.from ? { ...query, from } : null;
}

/** `old` before `fromMs` and `fresh` from there on, within the query's range. */
export function joined(old: QueryData, fresh: QueryData, query: RangeQuery, fromMs: number): QueryData {
  if (old.resultType !== "matrix" || fresh.resultType !== "matrix") return fresh;
  const start = query.from / 1000;
  const cut = fromMs / 1000;
  const key = (sample: Sample) => Object.keys(sample.metric).sort().map((name) => `${name}\u0000${sample.metric[name]}`).join("\u0001");
  const newer = new Map(fresh.result.map((sample) => [key(sample), sample]));
  const result: Sample[] = [];
  for (const sample of old.result) {
    const name = key(sample);
    const more = newer.get(name);
    newer.delete(name);
    const all = sample.values ?? [];
    let lo = 0;
    while (lo < all.length && all[lo]![0] < start - 1e-6) lo++;
    let hi = all.length;
    while (hi > lo && all[hi - 1]![0] >= cut - 1e-6) hi--;
    const values = all.slice(lo, hi).concat(more?.values ?? []);
    if (values.length) result.push({ metric: sample.metric, values });
  }
  result.push(...newer.values());
  return { resultType: "matrix", result };
}
