/** Columns kept or dropped by their names. */

import { type FieldMatcher, fieldMatcher } from "../matchers.ts";
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

/** Which columns `wanted` means; null where nothing is asked for. A variable's values come as `a,b` or `{a,b}`. */
function meant(wanted: Names | undefined, byVariable: boolean | undefined): FieldMatcher | null {
  const names = byVariable && wanted?.variable ? wanted.variable.replace(/^\{(.*)\}$/, "$1").split(",").map((name) => name.trim()) : (wanted?.names ?? []);
  return names.length || wanted?.pattern ? fieldMatcher({ id: "byRegexpOrNames", options: { names, pattern: wanted?.pattern } }) : null;
}

/** See Grafana's "Filter fields by name"; a frame that has no column left goes. */
export const filterFieldsByName: Transform<FilterFieldsByName> = (frames, { include, exclude, byVariable }) => {
  const [included, excluded] = [meant(include, byVariable), meant(exclude, byVariable)];
  if (!included && !excluded) return frames;
  return frames
    .map((frame) => withFields(frame, frame.fields.filter((field) => (included?.(field, frame, frames) ?? true) && !excluded?.(field, frame, frames))))
    .filter((frame) => frame.fields.length);
};
