/** Frames within a frame: a table shows them below the row that they are of. */

/** The name of the column that holds them. */
export const NESTED = "__nestedFrames";
