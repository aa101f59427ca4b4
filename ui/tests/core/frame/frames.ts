/** Small frames for tests. */

import type { Field, Frame } from "../../../src/core/frame/frame.ts";
import { frame } from "../../../src/core/frame/frame.ts";

/** A column; its type by its first value, "time" where it is called Time. */
export function field(name: string, values: unknown[], more: Partial<Field> = {}): Field {
  const sample = values.find((value) => value !== null && value !== undefined);
  const type = name === "Time" ? "time" : typeof sample === "number" ? "number" : typeof sample === "boolean" ? "boolean" : "string";
  return { name, type, values, config: {}, ...more };
}

/** A frame of columns by name. */
export function table(columns: Record<string, unknown[]>, more: Partial<Frame> = {}): Frame {
  return frame(Object.entries(columns).map(([name, values]) => field(name, values)), more);
}

/** What frames hold, by the names of their columns. */
export function contents(frames: Frame[]): Record<string, readonly unknown[]>[] {
  return frames.map(({ fields }) => Object.fromEntries(fields.map(({ name, values }) => [name, values])));
}
