/** A selector of streams, put together from values that a person picked. */

import { escapeRegex } from "../../core/variables/formats.ts";

/** The values picked of each label, in the order of the labels. */
export type Picked = Readonly<Record<string, readonly string[]>>;

/** `{job="a", pod=~"x|y"}`; labels without values are left out, `except` too. "" where nothing is picked. */
export function selectorOf(picked: Picked, except = ""): string {
  const parts = Object.entries(picked).flatMap(([name, values]) => {
    if (!values.length || name === except) return [];
    return [values.length === 1 ? `${name}=${JSON.stringify(values[0])}` : `${name}=~${JSON.stringify(values.map(escapeRegex).join("|"))}`];
  });
  return parts.length ? `{${parts.join(", ")}}` : "";
}

/** With a value more, or less where it was there. */
export function toggled(picked: Picked, name: string, value: string): Picked {
  const values = picked[name] ?? [];
  return { ...picked, [name]: values.includes(value) ? values.filter((one) => one !== value) : [...values, value] };
}

/** Without a label, or with it and no values yet. */
export function toggledLabel(picked: Picked, name: string): Picked {
  if (!(name in picked)) return { ...picked, [name]: [] };
  return Object.fromEntries(Object.entries(picked).filter(([one]) => one !== name));
}
