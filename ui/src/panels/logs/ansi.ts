/** The looks that escape sequences give to parts of a line. Pure. */

import { ESCAPES } from "./escapes.ts";

export interface Look {
  /** One of 16 or 256 by number, or a colour as [red, green, blue]; none where it is the page's. */
  front: Paint | undefined;
  back: Paint | undefined;
  bold: boolean;
  weak: boolean;
  italic: boolean;
  underline: boolean;
  struck: boolean;
}

export type Paint = number | readonly [red: number, green: number, blue: number];

/** A part of the line without its sequences: from (inclusive) to (exclusive). */
export interface Run extends Look {
  from: number;
  to: number;
}

/** Looks of one line at most: what follows looks as the page does. */
export const RUNS = 500;

const PLAIN: Look = { front: undefined, back: undefined, bold: false, weak: false, italic: false, underline: false, struck: false };

/** What each number does, but for colours. */
const SWITCHES: Record<number, Partial<Look>> = {
  0: PLAIN, 1: { bold: true }, 2: { weak: true }, 3: { italic: true }, 4: { underline: true }, 9: { struck: true }, 21: { underline: true },
  22: { bold: false, weak: false }, 23: { italic: false }, 24: { underline: false }, 29: { struck: false }, 39: { front: undefined }, 49: { back: undefined },
};

const byte = (value: number | undefined): number | undefined => (value !== undefined && value >= 0 && value <= 255 ? value : undefined);

/** The colour after 38 or 48, and how many numbers it takes. */
function extended(numbers: readonly number[], at: number): { paint: Paint | undefined; taken: number } {
  if (numbers[at] === 5) return { paint: byte(numbers[at + 1]), taken: 2 };
  if (numbers[at] !== 2) return { paint: undefined, taken: numbers.length - at };
  const parts = [1, 2, 3].map((by) => byte(numbers[at + by]));
  return { paint: parts.includes(undefined) ? undefined : (parts as unknown as Paint), taken: 4 };
}

/** The look after the numbers of one sequence. `turned` is whether front and back have changed places. */
function after(look: Look, turned: boolean, parameters: string): { look: Look; turned: boolean } {
  const now = { ...look };
  let swap = turned;
  // With colons one colour is one parameter: 38:2::255:0:0 has an empty place for the colour space.
  const numbers = parameters.replace(/([34]8:2):\d*(?=:\d*:\d*:)/g, "$1").split(/[;:]/).map((each) => (each === "" ? 0 : Number(each)));
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at]!;
    if (code === 0) swap = false;
    if (code === 7) swap = true;
    else if (code === 27) swap = false;
    else if (code === 38 || code === 48) {
      const { paint, taken } = extended(numbers, at + 1);
      now[code === 38 ? "front" : "back"] = paint;
      at += taken;
    } else if (code >= 30 && code <= 37) now.front = code - 30;
    else if (code >= 40 && code <= 47) now.back = code - 40;
    else if (code >= 90 && code <= 97) now.front = code - 82;
    else if (code >= 100 && code <= 107) now.back = code - 92;
    else Object.assign(now, SWITCHES[code]);
  }
  return { look: now, turned: swap };
}

/** The runs of a line as it came, in their order, in places of the line without its sequences; parts that look as the page are in none. */
export function ansiRuns(raw: string): Run[] {
  const runs: Run[] = [];
  let look = PLAIN;
  let turned = false;
  let read = 0;
  let at = 0;
  const put = (to: number) => {
    const seen = turned ? { ...look, front: look.back ?? (look.front === undefined ? 0 : 15), back: look.front ?? 7 } : look;
    if (to > at && Object.values(seen).some((value) => value !== undefined && value !== false)) runs.push({ ...seen, from: at, to });
    at = to;
  };
  for (const match of raw.matchAll(ESCAPES)) {
    put(at + match.index - read);
    read = match.index + match[0].length;
    if (runs.length >= RUNS) return runs;
    if (match[2] === "m" && !/[<=>?]/.test(match[1]!)) ({ look, turned } = after(look, turned, match[1]!));
  }
  put(at + raw.length - read);
  return runs;
}
