import { describe, expect, it } from "vitest";
import { fromJson, matchersOf, matchersText, matches, matchesAll, MatcherSyntaxError, parseMatchers, toJson } from "../../../src/core/alerting/matchers.ts";

describe("matchers", () => {
  it("reads what people write", () => {
    expect(parseMatchers('{alertname="Down", job=~"api|web",x!="a\\"b"}')).toEqual([
      { name: "alertname", op: "=", value: "Down" }, { name: "job", op: "=~", value: "api|web" }, { name: "x", op: "!=", value: 'a"b' },
    ]);
    expect(parseMatchers("severity=critical team!~.*ops")).toEqual([
      { name: "severity", op: "=", value: "critical" }, { name: "team", op: "!~", value: ".*ops" },
    ]);
    expect(parseMatchers('"with space"="x"')).toEqual([{ name: "with space", op: "=", value: "x" }]);
    expect(parseMatchers("{}")).toEqual([]);
    expect(parseMatchers("")).toEqual([]);
  });

  it("says where a text is wrong", () => {
    for (const [text, at] of [["{a=", 3], ["job", 3], ['a=~"("', 6], ["={}", 0]] as const) {
      let thrown: unknown;
      try {
        parseMatchers(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, text).toBeInstanceOf(MatcherSyntaxError);
      expect((thrown as MatcherSyntaxError).at, text).toBe(at);
    }
  });

  it("writes what it reads", () => {
    const text = '{a="b\\n", "x y"!="1"}';
    expect(matchersText(parseMatchers(text))).toBe(text);
    expect(matchersText([])).toBe("");
  });

  it("matches whole values, and absent labels as empty", () => {
    const labels = { job: "api", severity: "Critical" };
    expect(matches({ name: "job", op: "=~", value: "ap" }, labels)).toBe(false);
    expect(matches({ name: "job", op: "=~", value: "a.*" }, labels)).toBe(true);
    expect(matches({ name: "severity", op: "=~", value: "(?i)critical" }, labels)).toBe(true);
    expect(matches({ name: "none", op: "=", value: "" }, labels)).toBe(true);
    expect(matchesAll(matchersOf(labels), labels)).toBe(true);
    expect(matchesAll(matchersOf(labels), { ...labels, job: "web" })).toBe(false);
  });

  it("goes to the API's form and back", () => {
    for (const op of ["=", "!=", "=~", "!~"] as const) expect(fromJson(toJson({ name: "a", op, value: "b" }))).toEqual({ name: "a", op, value: "b" });
    expect(fromJson({ name: "a", value: "b", isRegex: true })).toEqual({ name: "a", op: "=~", value: "b" });
  });
});
