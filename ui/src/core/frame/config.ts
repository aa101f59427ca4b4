/** Grafana's field config: how a column's values become text and colour. Every key is optional, as in the JSON. */

export interface Threshold {
  /** The lowest value of the step; null is minus infinity. */
  value: number | null;
  color: string;
}

export interface Thresholds {
  mode?: "absolute" | "percentage";
  steps: Threshold[];
}

export interface MappingResult {
  text?: string;
  color?: string;
  index?: number;
}

export type ValueMapping =
  | { type: "value"; options: Record<string, MappingResult> }
  | { type: "range"; options: { from: number | null; to: number | null; result: MappingResult } }
  | { type: "regex"; options: { pattern: string; result: MappingResult } }
  | { type: "special"; options: { match: string; result: MappingResult } };

export interface ColorMode {
  /** `palette-classic`, `fixed`, `thresholds`, `continuous-GrYlRd`, … */
  mode: string;
  fixedColor?: string;
  seriesBy?: "last" | "min" | "max";
}

export interface DataLink {
  title?: string;
  url?: string;
  targetBlank?: boolean;
}

export interface FieldConfig {
  displayName?: string;
  /** The name made of `legendFormat`, used where there is no displayName. */
  displayNameFromDS?: string;
  description?: string;
  unit?: string;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  /** Whether min and max, where not set, are of the column alone, not of all columns of the panel. */
  fieldMinMax?: boolean;
  /** What a missing value is: a gap, nothing, or 0. */
  nullValueMode?: "null" | "connected" | "null as zero";
  noValue?: string;
  color?: ColorMode;
  thresholds?: Thresholds;
  mappings?: ValueMapping[];
  links?: DataLink[];
  filterable?: boolean;
  /** Of the panel type: drawStyle, stacking, axisPlacement, align, … */
  custom?: Record<string, unknown>;
}

/** One rule of `overrides`: which columns, and what is different there. */
export interface Override {
  matcher: { id: string; options?: unknown };
  properties: { id: string; value?: unknown }[];
}

export interface FieldConfigSource {
  defaults: FieldConfig;
  overrides: Override[];
}
