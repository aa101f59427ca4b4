/** A table of columns: what every query gives and every panel shows. */

import type { FieldConfig } from "./config.ts";

export type FieldType = "time" | "number" | "string" | "boolean" | "other";
export type Labels = Readonly<Record<string, string>>;

/**
 * One column.
 *
 * name      as the query or a transformation called it: `Time`, `Value`, `Value #A`, or a label's name
 * values    times are milliseconds since the epoch; numbers may be null, NaN or infinite
 * labels    of the series the column is of
 * config    what the panel's field config and overrides come to for this column
 * display   its name for people, once it is decided (`display_name.ts`)
 * seriesIndex  its place among the numeric columns of the panel, from 0: palettes colour by it
 * rowName   what one row of it is called, where its name in the config is of what the row has
 * range     smallest and largest number of the panel (or of the column alone), for percent and colours; worked out when asked for
 */
export interface Field {
  name: string;
  type: FieldType;
  values: readonly unknown[];
  labels?: Labels;
  config: FieldConfig;
  display?: string;
  seriesIndex?: number;
  rowName?: (row: number) => string;
  range?: () => { min: number; max: number };
}

/** Columns of one length. `refId` is the query's letter. */
export interface Frame {
  name?: string;
  refId?: string;
  fields: Field[];
  length: number;
  meta?: FrameMeta;
}

/** What is known of a frame beside its columns. */
export interface FrameMeta {
  /** How its panel would rather show it. */
  kind?: "timeseries" | "table" | "logs" | "heatmap" | "exemplars";
  /** The query as it was sent, variables put in. */
  executed?: string;
  stepMs?: number;
  notices?: { severity: "info" | "warning" | "error"; text: string }[];
}

/** A frame of columns of the same length. */
export function frame(fields: Field[], more: Omit<Frame, "fields" | "length"> = {}): Frame {
  return { ...more, fields, length: fields[0]?.values.length ?? 0 };
}
