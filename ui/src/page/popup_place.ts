/** Where something that opens stands: below what opened it, above where there is no room, never beyond the window. */

const EDGE = 6;

/** Places `sheet`, whose position is fixed, by `anchor`; `align` says which edges meet. */
export function keepInView(sheet: HTMLElement, anchor: HTMLElement, align: "start" | "end" = "start"): void {
  const by = anchor.getBoundingClientRect();
  const { width, height } = sheet.getBoundingClientRect();
  const left = align === "end" ? by.right - width : by.left;
  sheet.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  const below = by.bottom + 4;
  const top = below + height <= innerHeight - EDGE || by.top < innerHeight / 2 ? below : by.top - height - 4;
  sheet.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
}
