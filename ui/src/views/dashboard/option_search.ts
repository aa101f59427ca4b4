/** The options that a typed text means. */

import type { Option } from "../../core/variables/options.ts";

/** Drawn at most: a variable may have 100,000 values. */
export const MOST_SHOWN = 300;

/** Options whose text or value has every word of `text` in it, those that begin with it first; cut to what is drawn. */
export function matching(options: readonly Option[], text: string): Option[] {
  const words = text.toLowerCase().trim().split(/\s+/).filter((word) => word);
  if (!words.length) return options.slice(0, MOST_SHOWN);
  const first: Option[] = [];
  const rest: Option[] = [];
  const start = words.join(" ");
  for (const option of options) {
    const name = option.text.toLowerCase();
    if (name.startsWith(start)) first.push(option);
    else if (rest.length < MOST_SHOWN && words.every((word) => name.includes(word) || option.value.toLowerCase().includes(word))) rest.push(option);
    if (first.length >= MOST_SHOWN) break;
  }
  return [...first, ...rest].slice(0, MOST_SHOWN);
}
