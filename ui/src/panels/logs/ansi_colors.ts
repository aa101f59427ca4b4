/** Colours of terminals as CSS that can be read on the page. Pure. */

import type { Theme } from "../../core/frame/colors.ts";
import type { Paint, Run } from "./ansi.ts";

type Rgb = readonly [number, number, number];

/** Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones. */
const SIXTEEN = "2e3436 cc3a3a 3f9e4d b58900 3b78d8 a64fb8 2397a8 c8ccd0 6b7680 f2697a 6cc985 e3c04b 6ea8fe cf8de0 5fcbdc ffffff".split(" ");

const PAGE: Record<Theme, Rgb> = { dark: [0x16, 0x1b, 0x21], light: [0xff, 0xff, 0xff] };
/** As of WCAG, for texts. */
const CONTRAST = 4.5;

function rgb(paint: Paint): Rgb {
  if (typeof paint !== "number") return paint;
  if (paint < 16) return [0, 2, 4].map((from) => Number.parseInt(SIXTEEN[paint]!.slice(from, from + 2), 16)) as unknown as Rgb;
  if (paint >= 232) return [8 + (paint - 232) * 10, 8 + (paint - 232) * 10, 8 + (paint - 232) * 10];
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return [level(Math.floor((paint - 16) / 36)), level(Math.floor((paint - 16) / 6) % 6), level((paint - 16) % 6)];
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** How far apart two colours are to the eye: 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

/** The colour, made lighter or darker until it can be read on `ground`. */
export function readable(color: Rgb, ground: Rgb): Rgb {
  const goal = luminance(ground) < 0.18 ? 255 : 0;
  for (let share = 0; share < 1; share += 0.1) {
    const tried = color.map((part) => Math.round(part + (goal - part) * share)) as unknown as Rgb;
    if (contrast(tried, ground) >= CONTRAST) return tried;
  }
  return [goal, goal, goal];
}

const css = (color: Rgb) => `rgb(${color.join(", ")})`;

/** CSS colours of a run; undefined where they are the page's. */
export function runColors(run: Pick<Run, "front" | "back">, theme: Theme): { color: string | undefined; background: string | undefined } {
  const ground = run.back === undefined ? PAGE[theme] : rgb(run.back);
  // On a ground of its own the page's text may be as light, or as dark.
  const front = run.front !== undefined ? rgb(run.front) : run.back !== undefined ? ([128, 128, 128] as const) : undefined;
  return { color: front && css(readable(front, ground)), background: run.back === undefined ? undefined : css(ground) };
}
