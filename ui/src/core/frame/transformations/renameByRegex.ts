/** Columns renamed by an expression. */

import { displayNames } from "../display_name.ts";
import { replacing } from "../matchers.ts";
import { withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface RenameByRegex {
  regex: string;
  renamePattern: string;
}

/** See Grafana's "Rename fields by regex"; `$1` in the pattern is the first group. */
export const renameByRegex: Transform<RenameByRegex> = (frames, { regex, renamePattern = "" }) => {
  const expression = regex ? replacing(regex) : null;
  if (!expression) return frames;
  const names = displayNames(frames);
  return frames.map((frame) =>
    withFields(frame, frame.fields.map((field) => {
      const name = names.get(field) ?? field.name;
      const renamed = name.replace(expression, renamePattern);
      return renamed === name ? field : { ...field, config: { ...field.config, displayName: renamed } };
    })),
  );
};
