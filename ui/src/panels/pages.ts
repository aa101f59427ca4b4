/** Rows of a panel in pages. Pure. */

/** Height of the line with the buttons that turn pages, px. */
export const PAGER_HEIGHT = 30;

export interface Page {
  /** From 0, brought inside what there is. */
  page: number;
  pages: number;
  /** Rows from (inclusive) and to (exclusive). */
  start: number;
  end: number;
}

/** Whether the rows of a table come in pages: today's option or that of its footer. */
export function inPages(options: Record<string, unknown>): boolean {
  return options.enablePagination === true || (options.footer as { enablePagination?: unknown } | null | undefined)?.enablePagination === true;
}

/** The page of `count` rows of which `most` show at once. */
export function pageOf(page: number, count: number, most: number): Page {
  const size = Math.max(1, Math.floor(most));
  const pages = Math.max(1, Math.ceil(count / size));
  const own = Math.min(pages - 1, Math.max(0, page));
  return { page: own, pages, start: own * size, end: Math.min(count, (own + 1) * size) };
}
