/** A row of a list that a person moves by pointer. */

/** Where a row goes whose middle was moved by `by`: among `rows`, by their tops and bottoms, from `from`. */
export function dropPlace(rows: readonly { top: number; bottom: number }[], from: number, by: number): number {
  const own = rows[from];
  if (!own) return from;
  const middle = (own.top + own.bottom) / 2 + by;
  let to = from;
  rows.forEach((row, at) => {
    const centre = (row.top + row.bottom) / 2;
    if (at < from && middle < centre) to = Math.min(to, at);
    if (at > from && middle > centre) to = at;
  });
  return to;
}

/** Follows the pointer until it lets go; the other rows make room meanwhile. Escape puts it back. */
export function dragRow(event: PointerEvent, list: HTMLElement, from: number, onmove: (to: number) => void): void {
  const rows = [...list.children] as HTMLElement[];
  const row = rows[from];
  if (!row) return;
  const places = rows.map((one) => one.getBoundingClientRect());
  const gap = places.length > 1 ? Math.max(0, places[1]!.top - places[0]!.bottom) : 0;
  const height = places[from]!.height + gap;
  const startY = event.clientY + scrollY;
  let to = from;
  const move = (moved: PointerEvent) => {
    const by = moved.clientY + scrollY - startY;
    to = dropPlace(places, from, by);
    rows.forEach((one, at) => {
      const shift = at === from ? by : at > from && at <= to ? -height : at < from && at >= to ? height : 0;
      one.style.transform = shift ? `translateY(${shift}px)` : "";
    });
    row.style.zIndex = "3";
    row.style.position = "relative";
    row.style.opacity = "0.8";
  };
  const end = (drop: boolean) => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", key, true);
    for (const one of rows) one.style.transform = one.style.zIndex = one.style.position = one.style.opacity = "";
    if (drop && to !== from) onmove(to);
  };
  const up = () => end(true);
  const cancel = () => end(false);
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    end(false);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", cancel);
  addEventListener("keydown", key, true);
}
