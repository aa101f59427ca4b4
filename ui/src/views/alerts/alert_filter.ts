/** What of the Alertmanager's alerts is shown, as its URL says it: the same parameters as Alertmanager's own page. */

import { matcherText, matchersText, parseMatchers, type AlertMatcher } from "../../core/alerting/matchers.ts";

export interface AlertsFilter {
  /** As typed; it may be wrong. */
  text: string;
  matchers: AlertMatcher[];
  /** Why `text` is no list of matchers. */
  fault: string | null;
  active: boolean;
  silenced: boolean;
  inhibited: boolean;
  receiver: string;
}

const yes = (value: string | null, otherwise: boolean) => (value === null ? otherwise : value !== "false");

/** Reads `filter={…}` (may repeat; Grafana's `queryString` and `matcher` too), `active`, `silenced`, `inhibited`, `receiver`. */
export function readAlertsFilter(query: URLSearchParams): AlertsFilter {
  const texts = [...query.getAll("filter"), ...query.getAll("queryString"), ...query.getAll("matcher")];
  const text = texts.length === 1 ? texts[0]! : texts.map((one) => one.trim().replace(/^\{([\s\S]*)\}$/, "$1")).filter(Boolean).join(", ");
  let matchers: AlertMatcher[] = [];
  let fault: string | null = null;
  try {
    matchers = parseMatchers(text);
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error);
  }
  return {
    text, matchers, fault, active: yes(query.get("active"), true), silenced: yes(query.get("silenced"), false), inhibited: yes(query.get("inhibited"), false),
    receiver: query.get("receiver") ?? "",
  };
}

/** As the API takes it: each matcher apart, a receiver by its whole name. */
export function apiFilter(filter: AlertsFilter): { filter: string[]; active: boolean; silenced: boolean; inhibited: boolean; receiver?: string } {
  const { active, silenced, inhibited } = filter;
  return {
    filter: filter.matchers.map(matcherText), active, silenced, inhibited,
    ...(filter.receiver ? { receiver: filter.receiver.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") } : {}),
  };
}

/** The text with one more matcher; a label that is asked for already is asked for anew. */
export function withMatcher(matchers: readonly AlertMatcher[], name: string, value: string): string {
  return matchersText([...matchers.filter((one) => !(one.name === name && one.op === "=")), { name, op: "=", value }]);
}
