/** Columns read as another type. */

import { parseUrlInstant } from "../../time/instant.ts";
import type { Field, FieldType } from "../frame.ts";
import { fieldNamed, withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Conversion {
  targetField?: string;
  destinationType?: string;
  dateFormat?: string;
  joinWith?: string;
}

interface ConvertFieldType {
  conversions: Conversion[];
}

function toNumber(value: unknown): number | null {
  if (value === null || value === undefined || value === "") return null;
  const number = typeof value === "string" ? Number(value.replace(/(?<=\d),(?=\d{3}(\D|$))/g, "")) : Number(value);
  return Number.isNaN(number) ? null : number;
}

function toTime(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" ? parseUrlInstant(value, "utc") : null;
}

function toText(value: unknown, joinWith: string | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && joinWith !== undefined) return value.join(joinWith);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function toBoolean(value: unknown): boolean | null {
  if (value === null || value === undefined || value === "") return null;
  return typeof value === "string" ? !/^(false|0|no|off)$/i.test(value.trim()) : Boolean(value);
}

function toOther(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

function converted(field: Field, { destinationType, joinWith }: Conversion): Field {
  const by: Record<string, (value: unknown) => unknown> = {
    number: toNumber, time: toTime, string: (value) => toText(value, joinWith), boolean: toBoolean, other: toOther,
  };
  const convert = destinationType && Object.hasOwn(by, destinationType) ? by[destinationType]! : null;
  return convert && field.type !== destinationType ? { ...field, type: destinationType as FieldType, values: field.values.map(convert) } : field;
}

/** See Grafana's "Convert field type"; what cannot be read becomes null. */
export const convertFieldType: Transform<ConvertFieldType> = (frames, { conversions }) =>
  frames.map((frame) => {
    let fields = frame.fields;
    for (const conversion of conversions ?? []) {
      const target = fieldNamed(frame, conversion.targetField, frames);
      fields = fields.map((field, i) => (frame.fields[i] === target ? converted(field, conversion) : field));
    }
    return withFields(frame, fields);
  });
