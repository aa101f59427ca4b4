/** Which alerts an alert list shows, and in which order. Pure. */

import { compareValues } from "../../charts/compare.ts";
import type { AlertRow } from "../services.ts";

export interface AlertListOptions {
  groupMode?: unknown;
  groupBy?: unknown;
  maxItems?: unknown;
  sortOrder?: unknown;
  alertName?: unknown;
  alertInstanceLabelFilter?: unknown;
  stateFilter?: unknown;
  viewMode?: unknown;
  folder?: unknown;
}

/** Alerts shown at most where the panel says nothing. */
export const MOST_ALERTS = 200;

const RANK: Record<AlertRow["state"], number> = { firing: 0, error: 1, nodata: 2, pending: 3, normal: 4 };
const STATE_KEY: Record<AlertRow["state"], string> = { firing: "firing", pending: "pending", nodata: "noData", normal: "normal", error: "error" };

interface Matcher {
  label: string;
  passes: (value: string) => boolean;
}

/** The matchers of `{a="b", c=~"d.*"}`; none of what can't be read. */
export function labelMatchers(text: string): Matcher[] {
  const matchers: Matcher[] = [];
  for (const match of text.matchAll(/([a-zA-Z_][\w.]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)) {
    const [, label = "", operator = "=", quoted = ""] = match;
    const wanted = quoted.replace(/\\(.)/g, "$1");
    if (operator === "=" || operator === "!=") {
      matchers.push({ label, passes: (value) => (value === wanted) === (operator === "=") });
      continue;
    }
    let regex: RegExp;
    try {
      regex = new RegExp(`^(?:${wanted})$`);
    } catch {
      continue;
    }
    matchers.push({ label, passes: (value) => regex.test(value) === (operator === "=~") });
  }
  return matchers;
}

/** The alerts that pass the panel's filters, ordered, at most as many as it wants, and how many more there are. */
export function shownAlerts(alerts: readonly AlertRow[], options: AlertListOptions, interpolate: (text: string) => string): { rows: AlertRow[]; left: number } {
  const states = options.stateFilter && typeof options.stateFilter === "object" ? (options.stateFilter as Record<string, unknown>) : null;
  const any = states !== null && Object.values(states).some((each) => each === true);
  const name = typeof options.alertName === "string" ? interpolate(options.alertName).toLowerCase() : "";
  const matchers = typeof options.alertInstanceLabelFilter === "string" ? labelMatchers(interpolate(options.alertInstanceLabelFilter)) : [];
  const rows = alerts.filter((alert) => {
    if (any ? states![STATE_KEY[alert.state]] !== true : alert.state === "normal") return false;
    if (name && !alert.name.toLowerCase().includes(name)) return false;
    return matchers.every(({ label, passes }) => passes(alert.labels[label] ?? (label === "alertname" ? alert.name : "")));
  });
  const byName = (a: AlertRow, b: AlertRow) => compareValues(a.name, b.name, false);
  switch (Number(options.sortOrder ?? 1)) {
    case 2:
      rows.sort((a, b) => byName(b, a));
      break;
    case 3:
      rows.sort((a, b) => RANK[a.state] - RANK[b.state] || byName(a, b));
      break;
    case 4:
      rows.sort((a, b) => (a.since ?? 0) - (b.since ?? 0));
      break;
    case 5:
      rows.sort((a, b) => (b.since ?? 0) - (a.since ?? 0));
      break;
    default:
      rows.sort(byName);
  }
  const most = typeof options.maxItems === "number" && options.maxItems > 0 ? Math.min(options.maxItems, MOST_ALERTS) : MOST_ALERTS;
  return { rows: rows.slice(0, most), left: Math.max(0, rows.length - most) };
}

/** Alerts of one rule, or with the same values of the labels that are grouped by, together; in order of the first of each. */
export function groupAlerts(rows: readonly AlertRow[], groupBy: unknown): { title: string; rows: AlertRow[] }[] {
  const by = Array.isArray(groupBy) ? groupBy.filter((each): each is string => typeof each === "string") : [];
  const groups = new Map<string, AlertRow[]>();
  for (const row of rows) {
    const title = by.length ? by.map((label) => `${label}=${row.labels[label] ?? ""}`).join(", ") : row.name;
    const own = groups.get(title);
    if (own) own.push(row);
    else groups.set(title, [row]);
  }
  return [...groups].map(([title, own]) => ({ title, rows: own }));
}
