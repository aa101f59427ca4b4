/** Where a query is wrong, for people: the line, the column, and the text around it. */

export interface Excerpt {
  line: number;
  column: number;
  before: string;
  wrong: string;
  after: string;
}

const AROUND = 32;

/** The place of `from` to `to` in `text`. Only what stands in its line is shown. */
export function excerptOf(text: string, from: number, to: number): Excerpt {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const next = text.indexOf("\n", from);
  const end = next < 0 ? text.length : next;
  const line = text.slice(0, start).split("\n").length;
  const stop = Math.max(from, Math.min(to, end));
  const before = text.slice(start, from);
  const after = text.slice(stop, end);
  return {
    line, column: from - start + 1, wrong: text.slice(from, stop),
    before: before.length > AROUND ? `…${before.slice(-AROUND)}` : before,
    after: after.length > AROUND ? `${after.slice(0, AROUND)}…` : after,
  };
}
