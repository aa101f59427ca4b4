/** Colours of dashboards: named hues, `#hex` and CSS functions to CSS that is safe in a style. */

export type Theme = "dark" | "light";

/** From the lightest to the darkest of a hue. */
const SHADES = ["super-light-", "light-", "", "semi-dark-", "dark-"];

const HUES: Record<Theme, Record<string, string>> = {
  dark: {
    red: "FFA6B0 FF7383 F2495C E02F44 C4162A",
    orange: "FFCB7D FFB357 FF9830 FF780A FA6400",
    yellow: "FFF899 FFEE52 FADE2A F2CC0C E0B400",
    green: "C8F2C2 96D98D 73BF69 56A64B 37872D",
    blue: "C0D8FF 8AB8FF 5794F2 3274D9 1F60C4",
    purple: "DEB6F2 CA95E5 B877D9 A352CC 8F3BB8",
  },
  light: {
    red: "FF7383 F2495C E02F44 C4162A AD0317",
    orange: "FFB357 FF9830 FF780A FA6400 E55400",
    yellow: "FFEE52 FADE2A F2CC0C E0B400 CC9D00",
    green: "96D98D 73BF69 56A64B 37872D 19730E",
    blue: "8AB8FF 5794F2 3274D9 1F60C4 1250B0",
    purple: "CA95E5 B877D9 A352CC 8F3BB8 7C2EA3",
  },
};

const OTHER: Record<Theme, Record<string, string>> = {
  dark: { text: "rgb(204, 204, 220)", "panel-bg": "#181B1F", transparent: "rgba(0, 0, 0, 0)" },
  light: { text: "rgba(36, 41, 46, 1)", "panel-bg": "#FFFFFF", transparent: "rgba(0, 0, 0, 0)" },
};

/** What is drawn where nothing says a colour. */
export const FALLBACK_COLOR = "#808080";

function byName(theme: Theme): Map<string, string> {
  const names = new Map(Object.entries(OTHER[theme]));
  for (const [hue, shades] of Object.entries(HUES[theme])) {
    shades.split(" ").forEach((hex, i) => names.set(SHADES[i] + hue, `#${hex}`));
  }
  return names;
}

const NAMES: Record<Theme, Map<string, string>> = { dark: byName("dark"), light: byName("light") };

// Colours end up in style attributes, and dashboards are written by anybody: nothing else passes.
const SAFE = /^(?:#[0-9a-f]{3,8}|[a-z]{3,30}|(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch)\([-\d\s.,%/a-z]*\))$/i;

/** CSS of a colour as dashboards write it: a named hue (`dark-red`), `text`, `#hex`, `rgba(…)` or a CSS name; else grey. */
export function cssColor(color: string | undefined, theme: Theme): string {
  if (!color) return FALLBACK_COLOR;
  const named = NAMES[theme].get(color);
  if (named) return named;
  const bare = color.trim();
  return SAFE.test(bare) ? bare : FALLBACK_COLOR;
}

/** Names of all hues of a theme with their CSS, for a colour picker: by hue, light to dark. */
export function namedColors(theme: Theme): { hue: string; shades: { name: string; css: string }[] }[] {
  return Object.entries(HUES[theme]).map(([hue, shades]) => ({
    hue,
    shades: shades.split(" ").map((hex, i) => ({ name: SHADES[i] + hue, css: `#${hex}` })),
  }));
}

/** Red, green, blue (0 to 255) and opacity (0 to 1). */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** The parts of `#hex`, `rgb()` or `rgba()`; null of anything else. */
export function parseColor(css: string): Rgba | null {
  const hex = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(css)?.[1];
  if (hex) {
    const digits = hex.length < 6 ? [...hex].map((digit) => digit + digit) : (hex.match(/../g) ?? []);
    const [red = 0, green = 0, blue = 0, alpha = 255] = digits.map((pair) => Number.parseInt(pair, 16));
    return [red, green, blue, alpha / 255];
  }
  const inside = /^rgba?\(([^)]*)\)$/i.exec(css)?.[1];
  if (inside === undefined) return null;
  const parts = inside.split(/[\s,/]+/).filter(Boolean).map((part) => (part.endsWith("%") ? Number.parseFloat(part) / 100 : Number(part)));
  const [red, green, blue, alpha = 1] = parts;
  if (red === undefined || green === undefined || blue === undefined || parts.some(Number.isNaN)) return null;
  return [red, green, blue, alpha];
}

/** `css` with its opacity set to `alpha` (0 to 1); as it is where it cannot be read. */
export function withAlpha(css: string, alpha: number): string {
  const parts = parseColor(css);
  return parts ? `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha})` : css;
}

/** "#000" or "#fff": what text is readable on `css`. */
export function textOn(css: string): string {
  const parts = parseColor(css);
  if (!parts || parts[3] < 0.4) return "inherit";
  return (parts[0] * 299 + parts[1] * 587 + parts[2] * 114) / 1000 > 140 ? "#000" : "#fff";
}
