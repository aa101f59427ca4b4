/** Config of columns out of one query's result: units, bounds, thresholds, mappings that are data themselves. */

import { displayNames } from "../display_name.ts";
import type { Field } from "../frame.ts";
import { fieldMatcher } from "../matchers.ts";
import { reduce } from "../reducers.ts";
import { withFields } from "../rows.ts";
import { columnMapping, type ConfigMapping, handlerOf, withHandled } from "./config_mapping.ts";
import type { Transform } from "./transformation.ts";

interface ConfigFromData {
  configRefId: string;
  mappings: ConfigMapping[];
  applyTo: { id: string; options?: unknown };
}

/** See Grafana's "Config from query results". The frame that holds the config goes, where there are others. */
export const configFromData: Transform<ConfigFromData> = (frames, { configRefId = "config", mappings, applyTo }) => {
  const source = frames.find((frame) => frame.refId === configRefId);
  if (!source) return frames;
  const names = displayNames(frames);
  const matches = applyTo?.id ? fieldMatcher(applyTo) : fieldMatcher({ id: "numeric" });
  const handled = source.fields.flatMap((field) => {
    const name = names.get(field) ?? field.name;
    const told = mappings?.find((mapping) => mapping.fieldName === name);
    const handler = told ? told.handlerKey : handlerOf(name);
    return handler ? [{ field, handler, value: reduce(field, told?.reducerId ?? "lastNotNull") }] : [];
  });
  const column = (handler: string): readonly unknown[] | null => handled.find((item) => item.handler === handler)?.field.values ?? null;
  const values = column("mappings.value");
  const mapping = values ? columnMapping(values, column("mappings.text"), column("mappings.color")) : null;
  return frames.filter((frame) => frame !== source || frames.length === 1).map((frame) =>
    withFields(frame, frame.fields.map((field): Field => {
      if (!matches(field, frame, frames)) return field;
      let { config } = field;
      for (const { handler, value } of handled) config = withHandled(config, handler, value);
      if (mapping) config = { ...config, mappings: [...(config.mappings ?? []), { type: "value", options: mapping }] };
      return { ...field, config };
    })),
  );
};
