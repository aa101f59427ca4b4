/** What one box of a stat panel shows and how large. Pure but for measuring text. */

import { fitText } from "../../charts/text_width.ts";
import { oneOf } from "../../charts/series_style.ts";
import type { PanelValue } from "../values.ts";

export interface StatOptions {
  colorMode: "value" | "background" | "background_solid" | "none";
  graphMode: "area" | "none";
  textMode: "auto" | "value" | "value_and_name" | "name" | "none";
  justify: "auto" | "center";
  wide: boolean;
  percentChange: boolean;
  percentColor: "standard" | "inverted" | "same_as_value";
  titleSize: number | undefined;
  valueSize: number | undefined;
}

/** A panel's options, every key given a value. */
export function statOptions(options: Record<string, unknown>): StatOptions {
  const text = (options.text ?? {}) as Record<string, unknown>;
  const size = (value: unknown) => (typeof value === "number" && value > 0 ? value : undefined);
  return {
    colorMode: oneOf(options.colorMode, ["value", "background", "background_solid", "none"]),
    graphMode: options.graphMode === "area" || options.graphMode === undefined ? "area" : "none",
    textMode: oneOf(options.textMode, ["auto", "value", "value_and_name", "name", "none"]),
    justify: oneOf(options.justifyMode, ["auto", "center"]),
    wide: options.wideLayout !== false,
    percentChange: options.showPercentChange === true,
    percentColor: oneOf(options.percentChangeColorMode, ["standard", "inverted", "same_as_value"]),
    titleSize: size(text.titleSize),
    valueSize: size(text.valueSize),
  };
}

/** Which texts are shown: of one value alone its name stands in the panel's title already. */
export function statTexts(mode: StatOptions["textMode"], count: number): { name: boolean; value: boolean } {
  switch (mode) {
    case "value":
      return { name: false, value: true };
    case "name":
      return { name: true, value: false };
    case "value_and_name":
      return { name: true, value: true };
    case "none":
      return { name: false, value: false };
    default:
      return { name: count > 1, value: true };
  }
}

/** From the first to the last number, as a share of the first; null where there is none. */
export function percentChange(values: readonly unknown[]): number | null {
  const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  const first = values.find(isNumber);
  const last = values.findLast(isNumber);
  if (first === undefined || last === undefined || first === 0) return null;
  return (last - first) / Math.abs(first);
}

/** Share of a box's height that texts get where a graph stands below them. */
export const TEXT_SHARE = 0.7;

export interface StatLayout {
  wide: boolean;
  nameSize: number;
  valueSize: number;
  changeSize: number;
}

/** Font sizes for a box, px; the same for all boxes of a panel, by the longest texts. */
export function layStat(
  box: { width: number; height: number },
  values: readonly Pick<PanelValue, "name">[],
  texts: readonly string[],
  options: StatOptions,
  shows: { name: boolean; value: boolean; graph: boolean; change: boolean },
  family: string,
): StatLayout {
  const width = Math.max(10, box.width - 16);
  // A graph stands at the bottom; texts get what is above it, but for very low boxes.
  const height = Math.max(10, box.height - 8) * (shows.graph && box.height > 60 ? TEXT_SHARE : 1);
  const names = shows.name ? values.map((value) => value.name) : [];
  const wide = options.wide && shows.name && shows.value && box.width / box.height > 2.6;
  if (!shows.value) {
    const nameSize = options.titleSize ?? Math.min(60, fitText(names, width, height * 0.8, family));
    return { wide: false, nameSize, valueSize: 0, changeSize: 0 };
  }
  const changeShare = shows.change ? 0.32 : 0;
  if (wide) {
    const nameSize = options.titleSize ?? Math.max(9, Math.min(26, fitText(names, width * 0.52, height * 0.5, family)));
    const valueSize = options.valueSize ?? Math.min(80, fitText(texts, width * 0.44, height * (0.8 - changeShare), family));
    return { wide, nameSize, valueSize, changeSize: Math.max(10, valueSize * 0.4) };
  }
  const nameSize = shows.name ? (options.titleSize ?? Math.max(9, Math.min(28, height * 0.26, fitText(names, width * 1.6, height * 0.26, family)))) : 0;
  const rest = height - nameSize * 1.3 - 4;
  const valueSize = options.valueSize ?? Math.min(120, fitText(texts, width, rest * (0.9 - changeShare), family));
  return { wide, nameSize, valueSize, changeSize: Math.max(10, Math.min(24, valueSize * 0.4)) };
}
