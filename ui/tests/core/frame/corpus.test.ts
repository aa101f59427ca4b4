import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { FieldConfigSource } from "../../../src/core/frame/config.ts";
import { displayProcessor, displayText } from "../../../src/core/frame/display_processor.ts";
import { frame, type Frame } from "../../../src/core/frame/frame.ts";
import { framesOfPrometheus } from "../../../src/core/frame/from_prometheus.ts";
import { applyFieldConfig } from "../../../src/core/frame/overrides.ts";
import { COLOR_MODES } from "../../../src/core/frame/color_modes.ts";
import { chartData } from "../../../src/core/frame/series.ts";
import { standardConfig } from "../../../src/core/frame/standard_config.ts";
import { type Step, transform, TRANSFORMATIONS } from "../../../src/core/frame/transform.ts";
import { UNIT_CHOICES } from "../../../src/core/frame/unit_list.ts";
import { isKnownUnit } from "../../../src/core/frame/units.ts";
import { corpusDashboards } from "../golden.ts";

interface AnyPanel {
  type: string;
  panels?: AnyPanel[];
  fieldConfig?: FieldConfigSource;
  transformations?: Step[];
  targets?: { refId?: string; format?: string; legendFormat?: string; expr?: string }[];
}

const dashboards = corpusDashboards();

function panelsOf(dashboard: { panels?: AnyPanel[]; rows?: { panels?: AnyPanel[] }[] }): AnyPanel[] {
  const top = [...(dashboard.panels ?? []), ...(dashboard.rows ?? []).flatMap((row) => row.panels ?? [])];
  return top.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** An answer of every query, as small as one can be. */
function framesFor({ targets = [] }: AnyPanel): Frame[] {
  return targets.flatMap(({ refId = "A", format, legendFormat, expr = "" }) =>
    framesOfPrometheus(
      { resultType: "matrix", result: ["a", "b"].map((pod, i) => ({ metric: { pod, namespace: "n", le: String(i) }, values: [[1, "1"], [2, "2000"]] })) },
      { refId, expr, ...(format && { format }), ...(legendFormat && { legendFormat }), severalTables: targets.length > 1 },
    ),
  );
}

test.runIf(dashboards.length)("panels of dashboards that people run: field config and transformations", () => {
  const unknown = new Set<string>();
  let texts = 0;
  for (const [name, text] of dashboards) {
    for (const panel of panelsOf(JSON.parse(text))) {
      for (const { id } of panel.transformations ?? []) if (!Object.hasOwn(TRANSFORMATIONS, id)) unknown.add(`${name}: transformation ${id}`);
      const shown = applyFieldConfig(transform(framesFor(panel), panel.transformations, (raw) => raw), panel.fieldConfig, (raw) => raw, standardConfig(panel.type));
      chartData(shown);
      for (const { fields, meta } of shown) {
        for (const notice of meta?.notices ?? []) unknown.add(`${name}: ${notice.text}`);
        for (const field of fields) {
          const { unit, color } = field.config;
          if (unit && !isKnownUnit(unit) && !/^(rds|(req|read|write|io)\/s)$/.test(unit)) unknown.add(`${name}: unit ${unit}`);
          if (color && !COLOR_MODES.some(([mode]) => mode === color.mode)) unknown.add(`${name}: colour mode ${color.mode}`);
          const display = displayProcessor(field, "dark", "utc");
          for (const value of field.values) {
            const got = display(value);
            expect(displayText(got)).not.toMatch(/undefined|\[object/);
            expect(got.color).toBeTruthy();
            texts++;
          }
        }
      }
    }
  }
  expect([...unknown]).toEqual([]);
  expect(texts).toBeGreaterThan(10_000);
});

test("every unit of the picker is known", () => {
  const ids = UNIT_CHOICES.flatMap(({ units }) => units.map(({ id }) => id));
  expect(ids.filter((id) => !isKnownUnit(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

const path = new URL("../../../../../shared/corpus/golden/units.tsv", import.meta.url);
const units = existsSync(path) ? readFileSync(path, "utf8") : null;

test.runIf(units)("the picker's units are those of units.tsv", () => {
  const rows = units!.trim().split("\n").slice(1);
  expect(UNIT_CHOICES.flatMap(({ category, units: own }) => own.map(({ id, name }) => [id, name, category].join("\t")))).toEqual(rows);
});

test("a frame of nothing is shown as nothing", () => {
  expect(applyFieldConfig([frame([])], undefined, (text) => text)).toEqual([{ fields: [], length: 0 }]);
});
