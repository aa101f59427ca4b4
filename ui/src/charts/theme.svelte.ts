/** The page's theme as drawings need it: canvases can't read CSS custom properties by themselves. */

export type ThemeName = "dark" | "light";

/** Colours of the page, resolved, for canvases. */
export interface ChartColors {
  text: string;
  weak: string;
  grid: string;
  border: string;
  panel: string;
  accent: string;
  error: string;
  font: string;
}

const FALLBACK: ChartColors = {
  text: "#dfe5ea", weak: "#93a0ac", grid: "#ffffff12", border: "#29313b", panel: "#161b21", accent: "#4fb3c8", error: "#f2697a", font: "sans-serif",
};

function readName(): ThemeName {
  return typeof document !== "undefined" && document.documentElement.dataset.theme === "light" ? "light" : "dark";
}

function readColors(): ChartColors {
  if (typeof document === "undefined") return FALLBACK;
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: read("--text", FALLBACK.text),
    weak: read("--text-weak", FALLBACK.weak),
    grid: read("--grid-line", FALLBACK.grid),
    border: read("--border", FALLBACK.border),
    panel: read("--bg-panel", FALLBACK.panel),
    accent: read("--accent", FALLBACK.accent),
    error: read("--error", FALLBACK.error),
    font: read("--font", FALLBACK.font),
  };
}

/** Follows `data-theme` on the root element; one for the page, so that panels need no observer each. */
class PageTheme {
  name = $state<ThemeName>(readName());
  #colors: { of: ThemeName; colors: ChartColors } | null = null;

  constructor() {
    if (typeof MutationObserver === "undefined" || typeof document === "undefined") return;
    new MutationObserver(() => {
      this.#colors = null;
      this.name = readName();
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  /** Read once for each theme: reading computed styles is slow. */
  get colors(): ChartColors {
    if (this.#colors?.of !== this.name) this.#colors = { of: this.name, colors: readColors() };
    return this.#colors.colors;
  }
}

export const pageTheme = new PageTheme();
