/** One uPlot on the page: made, fed, resized, taken down; and what people do to it with mouse, finger and keys. */

import uPlot from "uplot";
import type { CrosshairBus } from "./crosshair.ts";

/** Milliseconds since the epoch. */
export interface PlotSpan {
  from: number;
  to: number;
}

/** Where the pointer is: px in the plotting area; `shared` when it is in another chart. */
export interface Hover {
  index: number;
  left: number;
  top: number;
  /** Value of the x scale under the pointer. */
  x: number;
  shared: boolean;
  /** It is a finger's. */
  touch?: boolean;
}

/** What is drawn. A new `shape` makes a new plot; else only the data is changed. */
export interface Drawing {
  shape: string;
  /** Without size, x range and interaction: those are ours. Called when the shape is new. */
  options: () => Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
}

export interface PlotEvents {
  onZoom?: ((span: PlotSpan) => void) | undefined;
  onHover: (hover: Hover | null, plot: uPlot) => void;
  onClick?: ((hover: Hover, plot: uPlot) => void) | undefined;
  /** After each draw, for marks that lie over the plot. */
  onDraw?: ((plot: uPlot) => void) | undefined;
  /** Whether x is time: else there is no zoom, pan or shared crosshair. */
  timed: boolean;
}

/** A drag shorter than this is a click, px. */
const DRAG_PX = 5;

export class PlotHost {
  #root: HTMLElement;
  #events: PlotEvents;
  #bus: CrosshairBus;
  #plot: uPlot | null = null;
  #shape = "";
  #data: uPlot.AlignedData | null = null;
  #range: PlotSpan = { from: 0, to: 1 };
  /** y scales that a drag on their axis set. */
  #yRanges = new Map<string, [number, number]>();
  #inside = false;
  #panning = false;
  /** uPlot's number of the series that stands out; null where none does. */
  #lit: number | null = null;
  #pressed: { x: number; y: number } | null = null;
  #leave: () => void;
  #stops: (() => void)[] = [];

  constructor(root: HTMLElement, bus: CrosshairBus, events: PlotEvents) {
    this.#root = root;
    this.#bus = bus;
    this.#events = events;
    this.#leave = bus.subscribe(this, (move) => this.#follow(move.time));
  }

  get plot(): uPlot | null {
    return this.#plot;
  }

  /** The range that was set by a drag on the axis of the scale, or null. */
  yRange(key: string): [number, number] | null {
    return this.#yRanges.get(key) ?? null;
  }

