/** What every transformation is: frames and options to frames. */

import type { Frame } from "../frame.ts";

/**
 * New frames of `frames`, which stay as they are. Options are what a dashboard holds: anything may be missing or wrong, and then a
 * transformation does what makes sense, or nothing; it never throws for them.
 */
export type Transform<Options> = (frames: Frame[], options: Partial<Options>) => Frame[];
