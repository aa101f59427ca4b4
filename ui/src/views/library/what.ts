/** What is done with a panel of the library. */
export type What = "uses" | "rename" | "move" | "remove";
