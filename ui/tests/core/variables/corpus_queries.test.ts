import { parser as logql } from "@grafana/lezer-logql";
import { parser as promql } from "@prometheus-io/lezer-promql";
import { describe, expect, test } from "vitest";
import { allPanels } from "../../../src/core/model/ids.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { addFilters } from "../../../src/core/variables/adhoc.ts";
import { dashboardScope, queryScope } from "../../../src/core/variables/builtin.ts";
import { interpolate, references } from "../../../src/core/variables/interpolate.ts";
import { optionsCall, parseVariableQuery, queryText } from "../../../src/core/variables/query_forms.ts";
import { initialState, withOptions } from "../../../src/core/variables/state.ts";
import { corpusDashboards } from "../golden.ts";

const files = corpusDashboards();
const range = { raw: { from: "now-1h", to: "now" }, span: { from: 1_700_000_000_000, to: 1_700_003_600_000 } };

function sound(expr: string, language: "promql" | "logql"): boolean {
  let ok = true;
  (language === "promql" ? promql : logql).parse(expr).iterate({ enter: (node) => void (ok = ok && !node.type.isError) });
  return ok;
}

/** Every query of a file that is one of ours, its variables put in. */
function queries(json: string): { expr: string; text: string; language: "promql" | "logql" }[] {
  const { dashboard } = load(JSON.parse(json));
  const states = dashboard.templating.list.map((variable) => withOptions(initialState(variable), [{ text: "a.b", value: "a.b" }, { text: 'c"d\\e', value: 'c"d\\e' }]));
  const scope = queryScope(dashboardScope(states, { dashboard, range, zone: "utc" }), { intervalMs: 15_000, scrapeMs: 15_000, range });
  return allPanels(dashboard.panels).flatMap((panel) => panel.targets.flatMap((target) => {
    const ref = target.datasource ?? panel.datasource;
    const query = dashboard.templating.list.find(({ name }) => ref?.uid?.replace(/[${}]/g, "") === name)?.query;
    const type = ref?.type ?? (typeof query === "string" ? query : "");
    if (!target.expr || /logs|infinity|expr/.test(type)) return [];
    const language = type === "loki" || panel.type === "logs" ? "logql" : "promql";
    return [{ expr: target.expr, text: interpolate(target.expr, scope, language), language }];
  }));
}

describe.skipIf(!files.length)("queries of dashboards people run (skipped where ../shared/corpus/dashboards is not there)", () => {
  test("are sound with their variables in, and with filters in every selector", () => {
    let count = 0;
    const broken: string[] = [];
    const filters = [{ key: "env", operator: "=", value: 'p"q' }];
    for (const [name, json] of files) {
      for (const { expr, text, language } of queries(json)) {
        count++;
        // MetricsQL is more than the grammar knows.
        if (!sound(text, language)) {
          if (!/^(vm|vl)/.test(name)) broken.push(`${name}: ${expr} -> ${text}`);
          continue;
        }
        const filtered = addFilters(text, filters, language);
        if (!sound(filtered, language)) broken.push(`${name}: with filters: ${filtered}`);
        if (/[{]/.test(text.replace(/"[^"]*"/g, "")) && !filtered.includes('env="p\\"q"')) broken.push(`${name}: without filters: ${filtered}`);
      }
    }
    expect(broken).toEqual([]);
    expect(count).toBeGreaterThan(files.length === 50 ? 1500 : 0);
  });

  test("of variables are calls, and nothing known stays in them", () => {
    const forms: Record<string, number> = {};
    for (const [name, json] of files) {
      const { dashboard } = load(JSON.parse(json));
      const states = dashboard.templating.list.map((variable) => withOptions(initialState(variable), [{ text: "a", value: "a" }]));
      const scope = dashboardScope(states, { dashboard, range, zone: "utc" });
      for (const variable of dashboard.templating.list) {
        if (variable.type !== "query" || /victorialogs|logs-datasource/.test(JSON.stringify(variable.datasource ?? ""))) continue;
        const text = interpolate(queryText(variable.query), scope, "promql");
        const left = references(text).filter((reference) => dashboard.templating.list.some((other) => other.name === reference.name));
        expect([name, variable.name, left]).toEqual([name, variable.name, []]);
        const form = parseVariableQuery(text);
        forms[form.kind] = (forms[form.kind] ?? 0) + 1;
        expect(optionsCall(form, "prometheus", range.span)).not.toBeNull();
      }
    }
    expect(Object.keys(forms)).toContain("label_values");
  });
});
