/** Rule groups as `/api/v1/rules` tells of them, of Prometheus and of the log store, by what the person looks for. */

import { hasWords, labelWords } from "../targets/target_list.ts";

export type AlertStateName = "firing" | "pending" | "inactive" | "unknown";

export interface RuleAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: "firing" | "pending" | "inactive";
  activeAt: string;
  value: string;
}

export interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  health: "ok" | "err" | "unknown";
  lastError?: string;
  /** Seconds. */
  evaluationTime: number;
  lastEvaluation: string;
  labels?: Record<string, string>;
  state?: AlertStateName;
  /** Seconds. */
  duration?: number;
  keepFiringFor?: number;
  annotations?: Record<string, string>;
  alerts?: RuleAlert[];
}

export interface RuleGroup {
  name: string;
  file: string;
  /** Seconds. */
  interval: number;
  limit?: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: Rule[];
}

export interface RulesFilter {
  text: string;
  kind: "" | "alerting" | "recording";
  /** States of alerting rules, and `err` for rules of either kind that fail; of none all are shown. */
  states: readonly string[];
}

/** Whether a rule fits. */
export function ruleFits(rule: Rule, group: RuleGroup, filter: RulesFilter): boolean {
  if (filter.kind && rule.type !== filter.kind) return false;
  if (filter.states.length && !filter.states.includes(rule.health === "err" && filter.states.includes("err") ? "err" : (rule.state ?? "none"))) return false;
  return hasWords(filter.text, [rule.name, rule.query, group.name, group.file, ...labelWords(rule.labels ?? {}), ...Object.values(rule.annotations ?? {})]);
}

/** Groups with those of their rules that fit; groups that have none left are left out. */
export function groupsThatFit(groups: readonly RuleGroup[], filter: RulesFilter): RuleGroup[] {
  return groups.flatMap((group) => {
    const rules = group.rules.filter((rule) => ruleFits(rule, group, filter));
    return rules.length ? [{ ...group, rules }] : [];
  });
}

/** How many rules there are of each state, and how many fail. */
export function ruleCounts(groups: readonly RuleGroup[]): Record<"firing" | "pending" | "inactive" | "recording" | "err", number> {
  const counts = { firing: 0, pending: 0, inactive: 0, recording: 0, err: 0 };
  for (const { rules } of groups) {
    for (const rule of rules) {
      if (rule.health === "err") counts.err++;
      if (rule.type === "recording") counts.recording++;
      else if (rule.state === "firing" || rule.state === "pending" || rule.state === "inactive") counts[rule.state]++;
    }
  }
  return counts;
}

/** One alert of a rule, with the rule. */
export interface AlertOfRule {
  alert: RuleAlert;
  rule: Rule;
  group: RuleGroup;
}

/** All alerts of all rules: those that fire first, the newest of each first. */
export function alertsOf(groups: readonly RuleGroup[]): AlertOfRule[] {
  const all = groups.flatMap((group) => group.rules.flatMap((rule) => (rule.alerts ?? []).map((alert) => ({ alert, rule, group }))));
  const order = { firing: 0, pending: 1, inactive: 2 };
  return all.sort((a, b) => order[a.alert.state] - order[b.alert.state] || Date.parse(b.alert.activeAt) - Date.parse(a.alert.activeAt));
}
