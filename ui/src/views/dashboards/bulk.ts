/** The same done to many, one after the other: what failed is told, and stops nothing. */

import { readable } from "../../api/errors.ts";

export interface Outcome {
  done: number;
  /** "Title: why". */
  faults: string[];
}

/** Runs `act` for each; `onprogress` is told how many are through. */
export async function forEach<T extends { title: string }>(list: readonly T[], act: (one: T) => Promise<unknown>, onprogress: (through: number) => void = () => undefined): Promise<Outcome> {
  const outcome: Outcome = { done: 0, faults: [] };
  for (const [at, one] of list.entries()) {
    try {
      await act(one);
      outcome.done++;
    } catch (error) {
      outcome.faults.push(`${one.title}: ${readable(error)}`);
    }
    onprogress(at + 1);
  }
  return outcome;
}
