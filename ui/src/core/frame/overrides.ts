/** A panel's field config put on its columns: defaults, then overrides in their order. */

import type { ColorMode, FieldConfig, FieldConfigSource, Override, Thresholds } from "./config.ts";
import { setDisplayNames } from "./display_name.ts";
import { fieldText } from "./field_text.ts";
import type { Field, Frame } from "./frame.ts";
import { type FieldMatcher, fieldMatcher } from "./matchers.ts";
import { rangeOf } from "./series_color.ts";

/** Variables put into a text. */
export type Interpolate = (text: string) => string;

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function colorOf(value: unknown): ColorMode | undefined {
  if (typeof value === "string") return { mode: "fixed", fixedColor: value };
  return isPlain(value) && typeof value.mode === "string" ? (value as unknown as ColorMode) : undefined;
}

function thresholdsOf(value: unknown): Thresholds | undefined {
  if (!isPlain(value) || !Array.isArray(value.steps)) return undefined;
  const steps = value.steps.filter(isPlain).map((step) => ({ value: numberOf(step.value) ?? null, color: String(step.color ?? "") }));
  return { mode: value.mode === "percentage" ? "percentage" : "absolute", steps };
}

/**
 * What the JSON holds as the config has it: numbers of texts that editors left, `{mode, fixedColor}` of a bare colour. Files are
 * written by anybody, so what has another shape is left out: undefined.
 */
function propertyValue(id: string, value: unknown): unknown {
  switch (id) {
    case "decimals":
    case "min":
    case "max":
      return numberOf(value);
    case "color":
      return colorOf(value);
    case "thresholds":
      return thresholdsOf(value);
    case "mappings":
      return Array.isArray(value) ? value.filter((mapping) => isPlain(mapping) && isPlain(mapping.options)) : undefined;
    case "links":
      return Array.isArray(value) ? value.filter(isPlain) : undefined;
    case "custom":
      return isPlain(value) ? value : undefined;
    case "unit":
    case "displayName":
    case "displayNameFromDS":
    case "description":
    case "noValue":
      return value === null || value === undefined ? undefined : String(value);
    default:
      return value;
  }
}

/** Sets the value at a path such as `custom.hideFrom.viz`, with copies of what lies on the way. */
function setProperty(config: Record<string, unknown>, id: string, value: unknown): void {
  const path = id.split(".");
  // A dashboard must not reach what all objects have.
  if (path.some((step) => step === "__proto__" || step === "constructor" || step === "prototype")) return;
  const last = path.pop()!;
  let at = config;
  for (const step of path) {
    const next = at[step];
    const copy = isPlain(next) ? { ...next } : {};
    at[step] = copy;
    at = copy;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
}

function normalized(defaults: FieldConfig): FieldConfig {
  const config: Record<string, unknown> = { ...defaults };
  for (const [id, value] of Object.entries(config)) {
    config[id] = propertyValue(id, value);
    if (config[id] === undefined || config[id] === null) delete config[id];
  }
  return config;
}

/** The config of one column: the panel's, what the data brought (names, a type's own), and overrides. */
function configOf(field: Field, frame: Frame, frames: readonly Frame[], base: FieldConfig, rules: readonly Rule[]): FieldConfig {
  const config: Record<string, unknown> = { ...base, ...field.config };
  if (base.custom || field.config.custom) config.custom = { ...base.custom, ...field.config.custom };
  for (const { matches, properties } of rules) {
    if (!matches(field, frame, frames)) continue;
    for (const { id, value } of properties) setProperty(config, id, propertyValue(id, value));
  }
  return config as FieldConfig;
}

interface Rule {
  matches: FieldMatcher;
  properties: Override["properties"];
}

/**
 * New frames whose columns have the whole config, their display names, their place among numeric columns (for palettes) and the
 * panel's range. `frames` and `source` stay as they are.
 *
 * interpolate  variables, put into names and units; `${__field.labels.x}` and the like are put in before
 * standard     what the panel type has where `source` says nothing (`standardConfig`)
 */
export function applyFieldConfig(frames: readonly Frame[], source: FieldConfigSource | undefined, interpolate: Interpolate, standard: FieldConfig = {}): Frame[] {
  const base = { ...standard, ...normalized(isPlain(source?.defaults) ? source.defaults : {}) };
  const rules: Rule[] = (Array.isArray(source?.overrides) ? source.overrides : [])
    .filter((override) => override?.matcher && Array.isArray(override.properties))
    .map(({ matcher, properties }) => ({ matches: fieldMatcher(matcher), properties: properties.filter((one) => typeof one?.id === "string") }));
  const numeric: Field[] = [];
  let shared: { min: number; max: number } | undefined;
  const sharedRange = (): { min: number; max: number } => (shared ??= rangeOf(numeric));
  let seriesIndex = 0;

  const made = frames.map((frame): Frame => {
    const fields = frame.fields.map((field): Field => {
      const config = configOf(field, frame, frames, base, rules);
      const copy: Field = { ...field, config };
      if (field.type === "number") {
        copy.seriesIndex = seriesIndex++;
        numeric.push(copy);
        if (!config.fieldMinMax) copy.range = sharedRange;
      }
      return copy;
    });
    return { ...frame, fields };
  });

  // Names may hold what the column is called without them, so that is worked out first.
  const titled = made.flatMap((frame) => frame.fields.filter((field) => field.config.displayName?.includes("$")).map((field) => ({ field, frame })));
  if (titled.length) {
    const titles = titled.map(({ field }) => field.config.displayName!);
    for (const { field } of titled) delete field.config.displayName;
    setDisplayNames(made);
    titled.forEach(({ field, frame }, i) => {
      const rowName = (row: number) => interpolate(fieldText(titles[i]!, { field, frame, row }));
      field.config.displayName = rowName(field.values.length - 1);
      field.rowName = rowName;
    });
  }
  for (const { fields } of made) for (const { config } of fields) if (config.unit?.includes("$")) config.unit = interpolate(config.unit);
  return setDisplayNames(made);
}
