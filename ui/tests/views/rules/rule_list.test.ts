import { describe, expect, it } from "vitest";
import { alertsOf, groupsThatFit, type Rule, ruleCounts, type RuleAlert, type RuleGroup } from "../../../src/views/rules/rule_list.ts";

const rule = (name: string, more: Partial<Rule> = {}): Rule => ({ type: "alerting", name, query: `${name} > 0`, health: "ok", evaluationTime: 0, lastEvaluation: "", state: "inactive", ...more });
const alert = (state: RuleAlert["state"], activeAt: string): RuleAlert => ({ labels: { alertname: "x" }, annotations: {}, state, activeAt, value: "1" });
const group: RuleGroup = {
  name: "g", file: "/etc/a.yml", interval: 30, evaluationTime: 0, lastEvaluation: "",
  rules: [
    rule("Down", { state: "firing", labels: { severity: "critical" }, alerts: [alert("pending", "2026-01-02T00:00:00Z"), alert("firing", "2026-01-01T00:00:00Z"), alert("firing", "2026-01-03T00:00:00Z")] }),
    rule("Slow"), rule("job:up", { type: "recording", health: "err" }),
  ],
};
delete group.rules[2]!.state;

describe("rules", () => {
  const names = (filter: Partial<Parameters<typeof groupsThatFit>[1]>) =>
    groupsThatFit([group], { text: "", kind: "", states: [], ...filter }).flatMap(({ rules }) => rules.map(({ name }) => name));

  it("are found by words, kind, state and failure", () => {
    expect(names({})).toEqual(["Down", "Slow", "job:up"]);
    expect(names({ text: "severity=critical" })).toEqual(["Down"]);
    expect(names({ text: "A.YML slow > 0" })).toEqual(["Slow"]);
    expect(names({ kind: "recording" })).toEqual(["job:up"]);
    expect(names({ states: ["inactive"] })).toEqual(["Slow"]);
    expect(names({ states: ["firing", "err"] })).toEqual(["Down", "job:up"]);
    expect(groupsThatFit([group], { text: "none", kind: "", states: [] })).toEqual([]);
  });

  it("are counted", () => expect(ruleCounts([group])).toEqual({ firing: 1, pending: 0, inactive: 1, recording: 1, err: 1 }));

  it("give their alerts, firing first, the newest first", () => {
    expect(alertsOf([group]).map(({ alert: { state, activeAt } }) => `${state} ${activeAt.slice(8, 10)}`)).toEqual(["firing 03", "firing 01", "pending 02"]);
  });
});
