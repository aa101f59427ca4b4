/** Which of many named things a person means by what they typed. */

export interface Named {
  title: string;
  detail?: string;
  words?: string | undefined;
}

/** Those in which every word of `text` stands, the best first: titles that begin with it, then words in titles, then the rest. */
export function rank<T extends Named>(items: readonly T[], text: string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word);
  if (!words.length) return [...items];
  const scored: { item: T; score: number }[] = [];
  for (const item of items) {
    const title = item.title.toLowerCase();
    const rest = `${item.detail ?? ""} ${item.words ?? ""}`.toLowerCase();
    let score = 0;
    for (const word of words) {
      const at = title.indexOf(word);
      if (at === 0) score += 8;
      else if (at > 0) score += /[a-z0-9]/.test(title[at - 1]!) ? 3 : 5;
      else if (rest.includes(word)) score += 1;
      else {
        score = -1;
        break;
      }
    }
    if (score >= 0) scored.push({ item, score: score * 1000 - title.length });
  }
  return scored.sort((a, b) => b.score - a.score).map(({ item }) => item);
}
