/** Ways to format a number: with a plain suffix, scaled by thousands or 1024, as money, as digits of another base. */

import { type Formatted, toFixed } from "./fixed.ts";

/** Makes text of a finite or infinite number; decimals null means as many as fit. `zone` matters to dates alone. */
export type Format = (value: number, decimals: number | null | undefined, zone: string) => Formatted;

const SI_PREFIXES = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const SI_BASE = 5;
const BINARY_PREFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SHORT_SUFFIXES = ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"];
export const COUNT_SUFFIXES = ["", "K", "M", "B", "T"];

/** The number and then `suffix`. */
export function plain(suffix = ""): Format {
  return (value, decimals) => (suffix ? { text: toFixed(value, decimals), suffix } : { text: toFixed(value, decimals) });
}

/** The number times `by`, and then `suffix`. */
export function times(by: number, suffix: string): Format {
  return (value, decimals) => ({ text: toFixed(value * by, decimals), suffix });
}

/** `prefix` and then the number. */
export function prefixed(prefix: string): Format {
  return (value, decimals) => ({ text: toFixed(value, decimals), prefix });
}

/** Divided by the power of `base` that leaves 1 to `base`; `suffixes` from the smallest power, `offset` is the one of base⁰. */
export function scaled(base: number, suffixes: readonly string[], offset = 0): Format {
  const last = suffixes.length - 1;
  return (value, decimals) => {
    if (!Number.isFinite(value)) return { text: toFixed(value) };
    const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / Math.log10(base));
    const index = Math.min(Math.max(offset + power, 0), last);
    return { text: toFixed(value / base ** (index - offset), decimals), suffix: suffixes[index]! };
  };
}

/** SI prefixes (k is 1000); the number comes in 1000^`offset` of `symbol`. */
export function si(symbol: string, offset = 0): Format {
  return scaled(1000, SI_PREFIXES.map((prefix) => ` ${prefix}${symbol}`), SI_BASE + offset);
}

/** Binary prefixes (Ki is 1024); the number comes in 1024^`offset` of `symbol`. */
export function binary(symbol: string, offset = 0): Format {
  return scaled(1024, BINARY_PREFIXES.map((prefix) => ` ${prefix}${symbol}`), offset);
}

/** K, Mil, Bil, Tri … */
export const short: Format = scaled(1000, SHORT_SUFFIXES);

/** K, M, B, T, and then `symbol`. */
export function count(symbol: string): Format {
  const scale = scaled(1000, COUNT_SUFFIXES.map((suffix) => `${suffix} ${symbol}`));
  return (value, decimals, zone) => ({ suffix: ` ${symbol}`, ...scale(value, decimals, zone) });
}

/** SI prefixes for a symbol that may carry one itself: `mW` is thousandths. */
export function siOf(symbol: string): Format {
  const first = symbol.length > 1 ? SI_PREFIXES.indexOf(symbol.charAt(0)) : -1;
  return first < 0 ? si(symbol) : si(symbol.slice(1), first - SI_BASE);
}

/** Two words: for zero, and for everything else. */
export function either(yes: string, no: string): Format {
  return (value) => ({ text: value ? yes : no });
}
