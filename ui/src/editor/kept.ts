/** What completion asked a server, kept for some minutes. */

const KEPT_MS = 5 * 60_000;

/** Kept answers by their question; a question that failed is forgotten. */
export class Kept {
  #answers = new Map<string, { at: number; answer: Promise<unknown> }>();

  get<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known && Date.now() - known.at < KEPT_MS) return known.answer as Promise<T>;
    const answer = ask();
    this.#answers.set(key, { at: Date.now(), answer });
    answer.catch(() => this.#answers.delete(key));
    if (this.#answers.size > 300) this.#answers.delete(this.#answers.keys().next().value!);
    return answer;
  }
}

const keptOf = new Map<string, Kept>();

/** The kept answers of a data source: all editors of a page share them. */
export function keptFor(base: string): Kept {
  let kept = keptOf.get(base);
  if (!kept) keptOf.set(base, (kept = new Kept()));
  return kept;
}
