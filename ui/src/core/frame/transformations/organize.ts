/** Columns hidden, put in order and renamed, by their display names. */

import { displayNames } from "../display_name.ts";
import type { Field, Frame } from "../frame.ts";
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

/** See Grafana's "Organize fields by name": excludes, includes where any is named, orders, renames. */
export const organize: Transform<Organize> = (frames, options) => {
  const names = displayNames(frames);
  const nameOf = (field: Field): string => names.get(field) ?? field.name;
  const { excludeByName, includeByName, renameByName } = options;
  const including = includeByName && Object.values(includeByName).some(Boolean);
  const compare = comparing(options, nameOf);
  return frames.map((frame): Frame => {
    let fields = frame.fields.filter((field) => !own(excludeByName, nameOf(field)) && (!including || own(includeByName, nameOf(field))));
    if (compare) fields = [...fields].sort(compare);
    return withFields(frame, fields.map((field) => {
      const renamed = own(renameByName, nameOf(field));
      return renamed ? { ...field, config: { ...field.config, displayName: renamed } } : field;
    }));
  });
};
