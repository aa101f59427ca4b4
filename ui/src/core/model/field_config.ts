/** A panel's field config as it is stored, in today's form. */

import type { FieldConfig, FieldConfigSource, Override, Thresholds } from "../frame/config.ts";
import { mappingsOf } from "./old/mappings.ts";
import { oldNames } from "./old/names.ts";
import { isRecord, type Json, number, type Part, record, records } from "./part.ts";

/** The config of `raw`, an object with `defaults` and `overrides`; wrong parts are left out and said through `panel`. */
export function fieldConfigOf(raw: unknown, panel: Part): FieldConfigSource {
  if (raw !== undefined && raw !== null && !isRecord(raw)) panel.say("warning", `"fieldConfig" should be an object; it is left out`);
  const config = record(raw);
  const overrides = config.overrides;
  if (overrides !== undefined && !Array.isArray(overrides)) panel.say("warning", `"fieldConfig.overrides" should be a list; it is left out`);
  return { defaults: defaultsOf(record(config.defaults)), overrides: records(overrides).flatMap(overrideOf) };
}

function defaultsOf(raw: Json): FieldConfig {
  const made: Json = {};
  for (const [key, value] of Object.entries(raw)) {
    const read = key === "__proto__" ? undefined : propertyOf(key, value);
    if (read !== undefined) made[key] = read;
  }
  if (isRecord(made.custom)) made.custom = customOf(made.custom);
  return made as FieldConfig;
}

/** One setting in its right type; undefined where it has none. Keys nobody here knows stay as they are. */
function propertyOf(key: string, value: unknown): unknown {
  if (value === undefined) return undefined;
  switch (key) {
    case "unit":
    case "displayName":
    case "displayNameFromDS":
    case "description":
    case "noValue":
      return value === null ? undefined : typeof value === "string" || typeof value === "number" ? String(value) : undefined;
    case "decimals":
    case "min":
    case "max":
      return value === null ? null : number(value);
    case "thresholds":
      return thresholdsOf(value);
    case "mappings":
      return mappingsOf(value);
    case "color":
      // A bare text was taken for a fixed colour.
      return typeof value === "string" ? { mode: "fixed", fixedColor: value } : isRecord(value) && typeof value.mode === "string" ? value : undefined;
    case "links":
      return records(value).map((link) => (typeof link.url === "string" ? { ...link, url: oldNames(link.url) } : link));
    case "custom":
      return isRecord(value) ? value : undefined;
    default:
      return value;
  }
}

function thresholdsOf(value: unknown): Thresholds | undefined {
  if (!isRecord(value)) return undefined;
  const steps = records(value.steps).map((step, index) => ({
    // The first step is the base, whatever stands there: -Infinity is null in JSON.
    value: index === 0 && number(step.value) === undefined ? null : (number(step.value) ?? null),
    color: typeof step.color === "string" && step.color ? step.color : "green",
  }));
  return { mode: value.mode === "percentage" ? "percentage" : "absolute", steps };
}

/** Cells of the table had `displayMode` before Grafana 9.3. */
const CELLS: Record<string, Json> = {
  auto: { type: "auto" }, "color-text": { type: "color-text" }, "json-view": { type: "json-view" }, image: { type: "image" }, sparkline: { type: "sparkline" },
  "color-background": { type: "color-background", mode: "gradient" }, "color-background-solid": { type: "color-background", mode: "basic" },
  basic: { type: "gauge", mode: "basic" }, "gradient-gauge": { type: "gauge", mode: "gradient" }, "lcd-gauge": { type: "gauge", mode: "lcd" },
};

function customOf(custom: Json): Json {
  if (typeof custom.displayMode !== "string" || custom.cellOptions !== undefined) return custom;
  const { displayMode, ...rest } = custom;
  return { ...rest, cellOptions: CELLS[displayMode as string] ?? { type: "auto" } };
}

function overrideOf(raw: Json): Override[] {
  const matcher = record(raw.matcher);
  if (typeof matcher.id !== "string" || !matcher.id) return [];
  const properties = records(raw.properties).flatMap((property) => {
    // Before 7.0 the setting was called `prop`.
    const id = typeof property.id === "string" ? property.id : typeof property.prop === "string" ? property.prop : "";
    if (!id) return [];
    if (id === "custom.displayMode" && typeof property.value === "string") return [{ id: "custom.cellOptions", value: CELLS[property.value] ?? { type: "auto" } }];
    const value = id.startsWith("custom.") ? property.value : propertyOf(id === "title" ? "displayName" : id, property.value);
    return [{ ...property, id: id === "title" ? "displayName" : id, ...(value === undefined ? {} : { value }) }];
  });
  return [{ ...raw, matcher: { ...matcher, id: matcher.id }, properties }];
}
