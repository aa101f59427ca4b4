/** What the dashboard gives all its panels, beside their properties: through Svelte's context, so that a panel works without. */

import { getContext, setContext } from "svelte";
import type { AnnotationMark } from "../charts/marks.ts";
import type { Panel } from "../core/model/dashboard.ts";

/** An alert of a rule, for the alert list. Times in ms. */
export interface AlertRow {
  name: string;
  state: "firing" | "pending" | "normal" | "nodata" | "error";
  labels: Readonly<Record<string, string>>;
  /** Rule group and folder or file. */
  group?: string;
  folder?: string;
  since?: number;
  summary?: string;
  value?: string;
  /** Where its page is: relative to the base path. */
  href?: string;
}

/** A dashboard as lists show it. */
export interface DashboardRow {
  uid: string;
  title: string;
  /** Relative to the base path. */
  href: string;
  folder?: string;
  tags: readonly string[];
  starred?: boolean;
}

export interface DashboardQuery {
  starred?: boolean;
  /** Last opened first. */
  recent?: boolean;
  query?: string;
  tags?: readonly string[];
  folderUid?: string;
  limit: number;
}

/** Each is optional: a panel whose service is missing says so. Calls reject with an Error whose message people can read. */
export interface PanelServices {
  /** Events to draw on the panel's time axis. Read in a `$derived`: make it reactive. */
  annotations?: (panel: Panel) => readonly AnnotationMark[];
  alerts?: (signal: AbortSignal) => Promise<AlertRow[]>;
  dashboards?: (query: DashboardQuery, signal: AbortSignal) => Promise<DashboardRow[]>;
  /** Changes when lists should be asked for again. */
  refreshed?: () => unknown;
  /** Gives a series, by its display name, a colour of its own on this panel. */
  recolor?: (panel: Panel, name: string, color: string) => void;
  /** The path that the pages are served at: "/" or "/watch/". */
  base?: string;
}

const KEY = Symbol("panel services");

/** Gives all panels below this component their services. */
export function provideServices(services: PanelServices): void {
  setContext(KEY, services);
}

/** The dashboard's services; none in a panel that stands alone. */
export function useServices(): PanelServices {
  return getContext<PanelServices | undefined>(KEY) ?? {};
}
