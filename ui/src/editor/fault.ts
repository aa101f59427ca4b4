/** Where the server says that a query is wrong, as a range of the text. */

import type { ApiError } from "../api/errors.ts";

export interface Fault {
  /** Offsets in the text; `to` after the end, more than `from` where the text has anything there. */
  from: number;
  to: number;
  message: string;
}

/** The offset of a place that the server counts from line 1, column 1; the end of the text where it lies beyond. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** The fault of an answer: the word at the server's place, or what stands last where it points at the end; without a place, all. */
export function faultOf(text: string, error: Pick<ApiError, "message" | "position">): Fault {
  const message = error.message
    .replace(/^invalid parameter "query": /, "")
    .replace(/^\d+:\d+: (?=parse error)/, "")
    .replace(/^parse error(?: at line \d+, col(?:umn)? \d+)?: /, "");
  if (!error.position) return { from: 0, to: text.length, message };
  const at = offsetOf(text, error.position.line, error.position.column);
  const word = /^(?:[\w:.]+|\S)/.exec(text.slice(at));
  if (word) return { from: at, to: at + word[0].length, message };
  // A word, a bracket or an operator: without spaces all of the text would be one.
  const last = /(?:[\w:.]+|[()[\]{},"'`]|[^\s\w()[\]{},"'`]+)\s*$/.exec(text.slice(0, at));
  return last ? { from: last.index, to: Math.min(text.length, last.index + last[0].trimEnd().length), message } : { from: 0, to: text.length, message };
}
