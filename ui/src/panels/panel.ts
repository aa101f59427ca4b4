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

/** Panel types by id; each is loaded when a dashboard first has one. `unknown` stands for all others and names them. */
export const PANELS: Record<string, () => Promise<{ default: PanelComponent }>> = {
  timeseries,
  graph: timeseries,
  stat: () => import("./stat/Panel.svelte"),
  bargauge: () => import("./bargauge/Panel.svelte"),
  table: () => import("./table/Panel.svelte"),
  unknown: () => import("./unknown/Panel.svelte"),
};

/** The component of a panel type; of one that we don't have, a placeholder that names it. */
export function loadPanel(type: string): Promise<{ default: PanelComponent }> {
  return (Object.hasOwn(PANELS, type) ? PANELS[type]! : PANELS.unknown!)();
}
