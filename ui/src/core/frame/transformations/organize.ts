/** Columns hidden, put in order and renamed, by their display names. */

import { displayNames } from "../display_name.ts";
import type { Field, Frame } from "../frame.ts";
import { type FieldMatcher, fieldMatcher } from "../matchers.ts";
import { compareValues, withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Organize {
  excludeByName: Record<string, boolean>;
  includeByName: Record<string, boolean>;
  indexByName: Record<string, number>;
  renameByName: Record<string, string>;
  orderByMode: "manual" | "auto";
  orderBy: { type?: "name" | "label"; labelName?: string; desc?: boolean }[];
}

const own = <T>(map: Record<string, T> | undefined, name: string): T | undefined => (map && Object.hasOwn(map, name) ? map[name] : undefined);

function comparing(options: Partial<Organize>, nameOf: (field: Field) => string): ((a: Field, b: Field) => number) | null {
  const { orderByMode, orderBy, indexByName } = options;
  if (orderByMode === "auto" && orderBy?.length) {
    const keyOf = (field: Field, rule: Organize["orderBy"][number]): unknown => (rule.type === "label" ? field.labels?.[rule.labelName ?? ""] : nameOf(field));
    return (a, b) => {
      for (const rule of orderBy) {
        const order = compareValues(keyOf(a, rule), keyOf(b, rule)) * (rule.desc ? -1 : 1);
        if (order) return order;
      }
      return 0;
    };
  }
  if (!indexByName || !Object.keys(indexByName).length) return null;
  const index = (field: Field): number => own(indexByName, nameOf(field)) ?? Number.MAX_SAFE_INTEGER;
  return (a, b) => index(a) - index(b);
}

/** The columns whose names are true in `map`; null where none is. */
function named(map: Record<string, boolean> | undefined): FieldMatcher | null {
  const names = Object.keys(map ?? {}).filter((name) => map![name]);
  return names.length ? fieldMatcher({ id: "byNames", options: { names } }) : null;
}

/** See Grafana's "Organize fields by name": excludes, includes where any is named, orders, renames. */
export const organize: Transform<Organize> = (frames, options) => {
  const names = displayNames(frames);
  const nameOf = (field: Field): string => names.get(field) ?? field.name;
  const { renameByName } = options;
  const [excluded, included] = [named(options.excludeByName), named(options.includeByName)];
  const compare = comparing(options, nameOf);
  return frames.map((frame): Frame => {
    let fields = frame.fields.filter((field) => !excluded?.(field, frame, frames) && (included?.(field, frame, frames) ?? true));
    if (compare) fields = [...fields].sort(compare);
    return withFields(frame, fields.map((field) => {
      const renamed = own(renameByName, nameOf(field));
      return renamed ? { ...field, config: { ...field.config, displayName: renamed } } : field;
    }));
  });
};
