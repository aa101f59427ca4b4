/** Random numbers that are the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** A walk around `level` that stays above `floor`. */
export function walk(seed: number, count: number, level: number, jump: number, floor = 0): number[] {
  const random = seeded(seed);
  let value = level;
  return Array.from({ length: count }, () => {
    value += (random() - 0.5) * jump + (level - value) * 0.03;
    return Math.max(floor, value);
  });
}
