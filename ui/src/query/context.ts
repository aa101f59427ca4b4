/** What queries are run with, and what they give. */

import type { DataSource } from "../api/grafana.ts";
import type { Position } from "../api/errors.ts";
import type { Frame } from "../core/frame/frame.ts";
import type { TimeRange } from "../core/time/range.ts";
import type { Filter } from "../core/variables/filters.ts";
import type { Scope } from "../core/variables/scope.ts";

/** Filters of an adhoc variable, and the data source that they are for: "" is the default one. */
export interface AdhocFilters {
  uid: string;
  filters: readonly Filter[];
}

/**
 * range     of the panel, resolved
 * width     of the panel in px: how many points it has room for
 * scope     variables, without those of a single query
 * priority  lower goes first: 0 for what is in view
 * panelFrames  what another panel of the dashboard has found, before or after its transformations, for `-- Dashboard --`
 */
export interface QueryContext {
  range: TimeRange;
  zone: string;
  width: number;
  scope: Scope;
  sources: readonly DataSource[];
  adhoc: readonly AdhocFilters[];
  priority: number;
  exemplars?: boolean;
  signal?: AbortSignal | undefined;
  panelFrames?: (panelId: number, transformed: boolean) => Promise<Frame[]>;
}

/** One request as the inspector shows it. */
export interface Executed {
  refId: string;
  source: string;
  expr: string;
  /** `range`, `instant`, `logs`, `exemplars`. */
  kind: string;
  stepMs?: number;
  from: number;
  to: number;
  tookMs: number;
  series: number;
  points: number;
}

export interface QueryFault {
  refId: string;
  text: string;
  position: Position | null;
}

export interface QueryNotice {
  severity: "info" | "warning";
  text: string;
}

/** What a panel's queries came to. Frames are in the order of its targets; a query that failed has none. */
export interface PanelAnswer {
  frames: Frame[];
  faults: QueryFault[];
  notices: QueryNotice[];
  executed: Executed[];
}
