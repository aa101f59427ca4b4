import { describe, expect, it } from "vitest";
import { groupLabels, idsAbove, readAlertingConfig, takenRoutes } from "../../../src/core/alerting/routes.ts";
import { parseYaml, YamlError } from "../../../src/core/alerting/yaml.ts";

const CONFIG = `
global:
  resolve_timeout: 5m
route:
  receiver: none
  group_by: [alertname, "job"]
  routes:
  - receiver: pager
    matchers:
    - severity="critical"
    continue: true
  - match_re:
      team: db.*
    repeat_interval: 1h
    routes:
      - matchers: ['alertname=~"Slow|Late"', env!=dev]
        receiver: db-slow   # by hand
        group_by: ['...']
  - receiver: "rest"
    matchers: [ { x: y } ]
receivers:
- name: none
- name: pager
  webhook_configs:
  - url: http://127.0.0.1:1/<secret>
    max_alerts: 0
  - url: http://two/
  email_configs: [{to: "a@b", send_resolved: true}]
templates: []
`;

describe("yaml", () => {
  it("reads blocks, flows, quotes and texts", () => {
    expect(parseYaml("a: 1\nb:\n- x\n- y: 'it''s'\n  z: [1, {k: v, w: \"q,r\"}]\nc: |\n  one\n    two\n\nd: >-\n  f\n  g\ne: 10m # no\nf: 'a # b'\ng:\n")).toEqual({
      a: 1, b: ["x", { y: "it's", z: [1, { k: "v", w: "q,r" }] }], c: "one\n  two\n", d: "f g", e: "10m", f: "a # b", g: null,
    });
    expect(parseYaml("")).toBe(null);
    expect(parseYaml("---\n- - 1\n  - 2\n- {}\n- []\n")).toEqual([[1, 2], {}, []]);
    expect(parseYaml('a: "x\\ny"\nhttp://x: http://y:1/z\n')).toEqual({ a: "x\ny", "http://x": "http://y:1/z" });
    expect(parseYaml("a: [1,\n  2]\nb: {x: 1,\n y: 2}\n")).toEqual({ a: [1, 2], b: { x: 1, y: 2 } });
  });

  it("names the line of what it can't read", () => {
    for (const [text, line] of [["a: 1\n  b: 2\n", 2], ["a: [1\n", 1], ["x: *ref\n", 1], ["a:\n\tb: 1\n", 2]] as const) {
      let thrown: unknown;
      try {
        parseYaml(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, text).toBeInstanceOf(YamlError);
      expect((thrown as YamlError).line, text).toBe(line);
    }
  });

  it("keeps names that objects have of their own apart", () => {
    const read = parseYaml("__proto__: 1\nconstructor: 2\n") as Record<string, unknown>;
    expect(Object.entries(read)).toEqual([["__proto__", 1], ["constructor", 2]]);
  });
});

describe("routes", () => {
  it("reads routes that inherit, and receivers", () => {
    const { root, receivers } = readAlertingConfig(CONFIG.replace("    matchers: [ { x: y } ]\n", ""));
    expect(root?.groupBy).toEqual(["alertname", "job"]);
    const [pager, db] = root!.children;
    expect(pager).toMatchObject({ receiver: "pager", continues: true, groupWait: "30s", repeatInterval: "4h" });
    expect(db).toMatchObject({ receiver: "none", repeatInterval: "1h", matchers: [{ name: "team", op: "=~", value: "db.*" }] });
    expect(db!.children[0]).toMatchObject({ id: "0/1/0", receiver: "db-slow", repeatInterval: "1h", groupBy: ["..."] });
    expect(receivers).toEqual([{ name: "none", kinds: [] }, { name: "pager", kinds: ["webhook", "webhook", "email"] }]);
  });

  it("finds the routes of an alert", () => {
    const { root } = readAlertingConfig(CONFIG.replace("    matchers: [ { x: y } ]\n", ""));
    const taken = (labels: Record<string, string>) => takenRoutes(root!, labels).map((route) => route.receiver);
    expect(taken({ severity: "critical", team: "db1", alertname: "Slow" })).toEqual(["pager", "db-slow"]);
    expect(taken({ severity: "critical" })).toEqual(["pager", "rest"]);
    expect(taken({ team: "db1", alertname: "Slow", env: "dev" })).toEqual(["none"]);
    expect(taken({})).toEqual(["rest"]);
    expect(idsAbove("0/1/0")).toEqual(["0", "0/1", "0/1/0"]);
    expect(groupLabels(root!, { alertname: "A", other: "b" })).toEqual({ alertname: "A" });
    expect(groupLabels(root!.children[1]!.children[0]!, { alertname: "A", other: "b" })).toEqual({ alertname: "A", other: "b" });
  });

  it("is empty for a configuration without routes", () => {
    expect(readAlertingConfig("global: {}\n")).toEqual({ root: null, receivers: [] });
  });
});
