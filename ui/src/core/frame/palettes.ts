/** Colours by a column's place (palettes) and by how large a value is (continuous scales). Most are in `rare_colors.ts`. */

import { cssColor, type Theme } from "./colors.ts";

const HEX = (digits: string): string[] => digits.split(" ").map((six) => `#${six}`);

const CLASSIC = [
  "green", "semi-dark-yellow", "blue", "orange", "red", "purple", "dark-green", "dark-yellow", "dark-blue", "dark-orange", "dark-red", "dark-purple",
  "super-light-green", "super-light-yellow", "super-light-blue", "super-light-orange", "super-light-red", "super-light-purple",
  ...HEX(
    "447EBC C15C17 890F02 0A437C 6D1F62 584477 B7DBAB F4D598 70DBED F9BA8F F29191 82B5D8 E5A8E2 AEA2E0 629E51 E5AC0E 64B0C8 E0752D BF1B00 " +
      "0A50A1 962D82 614D93 9AC48A F2C96D 65C5DB F9934E EA6460 5195CE D683CE 806EB7 3F6833 967302 2F575E 99440A 58140C 052B51 511749 3F2B5B " +
      "E0F9D7 FCEACA CFFAFF F9E2D2 FCE2DE BADFF4 F9D9F9 DEDAF7",
  ),
];

const PALETTES: Record<string, string[]> = {
  "palette-classic": CLASSIC,
  "palette-classic-by-name": CLASSIC,
};

/** Whether `mode` is a palette: a colour by a column's place, not by its values. */
export function isPalette(mode: string): boolean {
  return mode.startsWith("palette-");
}

/** The colour at `place` (from 0, round and round) of the palette `mode`; of the classic one where it is not known. CSS. */
export function paletteColor(mode: string, place: number, theme: Theme): string {
  const palette = PALETTES[mode] ?? CLASSIC;
  return cssColor(palette[place % palette.length], theme);
}

/** All colours of the palette `mode` as CSS, in order. */
export function palette(mode: string, theme: Theme): string[] {
  return (PALETTES[mode] ?? CLASSIC).map((color) => cssColor(color, theme));
}

/** A place in a palette that depends on nothing but the name. */
export function placeOfName(name: string): number {
  let hash = 5381;
  for (let i = 0; i < name.length; i++) hash = ((hash * 33) ^ name.charCodeAt(i)) >>> 0;
  return hash % 64;
}

/** A scale by its id; null where there is no such. */
export type ScaleOf = (mode: string, theme: Theme) => ((t: number) => string) | null;

let scaleOf: ScaleOf = () => null;

/** `rgb(…)` of `t` (0 to 1, beyond is cut off) on the scale `mode`; null where there is no such scale. */
export function continuousScale(mode: string, theme: Theme): ((t: number) => string) | null {
  return scaleOf(mode, theme);
}

/** More palettes, and the scales. */
export function addColors(palettes: Readonly<Record<string, string[]>>, scales: ScaleOf): void {
  Object.assign(PALETTES, palettes);
  scaleOf = scales;
}
