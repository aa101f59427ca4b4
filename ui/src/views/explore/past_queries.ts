/** Queries that were run, newest first, kept by the browser: to be found again, starred, and gone through with the arrows. */

/** `queries` are the texts of one run, in their order; `sources` whom each was asked of, where that was not one for all. */
export interface PastQuery {
  uid: string;
  type: string;
  queries: string[];
  sources?: { uid: string; type: string }[];
  /** Ms since the epoch. */
  at: number;
  starred?: boolean;
  comment?: string;
}

const MOST = 300;

function valid(one: unknown): one is PastQuery {
  const entry = one as PastQuery | null;
  return (
    typeof entry === "object" && entry !== null && typeof entry.uid === "string" && typeof entry.at === "number" && Array.isArray(entry.queries) &&
    entry.queries.length > 0 && entry.queries.every((query) => typeof query === "string") && (entry.sources === undefined || Array.isArray(entry.sources))
  );
}

/** What is kept; nothing where it can't be read. */
export function readHistory(text: string | null): PastQuery[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter(valid).map((one) => ({ ...one, type: typeof one.type === "string" ? one.type : "prometheus" })) : [];
  } catch {
    return [];
  }
}

/** `list` with a run before all others; the same run is there once, with its star and comment. The oldest without a star go. */
export function withRun(list: readonly PastQuery[], run: PastQuery, most = MOST): PastQuery[] {
  const same = (one: PastQuery) => one.uid === run.uid && one.queries.length === run.queries.length && one.queries.every((query, at) => query === run.queries[at]);
  const before = list.find(same);
  const all = [{ ...run, ...(before?.starred ? { starred: true } : {}), ...(before?.comment ? { comment: before.comment } : {}) }, ...list.filter((one) => !same(one))];
  let plain = 0;
  return all.filter((one) => one.starred || plain++ < most);
}

/** Entries of which every word is in a query or the comment. */
export function findRuns(list: readonly PastQuery[], text: string, options: { starred?: boolean; uid?: string } = {}): PastQuery[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return list.filter((one) => {
    if ((options.starred && !one.starred) || (options.uid && one.uid !== options.uid)) return false;
    const all = `${one.queries.join("\n")}\n${one.comment ?? ""}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Texts for the arrows of an editor of this data source's type, newest first, each once. */
export function pastTexts(list: readonly PastQuery[], type: string): string[] {
  return [...new Set(list.flatMap((one) => one.queries.filter((_, at) => (one.sources?.[at]?.type ?? one.type) === type)))];
}

export type RunOrder = "newest" | "oldest" | "text";

/** The list as it is shown. */
export function inOrder(list: readonly PastQuery[], order: RunOrder): PastQuery[] {
  const by = { newest: (a: PastQuery, b: PastQuery) => b.at - a.at, oldest: (a: PastQuery, b: PastQuery) => a.at - b.at, text: (a: PastQuery, b: PastQuery) => a.queries.join("\n").localeCompare(b.queries.join("\n")) };
  return [...list].sort(by[order]);
}
