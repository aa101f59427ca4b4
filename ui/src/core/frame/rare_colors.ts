/** Palettes and scales that few dashboards have: fetched for those, and known to `palettes.ts` once this module is there. */

import { cssColor, parseColor, type Theme } from "./colors.ts";
import { addColors } from "./palettes.ts";

const HEX = (digits: string): string[] => digits.split(" ").map((six) => `#${six}`);

/** Eight colours that people with any kind of colour blindness tell apart (Okabe and Ito). */
const COLORBLIND = HEX("0072B2 E69F00 009E73 CC79A7 56B4E9 D55E00 F0E442 999999");
const CATEGORICAL = HEX("5B8FF9 F6903D 5AD8A6 F08BB4 9270CA F6BD16 6DC8EC E8684A 269A99 A3B18A FF99C3 7E92B5");

const PALETTES: Record<string, string[]> = {
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
function continuous(mode: string, theme: Theme): ((t: number) => string) | null {
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
function blend(stops: readonly string[]): (t: number) => string {
  const parts = stops.map((stop) => parseColor(stop) ?? [128, 128, 128, 1]);
  const [red, green, blue] = [0, 1, 2].map((channel) => spline(parts.map((part) => part[channel]!))) as [Channel, Channel, Channel];
  const whole = (n: number): number => Math.max(0, Math.min(255, Math.round(n)));
  return (t) => {
    const at = t > 0 ? Math.min(t, 1) : 0;
    return `rgb(${whole(red(at))}, ${whole(green(at))}, ${whole(blue(at))})`;
  };
}

addColors(PALETTES, continuous);
