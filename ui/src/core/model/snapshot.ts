/** Dashboards that are frozen with their data: made of one that is shown, and shown again without asking anything. */

import { Held } from "../frame/held.ts";
import { fromSnapshotFrame } from "../frame/snapshot.ts";
import type { Frame } from "../frame/frame.ts";
import { absolute, KeptRange } from "../time/range.ts";
import { chosenOptions, isAll, type VariableState } from "../variables/state.ts";
import type { Annotation, Dashboard, Panel, Target, Variable } from "./dashboard.ts";

/** What a frozen dashboard says of where it is from. `timestamp` is RFC 3339. */
export interface Taken {
  timestamp: string;
  originalUrl: string;
}

/** A variable with what is chosen now, for ever. */
export function frozenVariable(state: VariableState): Variable {
  const { variable } = state;
  if (variable.type === "adhoc") return { ...variable, filters: state.filters.map((filter) => ({ ...filter })) };
  if (variable.type === "constant") return variable;
  const several = Boolean(variable.multi) && !isAll(state);
  const current = isAll(state)
    ? { text: "All", value: "$__all" }
    : several ? { text: [...state.texts], value: [...state.values] } : { text: state.texts[0] ?? "", value: state.values[0] ?? "" };
  if (variable.type === "textbox") return { ...variable, query: current.value, current };
  if (variable.type !== "query" && variable.type !== "datasource") return { ...variable, current };
  const options = chosenOptions(state).map((option) => ({ text: option.text, value: option.value, selected: !isAll(state) }));
  return { ...variable, ...asked({ options: options.length ? options : [{ text: "", value: "" }] }), current };
}

/** A query that is never asked: its options are there. */
function asked(more: Partial<Variable>): Partial<Variable> {
  return { type: "query", query: "", definition: "", regex: "", refresh: 0, sort: 0, datasource: null, ...more };
}

interface Json {
  [key: string]: unknown;
}

/** The frozen dashboard as it is shown: every panel's query gives what was kept, variables and annotations ask nothing, nothing is changed. */
export function thawed(dashboard: Dashboard): Dashboard {
  return {
    ...dashboard,
    editable: false,
    refresh: "",
    panels: dashboard.panels.map(thawedPanel),
    templating: { ...dashboard.templating, list: dashboard.templating.list.map(thawedVariable) },
    annotations: { ...dashboard.annotations, list: dashboard.annotations.list.filter((one) => Array.isArray(one.snapshotData)).map((one): Annotation => ({ ...one, enable: true, builtIn: 0 })) },
  };
}

function thawedVariable(variable: Variable): Variable {
  if (variable.type !== "query" && variable.type !== "datasource") return variable;
  const { current, options } = variable;
  const texts = [current?.text ?? ""].flat();
  const chosen = [current?.value ?? ""].flat().filter((value) => value !== "$__all").map((value, at) => ({ text: texts[at] ?? value, value }));
  return { ...variable, ...asked({ options: options?.length ? options : chosen.length ? chosen : [{ text: "", value: "" }] }) };
}

function thawedPanel(panel: Panel): Panel {
  if (panel.type === "row") return { ...panel, ...(panel.panels ? { panels: panel.panels.map(thawedPanel) } : {}) };
  const own = framesOf(panel.snapshotData);
  // Newer Grafana puts the frames into the query instead.
  const inTargets = panel.targets.flatMap((target) => framesOf(target.snapshot));
  const frames = own.length ? own : inTargets;
  const asks = panel.snapshotData !== undefined || panel.targets.length > 0;
  const rest: Json = { ...panel };
  delete rest.snapshotData;
  delete rest.snapshotRange;
  const range = keptRange(panel.snapshotRange);
  if (range) rest.snapshotRange = range;
  return { ...(rest as unknown as Panel), datasource: null, targets: asks ? [heldTarget(frames)] : [] };
}

const LAST_MS = 8.64e15;

/** The range of its own that a panel was kept with; null for none, and for what is no range. */
function keptRange(json: unknown): KeptRange | null {
  const { from, to, note } = (json ?? {}) as { from?: unknown; to?: unknown; note?: unknown };
  if (typeof from !== "number" || typeof to !== "number" || !(Math.abs(from) <= LAST_MS && Math.abs(to) <= LAST_MS && from < to)) return null;
  return new KeptRange({ raw: absolute({ from, to }), span: { from, to }, note: typeof note === "string" ? note : "" });
}

function heldTarget(frames: Frame[]): Target {
  return { refId: "A", datasource: { type: "grafana", uid: "grafana" }, queryType: "snapshot", snapshot: new Held(frames) };
}

function framesOf(json: unknown): Frame[] {
  return Array.isArray(json) ? json.flatMap((each: unknown) => fromSnapshotFrame(each) ?? []) : [];
}
