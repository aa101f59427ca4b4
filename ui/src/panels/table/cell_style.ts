/** Looks of cells that another column tells. Pure. */

/** What may be set, by its name in CSS, and the values that it may have: nothing that moves, covers or fetches. */
const COLOR = /^(?:#[0-9a-f]{3,8}|[a-z]{3,30}|(?:rgb|hsl)a?\([\d\s.,%/]*\))$/i;
const SAFE: Record<string, RegExp> = {
  color: COLOR,
  background: COLOR,
  "font-weight": /^(?:normal|bold|[1-9]00)$/,
  "font-style": /^(?:normal|italic)$/,
  "text-decoration": /^(?:none|underline|line-through)$/,
  "text-transform": /^(?:none|uppercase|lowercase|capitalize)$/,
  opacity: /^(?:0?\.\d+|[01])$/,
};

export type CellStyle = Readonly<Record<string, string>>;

/**
 * Values of CSS by their names, of a value that is JSON as `{"color": "red", "fontWeight": "bold"}`; none of anything else, nor
 * of what may not be set. A ground is `background`, however it is given.
 */
export function cellStyle(value: unknown): CellStyle {
  let given = value;
  try {
    if (typeof value === "string") given = JSON.parse(value);
  } catch {
    return {};
  }
  if (given === null || typeof given !== "object") return {};
  const pairs = Object.entries(given).map(([name, each]) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace("background-color", "background"), String(each).trim()] as const);
  return Object.fromEntries(pairs.filter(([name, each]) => Object.hasOwn(SAFE, name) && SAFE[name]!.test(each)));
}
