/** Numbers to text with a number of decimals that fits their size. */

/** A formatted number: `prefix` + `text` + `suffix` is what is shown. Blanks belong to prefix and suffix. */
export interface Formatted {
  text: string;
  prefix?: string;
  suffix?: string;
}

/** Decimals that leave three significant digits; none for whole numbers. */
export function autoDecimals(value: number): number {
  if (value === 0 || value % 1 === 0) return 0;
  return Math.max(0, 2 - Math.floor(Math.log(Math.abs(value)) / Math.LN10));
}

/** `value` rounded to `decimals` (null or undefined: as many as fit) and padded with zeros; "" for null, "∞" for infinity. */
export function toFixed(value: number | null, decimals?: number | null): string {
  if (value === null) return "";
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "-∞";
  const places = decimals ?? autoDecimals(value);
  if (value === 0) return (0).toFixed(Math.min(places, 100));
  const factor = 10 ** Math.max(0, places);
  const rounded = String(Math.round(value * factor) / factor);
  // Too large or too small for plain digits: left as the language writes it.
  if (rounded.includes("e") || rounded === "NaN") return rounded;
  const point = rounded.indexOf(".");
  const have = point < 0 ? 0 : rounded.length - point - 1;
  if (have >= places) return rounded;
  return (point < 0 ? `${rounded}.` : rounded) + "0".repeat(places - have);
}

const numberFormats = new Map<string, Intl.NumberFormat>();

/** `value` as the browser's language writes numbers, with at most `most` and at least `least` decimals. */
export function localeNumber(value: number, most: number | null | undefined, least = 0): string {
  const key = `${most ?? ""} ${least}`;
  let made = numberFormats.get(key);
  if (!made) {
    const options: Intl.NumberFormatOptions = { minimumFractionDigits: least };
    if (most !== null && most !== undefined) options.maximumFractionDigits = Math.max(0, Math.min(most, 100));
    numberFormats.set(key, (made = new Intl.NumberFormat(undefined, options)));
  }
  return made.format(value);
}
