/** From where a chart was pressed and let go to the time that is meant. Pure. */

/** The least of a drag, px: less is a click. */
export const DRAG_PX = 5;

interface Times {
  from: number;
  to: number;
}

/** The instants under two places of a plotting area (px from the left of the window), the earlier first, in whole seconds; equal for a click. */
export function markedSpan(area: { left: number; width: number }, pressed: number, released: number, shown: Times): Times {
  const at = (x: number) => {
    const share = Math.min(1, Math.max(0, (x - area.left) / Math.max(1, area.width)));
    return Math.round((shown.from + share * (shown.to - shown.from)) / 1000) * 1000;
  };
  const first = at(Math.min(pressed, released));
  return { from: first, to: Math.abs(released - pressed) < DRAG_PX ? first : at(Math.max(pressed, released)) };
}

/** Words with commas between them, each once. */
export function tagList(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()).filter((tag) => tag))];
}
