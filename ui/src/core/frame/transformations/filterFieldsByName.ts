/** Columns kept or dropped by their display names. */

import { displayNames } from "../display_name.ts";
import type { Field } from "../frame.ts";
import { pattern } from "../matchers.ts";
import { withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Names {
  names?: string[];
  pattern?: string;
  variable?: string;
}

interface FilterFieldsByName {
  include: Names;
  exclude: Names;
  byVariable: boolean;
}

/** Whether a name is one of `wanted`; null where nothing is asked for. A variable's values come as `a,b` or `{a,b}`. */
function test(wanted: Names | undefined, byVariable: boolean | undefined): ((name: string) => boolean) | null {
  if (!wanted) return null;
  const names = new Set(byVariable && wanted.variable ? wanted.variable.replace(/^\{(.*)\}$/, "$1").split(",").map((name) => name.trim()) : wanted.names);
  const regex = wanted.pattern ? pattern(wanted.pattern) : null;
  return names.size || regex ? (name) => names.has(name) || !!regex?.test(name) : null;
}

/** See Grafana's "Filter fields by name"; a frame that has no column left goes. */
export const filterFieldsByName: Transform<FilterFieldsByName> = (frames, { include, exclude, byVariable }) => {
  const [included, excluded] = [test(include, byVariable), test(exclude, byVariable)];
  if (!included && !excluded) return frames;
  const names = displayNames(frames);
  const kept = (field: Field): boolean => {
    const name = names.get(field) ?? field.name;
    return (!included || included(name)) && !excluded?.(name);
  };
  return frames.map((frame) => withFields(frame, frame.fields.filter(kept))).filter((frame) => frame.fields.length);
};
