/** The data before each transformation of a panel, and behind the last: what forms choose from, and what people look at. */

import { displayNames } from "../../../core/frame/display_name.ts";
import type { Frame } from "../../../core/frame/frame.ts";
import { transform } from "../../../core/frame/transform.ts";
import type { Step } from "../../../core/frame/transform.ts";

/** One more than there are steps: [before the first, before the second, …, behind the last]. Those switched off change nothing. */
export function stepFrames(frames: Frame[], steps: readonly Step[], interpolate: (text: string) => string): Frame[][] {
  const all = [frames];
  for (const step of steps) all.push(transform(all.at(-1)!, [step], interpolate));
  return all;
}

/** Copies of the frames whose columns have their names for people: as a table shows them. */
export function named(frames: Frame[]): Frame[] {
  const names = displayNames(frames);
  return frames.map((frame) => ({ ...frame, fields: frame.fields.map((field) => ({ ...field, display: names.get(field) ?? field.name })) }));
}

/** What a step itself complained of. */
export function stepNotices(before: Frame[], after: Frame[]): string[] {
  const old = new Set(before.flatMap((frame) => frame.meta?.notices?.map((notice) => notice.text) ?? []));
  return after.flatMap((frame) => frame.meta?.notices?.map((notice) => notice.text) ?? []).filter((text) => !old.has(text));
}