  /** Draws: makes the plot anew only where the shape changed. */
  show(drawing: Drawing, width: number, height: number, span: PlotSpan): void {
    if (width < 10 || height < 10) return;
    const moved = span.from !== this.#range.from || span.to !== this.#range.to;
    if (!this.#panning) this.#range = span;
    if (!this.#plot || drawing.shape !== this.#shape) {
      this.#unmake();
      this.#shape = drawing.shape;
      this.#data = drawing.data;
      this.#make(drawing.options(), drawing.data, width, height);
      return;
    }
    const plot = this.#plot;
    if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
    if (drawing.data !== this.#data || moved) {
      this.#data = drawing.data;
      plot.setData(drawing.data);
    } else {
      plot.redraw(false);
    }
  }

  destroy(): void {
    this.#leave();
    this.#unmake();
  }

  #unmake(): void {
    for (const stop of this.#stops.splice(0)) stop();
    if (this.#inside) this.#bus.publish({ source: this, time: null });
    this.#inside = false;
    this.#plot?.destroy();
    this.#plot = null;
  }

  #make(options: Omit<uPlot.Options, "width" | "height">, data: uPlot.AlignedData, width: number, height: number): void {
    const timed = this.#events.timed;
    const own: uPlot.Hooks.Arrays = {
      setCursor: [(plot) => this.#moved(plot)],
      setSelect: [(plot) => this.#selected(plot)],
      draw: [(plot) => this.#events.onDraw?.(plot)],
    };
    const hooks: Record<string, unknown[]> = { ...(options.hooks as Record<string, unknown[]> | undefined) };
    for (const [name, list] of Object.entries(own)) hooks[name] = [...(hooks[name] ?? []), ...list];
    const scales: uPlot.Scales = { ...options.scales };
    if (timed) scales.x = { ...scales.x, time: false, auto: true, range: () => [this.#range.from, this.#range.to] };
    const full: uPlot.Options = {
      ...options,
      width,
      height,
      ms: 1,
      scales,
      legend: { show: false },
      cursor: {
        ...options.cursor,
        drag: { x: timed, y: false, setScale: false, dist: DRAG_PX },
        bind: {
          mousedown: (_plot, _target, handler) => (event) => {
            this.#pressed = { x: event.clientX, y: event.clientY };
            if (timed && event.shiftKey && event.button === 0) this.#startPan(event);
            else handler(event);
            return null;
          },
          dblclick: () => () => {
            this.#zoomOut();
            return null;
          },
        },
      },
      hooks: hooks as uPlot.Hooks.Arrays,
    };
    const plot = new uPlot(full, data, this.#root);
    this.#plot = plot;
    const listen = <K extends keyof HTMLElementEventMap>(target: HTMLElement, name: K, heard: (event: HTMLElementEventMap[K]) => void) => {
      target.addEventListener(name, heard);
      this.#stops.push(() => target.removeEventListener(name, heard));
    };
    listen(plot.over, "mouseenter", () => {
      this.#inside = true;
    });
    listen(plot.over, "mouseleave", () => {
      this.#inside = false;
      this.#bus.publish({ source: this, time: null });
      this.#events.onHover(null, plot);
    });
    listen(plot.over, "click", (event) => {
      const from = this.#pressed;
      if (from && Math.abs(event.clientX - from.x) < DRAG_PX && Math.abs(event.clientY - from.y) < DRAG_PX) {
        const hover = this.#hover(plot, false);
        if (hover) this.#events.onClick?.({ ...hover, touch: (event as PointerEvent).pointerType === "touch" }, plot);
      }
    });
    if (timed && navigator.maxTouchPoints > 0) void this.#touch(plot);
    if (this.#lit !== null) this.light(this.#lit);
    const axes = this.#root.querySelectorAll<HTMLElement>(".u-axis");
    plot.axes.forEach((axis, index) => {
      const element = axes[index];
      if (!element || axis.show === false) return;
      if (axis.scale === "x") {
        if (!timed) return;
        element.style.cursor = "ew-resize";
        listen(element, "pointerdown", (event) => this.#startPan(event));
      } else if (axis.scale !== undefined) {
        const key = axis.scale;
        element.style.cursor = "ns-resize";
        listen(element, "pointerdown", (event) => this.#startStretch(event, key));
        listen(element, "dblclick", () => {
          this.#yRanges.delete(key);
          plot.setData(plot.data);
        });
      }
    });
  }

  async #touch(plot: uPlot): Promise<void> {
    const { followTouch } = await import("./touch.ts");
    if (this.#plot !== plot) return;
    const stop = followTouch(plot, {
      range: () => this.#range,
      preview: (span) => {
        this.#range = span;
        plot.setScale("x", { min: span.from, max: span.to });
      },
      zoom: (span) => this.#events.onZoom?.(span),
    });
    this.#stops.push(stop);
  }

  /** Dims all series but one, by uPlot's number; none where it is null. */
  light(series: number | null): void {
    this.#lit = series;
    this.#plot?.setSeries(series as number, { focus: true }, false);
  }

  #hover(plot: uPlot, shared: boolean): Hover | null {
    const { idx, left, top } = plot.cursor;
    if (left === undefined || left < 0 || top === undefined || idx === null || idx === undefined) return null;
    return { index: idx, left, top, x: plot.posToVal(left, "x"), shared };
  }

  #moved(plot: uPlot): void {
    if (!this.#inside) return;
    const hover = this.#hover(plot, false);
    this.#events.onHover(hover, plot);
    if (this.#events.timed) this.#bus.publish({ source: this, time: hover ? hover.x : null });
  }

  #follow(time: number | null): void {
    const plot = this.#plot;
    if (!plot || this.#inside || !this.#events.timed) return;
    if (time === null || this.#bus.mode === 0 || time < this.#range.from || time > this.#range.to) {
      plot.setCursor({ left: -10, top: -10 }, false);
      this.#events.onHover(null, plot);
      return;
    }
    plot.setCursor({ left: plot.valToPos(time, "x"), top: -10 }, false);
    this.#events.onHover(this.#bus.mode === 2 ? this.#hover(plot, true) : null, plot);
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < DRAG_PX) return;
    const from = plot.posToVal(left, "x");
    const to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (this.#events.timed && to > from) this.#events.onZoom?.({ from: Math.round(from), to: Math.round(to) });
  }

  #zoomOut(): void {
    if (!this.#events.timed) return;
    const half = Math.max(500, (this.#range.to - this.#range.from) / 2);
    this.#events.onZoom?.({ from: Math.round(this.#range.from - half), to: Math.round(this.#range.to + half) });
  }

  /** Moves the span by a share of it, for keys. */
  pan(share: number): void {
    const by = (this.#range.to - this.#range.from) * share;
    this.#events.onZoom?.({ from: Math.round(this.#range.from + by), to: Math.round(this.#range.to + by) });
  }

  /** Puts the crosshair on the next value left (-1) or right (1), for keys. */
  step(by: number): void {
    const plot = this.#plot;
    if (!plot) return;
    const times = plot.data[0];
    if (times.length === 0) return;
    const at = plot.cursor.idx;
    const index = Math.min(times.length - 1, Math.max(0, at === null || at === undefined ? times.length - 1 : at + by));
    plot.setCursor({ left: plot.valToPos(times[index]!, "x"), top: plot.over.clientHeight / 2 }, false);
    this.#events.onHover(this.#hover(plot, false), plot);
    if (this.#events.timed) this.#bus.publish({ source: this, time: times[index]! });
  }

  /** Takes the crosshair away. */
  clear(): void {
    this.#bus.publish({ source: this, time: null });
    this.#plot?.setCursor({ left: -10, top: -10 }, false);
  }

  /** What is under the crosshair now. */
  current(): Hover | null {
    return this.#plot ? this.#hover(this.#plot, false) : null;
  }

  #startPan(event: MouseEvent): void {
    const plot = this.#plot;
    if (!plot || event.button !== 0) return;
    event.preventDefault();
    const start = event.clientX;
    const from = { ...this.#range };
    const perPx = (from.to - from.from) / Math.max(1, plot.over.clientWidth);
    this.#panning = true;
    this.#drag(
      (move) => {
        const by = (start - move.clientX) * perPx;
        this.#range = { from: from.from + by, to: from.to + by };
        plot.setScale("x", { min: this.#range.from, max: this.#range.to });
      },
      (moved) => {
        this.#panning = false;
        const { from: left, to: right } = this.#range;
        if (moved) this.#events.onZoom?.({ from: Math.round(left), to: Math.round(right) });
      },
    );
  }

  #startStretch(event: PointerEvent, key: string): void {
    const plot = this.#plot;
    const scale = plot?.scales[key];
    if (!plot || event.button !== 0 || scale?.min === undefined || scale.max === undefined) return;
    event.preventDefault();
    const start = event.clientY;
    const low = scale.min;
    const high = scale.max;
    const log = scale.distr === 3;
    this.#drag(
      (move) => {
        const factor = Math.exp((move.clientY - start) / 150);
        this.#yRanges.set(key, log ? [low, low * (high / low) ** factor] : [low, low + (high - low) * factor]);
        plot.setData(plot.data);
      },
      () => {},
    );
  }

  /** Follows a pressed pointer, wherever it goes, until it is let go. */
  #drag(onMove: (event: MouseEvent) => void, onEnd: (moved: boolean) => void): void {
    let moved = false;
    let last: MouseEvent | null = null;
    let planned = 0;
    const draw = () => {
      planned = 0;
      if (last) onMove(last);
    };
    const move = (event: MouseEvent) => {
      moved = true;
      last = event;
      planned ||= requestAnimationFrame(draw);
    };
    const stop = () => {
      cancelAnimationFrame(planned);
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    const end = () => {
      stop();
      if (moved && last) onMove(last);
      onEnd(moved);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    this.#stops.push(stop);
  }
}
