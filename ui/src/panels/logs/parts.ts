/** What is marked in a line. Pure. */

/** Marks of one line at most. */
const MARKS = 200;

/** The parts of a text; every second one is marked. */
export function markedParts(text: string, highlight: RegExp | null): string[] {
  if (!highlight) return [text];
  const found: string[] = [];
  let last = 0;
  for (const match of text.matchAll(highlight)) {
    if (!match[0] || found.length > MARKS * 2) continue;
    found.push(text.slice(last, match.index), match[0]);
    last = match.index + match[0].length;
  }
  return [...found, text.slice(last)];
}

/** A piece of a line of one look; `run` is -1 where it looks as the page. */
export interface Piece {
  text: string;
  run: number;
  marked: boolean;
}

/** The marked parts of a text cut where looks change: `runs` in their order, in places of the text. */
export function lookedPieces(parts: readonly string[], runs: readonly { from: number; to: number }[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let next = 0;
  parts.forEach((part, place) => {
    const end = at + part.length;
    let from = at;
    while (from < end) {
      while (next < runs.length && runs[next]!.to <= from) next++;
      const run = runs[next];
      const inside = run !== undefined && run.from <= from;
      const to = Math.min(end, inside ? run.to : (run?.from ?? end));
      pieces.push({ text: part.slice(from - at, to - at), run: inside ? next : -1, marked: place % 2 === 1 });
      from = to;
    }
    at = end;
  });
  return pieces;
}
