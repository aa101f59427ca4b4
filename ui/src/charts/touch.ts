/** What fingers do on a plot: one chooses a range, two pinch and push the time. Loaded where there is a touch screen. */

import type uPlot from "uplot";
import type { PlotSpan } from "./plot_host.ts";

export interface TouchEvents {
  /** The range that is shown, ms. */
  range: () => PlotSpan;
  /** Shows another range for now. */
  preview: (span: PlotSpan) => void;
  /** The range that the person wants. */
  zoom: (span: PlotSpan) => void;
}

/** px that a finger moves before it is a drag: less is a tap. */
const DRAG_PX = 10;
/** Shortest distance of two fingers that is reckoned with, px. */
const PINCH_PX = 24;
/** Shortest range that a pinch comes to, ms. */
const SHORTEST_MS = 1000;

/**
 * The range after two fingers went from `before` to `after` (px from the left of the plot): the time between them stays
 * between them, and the range grows as they come together.
 *
 * distance  of the fingers, px: `[before, after]`
 */
export function pinched(range: PlotSpan, width: number, middle: readonly [number, number], distance: readonly [number, number]): PlotSpan {
  const long = range.to - range.from;
  const ratio = Math.max(PINCH_PX, distance[0]) / Math.max(PINCH_PX, distance[1]);
  const length = Math.max(SHORTEST_MS, long * ratio);
  const held = range.from + (middle[0] / width) * long;
  const from = held - (middle[1] / width) * length;
  return { from, to: from + length };
}

/** Follows the fingers on a plot until the function given back is called. Vertical drags stay the page's: it scrolls. */
export function followTouch(plot: uPlot, { range, preview, zoom }: TouchEvents): () => void {
  const { over } = plot;
  const fingers = new Map<number, { x: number; y: number }>();
  let start: { x: number; y: number } | null = null;
  let selecting = false;
  let pinch: { range: PlotSpan; middle: number; distance: number } | null = null;
  let goal: PlotSpan | null = null;
  let planned = 0;

  const at = (event: PointerEvent) => {
    const box = over.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const pair = () => {
    const [a, b] = [...fingers.values()];
    return { middle: (a!.x + b!.x) / 2, distance: Math.hypot(a!.x - b!.x, a!.y - b!.y) };
  };
  const unselect = () => plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);

  function down(event: PointerEvent) {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 1) start = at(event);
    if (fingers.size !== 2) return;
    if (selecting) unselect();
    selecting = false;
    start = null;
    pinch = { range: { ...range() }, ...pair() };
  }

  function move(event: PointerEvent) {
    if (!fingers.has(event.pointerId)) return;
    const now = at(event);
    fingers.set(event.pointerId, now);
    if (pinch && fingers.size === 2) {
      const { middle, distance } = pair();
      goal = pinched(pinch.range, over.clientWidth || 1, [pinch.middle, middle], [pinch.distance, distance]);
      planned ||= requestAnimationFrame(() => {
        planned = 0;
        if (goal) preview(goal);
      });
    } else if (start) {
      const moved = Math.abs(now.x - start.x);
      selecting ||= moved > DRAG_PX && moved > Math.abs(now.y - start.y);
      if (!selecting) return;
      const edge = Math.min(over.clientWidth, Math.max(0, now.x));
      plot.setSelect({ left: Math.min(start.x, edge), width: Math.abs(edge - start.x), top: 0, height: over.clientHeight }, false);
    }
  }

  function up(event: PointerEvent) {
    if (!fingers.delete(event.pointerId)) return;
    if (pinch) {
      if (fingers.size) return;
      if (goal) zoom({ from: Math.round(goal.from), to: Math.round(goal.to) });
    } else if (selecting) {
      const { left, width } = plot.select;
      const span = { from: Math.round(plot.posToVal(left, "x")), to: Math.round(plot.posToVal(left + width, "x")) };
      unselect();
      if (span.to > span.from) zoom(span);
    }
    end();
  }

  /** The browser took the fingers for itself: it scrolls. */
  function cancel(event: PointerEvent) {
    if (!fingers.delete(event.pointerId)) return;
    if (selecting) unselect();
    if (pinch) preview(pinch.range);
    fingers.clear();
    end();
  }

  function end() {
    cancelAnimationFrame(planned);
    planned = 0;
    start = null;
    selecting = false;
    pinch = null;
    goal = null;
  }

  const heard = [["pointerdown", down], ["pointermove", move], ["pointerup", up], ["pointercancel", cancel]] as const;
  for (const [name, listener] of heard) over.addEventListener(name, listener);
  return () => {
    end();
    for (const [name, listener] of heard) over.removeEventListener(name, listener);
  };
}
