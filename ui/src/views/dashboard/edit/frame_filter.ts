/** Frames chosen by letters or names, as a transformation's filter holds them: "A", or an expression of several. */

const escaped = (name: string): string => name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** The names that a filter's options hold; an expression of a person's own is one name. */
export function filterNames(options: unknown): string[] {
  if (typeof options !== "string" || !options) return [];
  const several = /^\/\^\(\?:(.*)\)\$\/$/s.exec(options);
  if (several) return several[1]!.split(/(?<!\\)\|/).map((name) => name.replace(/\\(.)/gs, "$1"));
  return /^[\w|]+$/.test(options) ? options.split("|").filter((name) => name) : [options];
}

/** Options for these names. */
export function filterPattern(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? "";
  return `/^(?:${names.map(escaped).join("|")})$/`;
}
