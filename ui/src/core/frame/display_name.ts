/** Names of columns for people: what legends, table headers and overrides go by. */

import type { Field, Frame } from "./frame.ts";
import { labelsText } from "./labels_text.ts";

export { labelsText } from "./labels_text.ts";

/** What a value's column is called where there is no better name. */
export const VALUE_NAME = "Value";

/** The one label that all labelled columns have, and no other; null where there is none or more. */
function onlyLabel(frames: readonly Frame[]): string | null {
  let only: string | null = null;
  for (const { fields } of frames) {
    for (const { labels } of fields) {
      for (const name in labels) {
        if (only === null) only = name;
        else if (only !== name) return null;
      }
    }
  }
  return only;
}

function nameOf(field: Field, frame: Frame, frameNamesDiffer: boolean, single: string | null, same: Map<string, Field[]>): string {
  const { config, labels } = field;
  if (config.displayName) return config.displayName;
  if (config.displayNameFromDS) return config.displayNameFromDS;
  // Every frame has its time: numbering or labelling it would only make noise.
  if (field.type === "time" && !labels) return field.name;
  const parts: string[] = [];
  const named = frameNamesDiffer && !!frame.name;
  if (named) parts.push(frame.name!);
  if (field.name && field.name !== VALUE_NAME) parts.push(field.name);
  let labelled = "";
  if (labels) labelled = single === null ? labelsText(labels) : (labels[single] ?? "");
  if (labelled) parts.push(labelled);
  if (!named && !labelled && field.name === VALUE_NAME && frame.name) parts.push(frame.name);
  const name = parts.length ? parts.join(" ") : field.name || VALUE_NAME;
  if (name !== field.name) return name;
  const twins = same.get(name)!;
  return twins.length > 1 ? `${name} ${twins.indexOf(field) + 1}` : name;
}

function namesOf(frames: readonly Frame[]): Map<Field, string> {
  const names = new Map<Field, string>();
  const single = onlyLabel(frames);
  const differ = frames.some((frame, i) => i > 0 && frame.name !== frames[i - 1]!.name);
  for (const frame of frames) {
    const same = new Map<string, Field[]>();
    for (const field of frame.fields) {
      const twins = same.get(field.name);
      if (twins) twins.push(field);
      else same.set(field.name, [field]);
    }
    for (const field of frame.fields) names.set(field, nameOf(field, frame, differ, single, same));
  }
  return names;
}

const known = new WeakMap<readonly Frame[], Map<Field, string>>();

/**
 * The display name of every column of `frames`. Which names are needed to tell columns apart depends on all frames of a panel, so
 * they are asked for together; the answer is kept for this list of frames, whose columns must not change.
 */
export function displayNames(frames: readonly Frame[]): Map<Field, string> {
  let names = known.get(frames);
  if (!names) known.set(frames, (names = namesOf(frames)));
  return names;
}

/** Sets `display` of every column of `frames`, and returns them. The columns are changed: give it copies. */
export function setDisplayNames(frames: Frame[]): Frame[] {
  for (const [field, name] of namesOf(frames)) field.display = name;
  return frames;
}

/** The name of a frame for people: its own, else that of its one value column, else its query's letter. */
export function frameName(frame: Frame, frames: readonly Frame[]): string {
  if (frame.name) return frame.name;
  const values = frame.fields.filter((field) => field.type !== "time");
  if (values.length === 1) return displayNames(frames).get(values[0]!) ?? VALUE_NAME;
  return frame.refId ?? "";
}
