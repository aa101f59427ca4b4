/** Colours by a column's place (palettes) and by how large a value is (continuous scales). */

import { cssColor, parseColor, type Theme } from "./colors.ts";

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

/** Eight colours that people with any kind of colour blindness tell apart (Okabe and Ito). */
const COLORBLIND = HEX("0072B2 E69F00 009E73 CC79A7 56B4E9 D55E00 F0E442 999999");
const CATEGORICAL = HEX("5B8FF9 F6903D 5AD8A6 F08BB4 9270CA F6BD16 6DC8EC E8684A 269A99 A3B18A FF99C3 7E92B5");

const PALETTES: Record<string, string[]> = {
  "palette-classic": CLASSIC,
  "palette-classic-by-name": CLASSIC,
  "palette-colorblind": COLORBLIND,
  "palette-categorical-next": CATEGORICAL,
  "palette-categorical-next-2": [...CATEGORICAL.slice(4), ...CATEGORICAL.slice(0, 4)],
  "palette-categorical-next-3": [...CATEGORICAL.slice(8), ...CATEGORICAL.slice(0, 8)],
};

const SCALES: Record<string, string[]> = {
  "continuous-GrYlRd": ["green", "yellow", "red"],
  "continuous-RdYlGr": ["red", "yellow", "green"],
  "continuous-BlYlRd": ["dark-blue", "super-light-yellow", "dark-red"],
  "continuous-YlRd": ["super-light-yellow", "dark-red"],
  "continuous-BlPu": ["blue", "purple"],
  "continuous-YlBl": ["super-light-yellow", "dark-blue"],
  "continuous-blues": ["panel-bg", "dark-blue"],
  "continuous-reds": ["panel-bg", "dark-red"],
  "continuous-greens": ["panel-bg", "dark-green"],
  "continuous-purples": ["panel-bg", "dark-purple"],
  "continuous-viridis": HEX("440154 482878 3E4A89 31688E 26828E 1F9E89 35B779 6DCD59 B4DE2C FDE725"),
  "continuous-magma": HEX("000004 180F3D 440F76 721F81 9E2F7F CD4071 F1605D FD9668 FECA8D FCFDBF"),
  "continuous-plasma": HEX("0D0887 47039F 7301A8 9C179E BD3786 D8576B ED7953 FA9E3B FDC926 F0F921"),
  "continuous-inferno": HEX("000004 1B0C42 4B0C6B 781C6D A52C60 CF4446 ED6925 FB9A06 F7D03C FCFFA4"),
  "continuous-cividis": HEX("00224E 123570 3B496C 575D6D 707173 8A8678 A59C74 C3B369 E1CC55 FEE838"),
};

/** Modes a person may choose, with their titles, in the order of a menu. */
export const COLOR_MODES: readonly (readonly [id: string, title: string])[] = [
  ["fixed", "Single color"], ["shades", "Shades of a color"], ["gradient", "Gradient"], ["thresholds", "From thresholds"],
  ["palette-classic", "Classic palette"], ["palette-classic-by-name", "Classic palette (by series name)"], ["palette-colorblind", "Color blind safe"],
  ["palette-categorical-next", "Categorical Next"], ["palette-categorical-next-2", "Categorical Next 2"], ["palette-categorical-next-3", "Categorical Next 3"],
  ["continuous-viridis", "Viridis"], ["continuous-magma", "Magma"], ["continuous-plasma", "Plasma"], ["continuous-inferno", "Inferno"],
  ["continuous-cividis", "Cividis"], ["continuous-GrYlRd", "Green-Yellow-Red"], ["continuous-RdYlGr", "Red-Yellow-Green"],
  ["continuous-BlYlRd", "Blue-Yellow-Red"], ["continuous-YlRd", "Yellow-Red"], ["continuous-BlPu", "Blue-Purple"], ["continuous-YlBl", "Yellow-Blue"],
  ["continuous-blues", "Blues"], ["continuous-reds", "Reds"], ["continuous-greens", "Greens"], ["continuous-purples", "Purples"],
];

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

type Channel = (t: number) => number;

/** A uniform cubic B-spline through the neighbourhood of `stops`, from the first to the last; `t` is 0 to 1. */
function spline(stops: readonly number[]): Channel {
  const last = stops.length - 1;
  return (t) => {
    const i = t >= 1 ? last - 1 : Math.floor(t * last);
    const u = (t - i / last) * last;
    const b = stops[i]!;
    const c = stops[i + 1]!;
    const a = i > 0 ? stops[i - 1]! : 2 * b - c;
    const d = i < last - 1 ? stops[i + 2]! : 2 * c - b;
    const uu = u * u;
    const uuu = uu * u;
    return ((1 - 3 * u + 3 * uu - uuu) * a + (4 - 6 * uu + 3 * uuu) * b + (1 + 3 * u + 3 * uu - 3 * uuu) * c + uuu * d) / 6;
  };
}

const scales = new Map<string, ((t: number) => string) | null>();

/** `rgb(…)` of `t` (0 to 1, beyond is cut off) on the scale `mode`; null where there is no such scale. */
export function continuousScale(mode: string, theme: Theme): ((t: number) => string) | null {
  const key = `${theme} ${mode}`;
  let made = scales.get(key);
  if (made === undefined) {
    const stops = Object.hasOwn(SCALES, mode) ? SCALES[mode] : undefined;
    made = stops ? blend(stops.map((stop) => cssColor(stop, theme))) : null;
    scales.set(key, made);
  }
  return made;
}

/** `rgb(…)` of `t` (0 to 1, beyond is cut off) on a smooth scale through colours (CSS, two at least). */
export function blend(stops: readonly string[]): (t: number) => string {
  const parts = stops.map((stop) => parseColor(stop) ?? [128, 128, 128, 1]);
  const [red, green, blue] = [0, 1, 2].map((channel) => spline(parts.map((part) => part[channel]!))) as [Channel, Channel, Channel];
  const whole = (n: number): number => Math.max(0, Math.min(255, Math.round(n)));
  return (t) => {
    const at = t > 0 ? Math.min(t, 1) : 0;
    return `rgb(${whole(red(at))}, ${whole(green(at))}, ${whole(blue(at))})`;
  };
}
