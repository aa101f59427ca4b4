/** How wide texts are, and how large they may be. */

let ruler: CanvasRenderingContext2D | null | undefined;

/** Width of the widest of the texts in a CSS font, px; a guess where there is no canvas. */
export function textWidth(texts: readonly (string | number | null)[], font: string): number {
  if (ruler === undefined) ruler = typeof document === "undefined" || typeof CanvasRenderingContext2D === "undefined" ? null : document.createElement("canvas").getContext("2d");
  let most = 0;
  if (ruler) ruler.font = font;
  for (const text of texts) most = Math.max(most, ruler ? ruler.measureText(String(text ?? "")).width : String(text ?? "").length * 6.2);
  return most;
}

/** The largest font size, px, at which all texts are at most `width` wide and `height` high. */
export function fitText(texts: readonly string[], width: number, height: number, family: string, weight = 500): number {
  // Texts grow with their font in proportion: one measure is enough.
  const at100 = textWidth(texts, `${weight} 100px ${family}`) || 1;
  return Math.max(6, Math.min((width / at100) * 100, height / 1.15));
}
