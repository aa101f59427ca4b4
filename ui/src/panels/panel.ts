/** What every panel component is given, and the table of panel types. */

import type { Component } from "svelte";
import type { Frame } from "../core/frame/frame.ts";
import type { Panel } from "../core/model/dashboard.ts";

/** A span of time: milliseconds since the epoch. */
export interface TimeSpan {
  from: number;
  to: number;
}

/**
 * Properties of a panel component. It draws into all the room that it has.
 *
 * frames      transformed, each column with its config and display name
 * interpolate variables, `${__field…}` and the like put into a text
 * on…         what the person asks for; the dashboard answers
 */
export interface PanelProps {
  panel: Panel;
  frames: Frame[];
  span: TimeSpan;
  zone: string;
  width: number;
  height: number;
  interpolate: (text: string, format?: string) => string;
  onZoom?: (span: TimeSpan) => void;
  onFilter?: (key: string, operator: string, value: string) => void;
}

export type PanelComponent = Component<PanelProps>;

const timeseries = () => import("./timeseries/Panel.svelte");
const stat = () => import("./stat/Panel.svelte");
const table = () => import("./table/Panel.svelte");

/** Panel types by id; each is loaded when a dashboard first has one. `unknown` stands for all others and names them. */
export const PANELS: Record<string, () => Promise<{ default: PanelComponent }>> = {
  timeseries,
  graph: timeseries,
  stat,
  singlestat: stat,
  gauge: () => import("./gauge/Panel.svelte"),
  bargauge: () => import("./bargauge/Panel.svelte"),
  table,
  "table-old": table,
  heatmap: () => import("./heatmap/Panel.svelte"),
  histogram: () => import("./histogram/Panel.svelte"),
  piechart: () => import("./piechart/Panel.svelte"),
  barchart: () => import("./barchart/Panel.svelte"),
  "state-timeline": () => import("./state-timeline/Panel.svelte"),
  "status-history": () => import("./status-history/Panel.svelte"),
  logs: () => import("./logs/Panel.svelte"),
  text: () => import("./text/Panel.svelte"),
  alertlist: () => import("./alertlist/Panel.svelte"),
  dashlist: () => import("./dashlist/Panel.svelte"),
  unknown: () => import("./unknown/Panel.svelte"),
};

/** The component of a panel type; of one that we don't have, a placeholder that names it. */
export function loadPanel(type: string): Promise<{ default: PanelComponent }> {
  return (Object.hasOwn(PANELS, type) ? PANELS[type]! : PANELS.unknown!)();
}
