/** Grafana's dashboard JSON as of schema version 42; older ones are brought here by `migrate.ts`. */

import type { DataLink, FieldConfigSource } from "../frame/config.ts";

export interface DataSourceRef {
  type?: string;
  uid?: string;
}

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** One query of a panel; what is not named here is kept as it is. */
export interface Target {
  refId: string;
  datasource?: DataSourceRef | null;
  expr?: string;
  legendFormat?: string;
  format?: "time_series" | "table" | "heatmap" | "logs";
  instant?: boolean;
  range?: boolean;
  interval?: string;
  intervalFactor?: number;
  exemplar?: boolean;
  hide?: boolean;
  queryType?: string;
  maxLines?: number;
  direction?: string;
  [key: string]: unknown;
}

export interface Transformation {
  id: string;
  options: unknown;
  disabled?: boolean;
  filter?: { id: string; options?: unknown };
}

export interface Panel {
  id?: number;
  type: string;
  title?: string;
  description?: string;
  transparent?: boolean;
  gridPos: GridPos;
  datasource?: DataSourceRef | null;
  targets: Target[];
  fieldConfig: FieldConfigSource;
  options: Record<string, unknown>;
  transformations: Transformation[];
  interval?: string;
  maxDataPoints?: number;
  timeFrom?: string | null;
  timeShift?: string | null;
  hideTimeOverride?: boolean;
  links: DataLink[];
  repeat?: string;
  repeatDirection?: "h" | "v";
  maxPerRow?: number;
  /** Of a row: folded, and then the panels that it holds. */
  collapsed?: boolean;
  panels?: Panel[];
  [key: string]: unknown;
}

export type VariableType = "query" | "datasource" | "custom" | "constant" | "interval" | "textbox" | "adhoc" | "switch";

export interface VariableOption {
  text: string | string[];
  value: string | string[];
  selected?: boolean;
}

export interface Variable {
  name: string;
  type: VariableType;
  label?: string;
  description?: string;
  hide?: 0 | 1 | 2;
  query?: unknown;
  definition?: string;
  datasource?: DataSourceRef | null;
  regex?: string;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | null;
  refresh?: 0 | 1 | 2;
  sort?: number;
  options?: VariableOption[];
  current?: VariableOption;
  skipUrlSync?: boolean;
  auto?: boolean;
  auto_count?: number;
  auto_min?: string;
  filters?: { key: string; operator: string; value: string }[];
  [key: string]: unknown;
}

export interface Annotation {
  name: string;
  enable?: boolean;
  hide?: boolean;
  builtIn?: number;
  iconColor?: string;
  datasource?: DataSourceRef | null;
  expr?: string;
  step?: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  [key: string]: unknown;
}

export interface DashboardLink {
  type: "link" | "dashboards";
  title?: string;
  url?: string;
  tags?: string[];
  asDropdown?: boolean;
  includeVars?: boolean;
  keepTime?: boolean;
  targetBlank?: boolean;
  icon?: string;
  tooltip?: string;
}

export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  tags: string[];
  schemaVersion: number;
  version?: number;
  editable?: boolean;
  /** 0 none, 1 shared crosshair, 2 shared tooltip. */
  graphTooltip: 0 | 1 | 2;
  timezone: string;
  refresh: string;
  time: { from: string; to: string };
  timepicker?: { refresh_intervals?: string[]; time_options?: string[]; hidden?: boolean; nowDelay?: string };
  fiscalYearStartMonth?: number;
  weekStart?: string;
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
  links: DashboardLink[];
  panels: Panel[];
  [key: string]: unknown;
}
