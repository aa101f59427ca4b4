/** What an alert was over time: spans of pending and firing, from the `ALERTS` series of the rules. */

import type { Sample } from "../../api/prometheus.ts";

export type AlertState = "firing" | "pending";

export interface StateSpan {
  state: AlertState;
  /** Ms; `to` is where the next begins or the last sample's step ends. */
  from: number;
  to: number;
}

/** The selector of an alert's own history; labels that only notifications have (`dropped`) are left out. */
export function alertsSelector(labels: Readonly<Record<string, string>>, dropped: readonly string[] = []): string {
  const parts = Object.entries(labels).filter(([name]) => !dropped.includes(name) && /^[a-zA-Z_]\w*$/.test(name));
  return `ALERTS{${parts.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}}`;
}

/** Spans in the order of time, of the samples of `ALERTS`; where both states are told of one time, firing counts. */
export function stateSpans(samples: readonly Sample[], stepMs: number): StateSpan[] {
  const states = new Map<number, AlertState>();
  for (const { metric, values } of samples) {
    const state = metric.alertstate === "firing" ? "firing" : "pending";
    for (const [seconds] of values ?? []) {
      const at = Math.round(seconds * 1000);
      if (states.get(at) !== "firing") states.set(at, state);
    }
  }
  const spans: StateSpan[] = [];
  for (const [at, state] of [...states].sort(([a], [b]) => a - b)) {
    const last = spans.at(-1);
    if (last && at - last.to <= stepMs * 0.5) {
      last.to = at;
      if (last.state === state) {
        last.to = at + stepMs;
        continue;
      }
    }
    spans.push({ state, from: at, to: at + stepMs });
  }
  return spans;
}

/** "firing 2 times, 35m in all" for people who can't see the drawing. */
export function spansText(spans: readonly StateSpan[], write: (ms: number) => string): string {
  const firing = spans.filter((span) => span.state === "firing");
  if (!firing.length) return spans.length ? "pending, never firing" : "never pending or firing";
  const total = firing.reduce((sum, span) => sum + span.to - span.from, 0);
  return `firing ${firing.length === 1 ? "once" : `${firing.length} times`}, ${write(total)} in all`;
}
