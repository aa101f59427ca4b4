/** Rows made columns: each row's name, value, config and labels become a column of one value. */

import type { FieldConfig } from "../config.ts";
import { displayNames } from "../display_name.ts";
import { type Field, frame as makeFrame } from "../frame.ts";
import { column, withFields } from "../rows.ts";
import { type ConfigMapping, handlerOf, withHandled } from "./config_mapping.ts";
import type { Transform } from "./transformation.ts";

interface RowsToFields {
  mappings: ConfigMapping[];
}

/** See Grafana's "Rows to fields". The first text is the name and the first number the value, unless mappings say otherwise. */
export const rowsToFields: Transform<RowsToFields> = (frames, { mappings }) => {
  const names = displayNames(frames);
  return frames.map((frame) => {
    const roles = frame.fields.map((field) => {
      const name = names.get(field) ?? field.name;
      const told = mappings?.find((mapping) => mapping.fieldName === name);
      return { field, name, role: told ? (told.handlerKey ?? null) : handlerOf(name), told: told !== undefined };
    });
    const nameColumn = roles.find(({ role, told }) => told && role === "field.name") ?? roles.find(({ role, field, told }) => !told && field.type === "string" && (role === null || role === "field.name"));
    const valueColumn = roles.find(({ role, told }) => told && role === "field.value") ?? roles.find(({ role, field, told }) => !told && field.type === "number" && (role === null || role === "field.value"));
    if (!nameColumn || !valueColumn) return frame;
    const rest = roles.filter((column) => column !== nameColumn && column !== valueColumn);
    const fields = Array.from({ length: frame.length }, (_, row): Field => {
      let config: FieldConfig = {};
      const labels: [string, string][] = [];
      for (const { field, name, role, told } of rest) {
        const value = field.values[row];
        if (role === "__ignore" || (told && role === null)) continue;
        if (role && role !== "field.label" && !role.startsWith("field.")) config = withHandled(config, role, value);
        else if (field.type === "string") labels.push([name, String(value ?? "")]);
      }
      const made = column(String(nameColumn.field.values[row] ?? ""), valueColumn.field.type, [valueColumn.field.values[row] ?? null], { config });
      return labels.length ? { ...made, labels: Object.fromEntries(labels) } : made;
    });
    return fields.length ? withFields(frame, fields) : makeFrame([]);
  });
};
