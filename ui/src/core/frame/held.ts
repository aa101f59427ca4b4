/** Frames that stand in a query's place: those of a snapshot. */

import type { Frame } from "./frame.ts";

/** As JSON it is nothing: it does not take part in what tells queries apart. */
export class Held {
  constructor(readonly frames: Frame[]) {}

  toJSON(): null {
    return null;
  }
}
