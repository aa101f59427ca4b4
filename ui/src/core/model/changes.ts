/** What is different between two states of a dashboard, in words: for undo, and for what is about to be saved. */

import type { Dashboard, Panel } from "./dashboard.ts";
import { allPanels } from "./ids.ts";
import { FOLDER } from "./save.ts";

/** Whether two parts are the same, whatever objects they are in; keys that hold undefined count as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

const WORDS: Record<string, string> = {
  title: "title", description: "description", tags: "tags", time: "time range", refresh: "refresh", timezone: "time zone", timepicker: "time picker", graphTooltip: "crosshair and tooltip",
  weekStart: "start of the week", fiscalYearStartMonth: "fiscal year", editable: "whether it may be changed", links: "links", [FOLDER]: "folder", preload: "loading ahead", liveNow: "live now",
};
/** Told apart below, or no matter of anybody's. */
const APART = new Set(["panels", "templating", "annotations", "uid", "id", "version", "iteration", "schemaVersion"]);

const PANEL_WORDS: Record<string, string> = {
  type: "type", title: "title", description: "description", options: "options", transformations: "transformations", links: "links", datasource: "data source", repeat: "repeat",
  interval: "min step", maxDataPoints: "max points", timeFrom: "relative time", timeShift: "time shift", transparent: "frame", collapsed: "folded or opened", repeatDirection: "repeat", maxPerRow: "repeat",
};

/** What a person calls a panel. */
export function panelName(panel: Panel): string {
  return `${panel.type === "row" ? "row" : "panel"} “${panel.title || panel.type}”`;
}

function keysOf(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

function queries(before: Panel, after: Panel): string[] {
  const old = new Map(before.targets.map((target) => [target.refId, target]));
  const now = new Map(after.targets.map((target) => [target.refId, target]));
  const told: string[] = [];
  for (const [refId, target] of now) {
    if (!old.has(refId)) told.push(`query ${refId} added`);
    else if (!sameJson(old.get(refId), target)) told.push(`query ${refId}`);
  }
  for (const refId of old.keys()) if (!now.has(refId)) told.push(`query ${refId} removed`);
  if (!told.length && !sameJson(before.targets, after.targets)) told.push("order of queries");
  return told;
}

function panelChanges(before: Panel, after: Panel): string[] {
  const told: string[] = [];
  for (const key of keysOf(before, after)) {
    const [old, now] = [before[key], after[key]];
    if (key === "id" || key === "panels" || sameJson(old, now)) continue;
    if (key === "targets") told.push(...queries(before, after));
    else if (key === "gridPos") told.push(before.gridPos.w === after.gridPos.w && before.gridPos.h === after.gridPos.h ? "place" : "size");
    else if (key === "fieldConfig") {
      if (!sameJson(before.fieldConfig.defaults, after.fieldConfig.defaults)) told.push("field settings");
      if (!sameJson(before.fieldConfig.overrides, after.fieldConfig.overrides)) told.push("overrides");
    } else told.push(Object.hasOwn(PANEL_WORDS, key) ? PANEL_WORDS[key]! : key);
  }
  return [...new Set(told)];
}

function listChanges<T extends { name: string }>(what: string, before: readonly T[], after: readonly T[]): string[] {
  const old = new Map(before.map((one) => [one.name, one]));
  const now = new Map(after.map((one) => [one.name, one]));
  const told: string[] = [];
  for (const [name, one] of now) {
    if (!old.has(name)) told.push(`${what} “${name}” added`);
    else if (!sameJson(old.get(name), one)) told.push(`${what} “${name}” changed`);
  }
  for (const name of old.keys()) if (!now.has(name)) told.push(`${what} “${name}” removed`);
  if (!told.length && before.some((one, at) => one.name !== after[at]?.name)) told.push(`order of ${what}s changed`);
  return told;
}

/**
 * What a person did to come from one to the other, a line each; panels that only made room for others are told in one. Empty where
 * they are the same.
 */
export function describeChanges(before: Dashboard, after: Dashboard): string[] {
  const told: string[] = [];
  for (const key of keysOf(before, after)) {
    if (APART.has(key) || sameJson(before[key], after[key])) continue;
    told.push(`${Object.hasOwn(WORDS, key) ? WORDS[key]! : key} changed`);
  }
  told.push(...listChanges("variable", before.templating.list, after.templating.list));
  told.push(...listChanges("annotation", before.annotations.list, after.annotations.list));
  const old = new Map(allPanels(before.panels).map((panel) => [panel.id, panel]));
  const now = new Map(allPanels(after.panels).map((panel) => [panel.id, panel]));
  const moved: string[] = [];
  let sized = false;
  for (const [id, panel] of now) {
    const was = old.get(id);
    if (was === panel) continue;
    if (!was) {
      told.push(`${panelName(panel)} added`);
      continue;
    }
    const changes = panelChanges(was, panel);
    if (changes.length === 1 && (changes[0] === "place" || changes[0] === "size")) {
      moved.push(panelName(panel));
      if (changes[0] === "size") sized = true;
    } else if (changes.length) told.push(`${panelName(was)}: ${changes.filter((one) => one !== "place").join(", ")}`);
  }
  for (const [id, panel] of old) if (!now.has(id)) told.push(`${panelName(panel)} removed`);
  // What came or went pushes others about: that is not worth a line.
  if (moved.length && (sized || !told.some((one) => / (added|removed)$|folded or opened$/.test(one)))) told.push(moved.length === 1 ? `${moved[0]} moved` : `${moved.length} panels moved`);
  return told;
}
