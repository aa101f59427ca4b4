/** Colour schemes of heatmaps: ColorBrewer's and other well-known sequences, light to dark or from one end to the other. Pure. */

import { parseColor } from "../../core/frame/colors.ts";
import { mix } from "../../charts/css_color.ts";

/** Stops without the sign #. A leading ~ marks sequences whose high end is the first; a leading + those that begin dark. */
const SCHEMES: Record<string, string> = {
  Blues: "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
  Greens: "f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b",
  Greys: "ffffff f0f0f0 d9d9d9 bdbdbd 969696 737373 525252 252525 000000",
  Oranges: "fff5eb fee6ce fdd0a2 fdae6b fd8d3c f16913 d94801 a63603 7f2704",
  Purples: "fcfbfd efedf5 dadaeb bcbddc 9e9ac8 807dba 6a51a3 54278f 3f007d",
  Reds: "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
  BuGn: "f7fcfd e5f5f9 ccece6 99d8c9 66c2a4 41ae76 238b45 006d2c 00441b",
  BuPu: "f7fcfd e0ecf4 bfd3e6 9ebcda 8c96c6 8c6bb1 88419d 810f7c 4d004b",
  GnBu: "f7fcf0 e0f3db ccebc5 a8ddb5 7bccc4 4eb3d3 2b8cbe 0868ac 084081",
  OrRd: "fff7ec fee8c8 fdd49e fdbb84 fc8d59 ef6548 d7301f b30000 7f0000",
  PuBu: "fff7fb ece7f2 d0d1e6 a6bddb 74a9cf 3690c0 0570b0 045a8d 023858",
  PuBuGn: "fff7fb ece2f0 d0d1e6 a6bddb 67a9cf 3690c0 02818a 016c59 014636",
  PuRd: "f7f4f9 e7e1ef d4b9da c994c7 df65b0 e7298a ce1256 980043 67001f",
  RdPu: "fff7f3 fde0dd fcc5c0 fa9fb5 f768a1 dd3497 ae017e 7a0177 49006a",
  YlGn: "ffffe5 f7fcb9 d9f0a3 addd8e 78c679 41ab5d 238443 006837 004529",
  YlGnBu: "ffffd9 edf8b1 c7e9b4 7fcdbb 41b6c4 1d91c0 225ea8 253494 081d58",
  YlOrBr: "ffffe5 fff7bc fee391 fec44f fe9929 ec7014 cc4c02 993404 662506",
  YlOrRd: "ffffcc ffeda0 fed976 feb24c fd8d3c fc4e2a e31a1c bd0026 800026",
  Spectral: "~9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2",
  RdYlGn: "~a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837",
  RdYlBu: "~a50026 d73027 f46d43 fdae61 fee090 ffffbf e0f3f8 abd9e9 74add1 4575b4 313695",
  RdBu: "~67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061",
  Viridis: "+440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
  Magma: "+000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
  Inferno: "+000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
  Plasma: "+0d0887 46039f 7201a8 9c179e bd3786 d8576b ed7953 fb9f3a fdca26 f0f921",
  Cividis: "+00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
  Turbo: "+30123b 4145ab 4675ed 39a2fc 1bcfd4 24eca6 61fc6c a4fc3b d1e834 f3c63a fe9b2d f36315 d93806 b11901 7a0402",
  Warm: "+6e40aa 963db3 bf3caf e4419d fe4b83 ff5e63 ff7847 fb9633 e2b72f c6d63c aff05b",
  Cool: "+6e40aa 6054c8 4c6edb 368ce1 23abd8 1ac7c2 1ddfa3 30ef82 52f667 7ff658 aff05b",
  Cubehelix: "+000000 1a1530 163d4e 1f6642 54792f a07949 d07e93 cf9cda c1caf3 d2eeef ffffff",
};

/** Names for a menu. */
export const SCHEME_NAMES: readonly string[] = Object.keys(SCHEMES);

export interface HeatColors {
  /** CSS for each step, from low to high. */
  steps: string[];
  /** The step of a value. */
  stepOf: (value: number) => number;
  /** The values of the first and the last step. */
  min: number;
  max: number;
}

interface ColorOptions {
  mode?: unknown;
  scheme?: unknown;
  fill?: unknown;
  steps?: unknown;
  reverse?: unknown;
  scale?: unknown;
  exponent?: unknown;
  min?: unknown;
  max?: unknown;
}

function sequence(name: string, dark: boolean): string[] {
  const text = Object.hasOwn(SCHEMES, name) ? SCHEMES[name]! : SCHEMES.Oranges!;
  const stops = text.replace(/^[~+]/, "").split(" ").map((hex) => `#${hex}`);
  // Low values should be near the background: sequences that begin light are turned round where it is dark.
  if (text.startsWith("~")) return stops.reverse();
  return text.startsWith("+") ? stops : dark ? stops.reverse() : stops;
}

/** Colours of the values between `low` and `high`, as a panel's `options.color` says; `fill` is the CSS of its one colour. */
export function heatColors(options: ColorOptions, low: number, high: number, dark: boolean, fill: string): HeatColors {
  const count = Math.round(Math.min(128, Math.max(2, typeof options.steps === "number" ? options.steps : 64)));
  const min = typeof options.min === "number" ? options.min : low;
  const max = typeof options.max === "number" ? options.max : high;
  const exponent = typeof options.exponent === "number" && options.exponent > 0 ? options.exponent : 0.5;
  let steps: string[];
  if (options.mode === "opacity") {
    const parts = parseColor(fill) ?? [255, 152, 48, 1];
    const curve = options.scale === "linear" ? 1 : exponent;
    steps = Array.from({ length: count }, (_, index) => `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${(0.08 + 0.92 * ((index + 1) / count) ** curve).toFixed(3)})`);
    return { steps: options.reverse === true ? steps.reverse() : steps, stepOf: stepper(min, max, count), min, max };
  }
  const stops = sequence(String(options.scheme ?? "Oranges"), dark);
  steps = Array.from({ length: count }, (_, index) => {
    const at = (index / (count - 1)) * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(at));
    return mix(stops[from]!, stops[from + 1]!, at - from);
  });
  if (options.reverse === true) steps.reverse();
  return { steps, stepOf: stepper(min, max, count), min, max };
}

function stepper(min: number, max: number, count: number): (value: number) => number {
  return (value) => {
    const share = max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 1;
    return Math.min(count - 1, Math.floor(share * count));
  };
}
