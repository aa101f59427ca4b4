/** Lines that are followed, newest first. */

import type { LogRow } from "../../panels/logs/log_rows.ts";

/** Lines that are kept. */
export const MOST_ROWS = 2000;

/** `rows` with `fresh` before them, each line once: after a broken connection the server tells some again. Cut to `most`. */
export function joined(rows: readonly LogRow[], fresh: readonly LogRow[], most = MOST_ROWS): LogRow[] {
  const known = new Set(rows.map((row) => row.id));
  const added: LogRow[] = [];
  for (const row of fresh) {
    if (known.has(row.id)) continue;
    known.add(row.id);
    added.push(row);
  }
  return added.length ? [...added, ...rows].slice(0, most) : (rows as LogRow[]);
}

/** Those of `found` that are in none of the lists. */
export function unknownRows(found: readonly LogRow[], ...lists: (readonly LogRow[])[]): LogRow[] {
  const known = new Set(lists.flatMap((rows) => rows.map((row) => row.id)));
  return found.filter((row) => !known.has(row.id));
}
