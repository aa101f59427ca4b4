/** Finds units by name, category or id. */

import { UNIT_CHOICES } from "../../../core/frame/unit_list.ts";

export interface UnitHit {
  id: string;
  name: string;
  category: string;
}

const ALL: readonly UnitHit[] = UNIT_CHOICES.flatMap(({ category, units }) => units.map((one) => ({ id: one.id, name: one.name, category })));

/** Units that have all words of `text`; one whose id or name is just this comes first, then those that begin with it. All where it is empty. */
export function findUnits(text: string): UnitHit[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [...ALL];
  const words = wanted.split(/\s+/);
  const rank = ({ id, name }: UnitHit): number => {
    const [key, title] = [id.toLowerCase(), name.toLowerCase()];
    return key === wanted || title === wanted ? 0 : key.startsWith(wanted) || title.startsWith(wanted) ? 1 : title.includes(wanted) ? 2 : 3;
  };
  return ALL.filter(({ id, name, category }) => words.every((word) => `${id} ${name} ${category}`.toLowerCase().includes(word)))
    .map((hit, at) => ({ hit, at, rank: rank(hit) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ hit }) => hit);
}

/** How units of one's own are written, with what they do to 5. */
export const OWN_UNITS: readonly (readonly [string, string])[] = [
  ["suffix: req", "5 req"], ["prefix:≈ ", "≈ 5"], ["currency:₿", "₿5"], ["si:m", "5 m, 5 km, …"], ["count: items", "5 items, 5 K items"], ["time:YYYY-MM-DD", "a date"],
];
