import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const FOLDER = new URL("../../../../shared/corpus/golden", import.meta.url).pathname;
const here = existsSync(FOLDER);

/** Every part of every file that the tests read whole, and which test that is; notes and columns are no cases. */
const READ: Record<string, { parts: string[]; by: string }> = {
  "colors.json": { parts: ["dark", "light", "classicPalette", "classicPaletteDarkHex", "fieldColorModes", "text"], by: "frame/golden" },
  "datemath.json": { parts: ["rows", "now", "weekStart"], by: "time/golden" },
  "display.json": { parts: ["rows"], by: "frame/golden" },
  "duration.json": { parts: ["rows"], by: "time/golden" },
  "interval.json": { parts: ["rows"], by: "time/golden" },
  "mappings-thresholds.json": { parts: ["rows"], by: "frame/golden" },
  "range-names.json": { parts: ["rows"], by: "time/golden" },
  "reducers.json": { parts: ["ids", "inputs", "results"], by: "frame/golden" },
  "transformations.json": { parts: ["cases"], by: "frame/golden" },
  "unit-format.json": { parts: ["rows"], by: "frame/golden" },
  "units.tsv": { parts: [], by: "frame/corpus" },
};

test.runIf(here)("every golden file, and every part of it, is read by a test", () => {
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(READ));
  for (const [name, { parts, by }] of Object.entries(READ)) {
    const reader = readFileSync(new URL(`${by}.test.ts`, import.meta.url), "utf8");
    expect([name, reader.includes(name)]).toEqual([name, true]);
    if (!name.endsWith(".json")) continue;
    const keys = Object.keys(JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as object).filter((key) => !/^(note\d*|columns)$/.test(key));
    expect([name, keys.sort()]).toEqual([name, [...parts].sort()]);
  }
});

test.skipIf(here)("the golden files are not beside the checkout", () => {
  expect(here).toBe(false);
});
