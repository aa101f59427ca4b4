/** One frame for each combination of values of some columns. */

import { displayNames } from "../display_name.ts";
import type { Field, Frame } from "../frame.ts";
import { pickRows, withFields } from "../rows.ts";
import { groupRows } from "./groupBy.ts";
import type { Transform } from "./transformation.ts";

interface PartitionByValues {
  fields: string[];
  keepFields: boolean;
  naming: { asLabels?: boolean; append?: boolean; withNames?: boolean; separator1?: string; separator2?: string };
}

/** See Grafana's "Partition by values". The values become the frame's name, or labels of its columns. */
export const partitionByValues: Transform<PartitionByValues> = (frames, { fields: wanted, keepFields = false, naming = {} }) => {
  if (!wanted?.length) return frames;
  const names = displayNames(frames);
  const nameOf = (field: Field): string => names.get(field) ?? field.name;
  return frames.flatMap((frame): Frame[] => {
    const keys = frame.fields.filter((field) => wanted.includes(nameOf(field)));
    if (!keys.length) return [frame];
    return groupRows(keys, frame.length).map((rows) => {
      const picked = pickRows(frame, rows);
      const parts = keys.map((key) => [nameOf(key), String(key.values[rows[0]!])] as const);
      const fields = picked.fields.filter((_, i) => keepFields || !keys.includes(frame.fields[i]!));
      if (naming.asLabels ?? true) {
        const labels = Object.fromEntries(parts);
        return withFields(picked, fields.map((field) => (field.type === "time" ? field : { ...field, labels: { ...field.labels, ...labels } })));
      }
      const own = parts.map(([name, value]) => (naming.withNames ? `${name}${naming.separator1 ?? "="}${value}` : value)).join(naming.separator2 ?? " ");
      return { ...withFields(picked, fields), name: naming.append && frame.name ? `${frame.name} ${own}` : own };
    });
  });
};
