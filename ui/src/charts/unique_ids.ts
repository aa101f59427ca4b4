/** Names that may be the same, told apart. Pure. */

/** The names in their order; from the second of the same on with a number that makes it another: "a", "a (2)". */
export function uniqueIds(names: readonly string[]): string[] {
  const taken = new Set<string>(names);
  const counts = new Map<string, number>();
  return names.map((name) => {
    let count = (counts.get(name) ?? 0) + 1;
    let id = name;
    // A series may really be called "a (2)".
    while (count > 1 && taken.has((id = `${name} (${count})`))) count++;
    counts.set(name, count);
    taken.add(id);
    return id;
  });
}

/** The items, each with a key that no other has: of rows whose keys are the same all but the first get their place in it. */
export function uniqueKeys<T extends { index: number; key: number | string | bigint }>(items: readonly T[]): readonly T[] {
  const seen = new Set<unknown>();
  let made: T[] | null = null;
  items.forEach((item, at) => {
    if (seen.has(item.key)) (made ??= [...items])[at] = { ...item, key: `${item.key} at ${item.index}` };
    seen.add(item.key);
  });
  return made ?? items;
}
