/** Long lists of which only the rows in view are in the page. */

import { elementScroll, observeElementOffset, observeElementRect, type VirtualItem, Virtualizer } from "@tanstack/virtual-core";
import { uniqueKeys } from "./unique_ids.ts";

export interface VirtualOptions {
  count: number;
  /** Height of a row, px: exact, or a guess where rows are measured. */
  rowHeight: number;
  /** What stays the same when rows move; the index without. */
  keyOf?: ((index: number) => number | string) | undefined;
}

/** Rows in view of a scrolling element: `update` in an effect, `scroller` as its attachment. */
export class VirtualList {
  items = $state.raw<readonly VirtualItem[]>([]);
  total = $state(0);
  #element: HTMLElement | null = null;
  #options: VirtualOptions = { count: 0, rowHeight: 30 };
  #list = new Virtualizer<HTMLElement, HTMLElement>(this.#settings());

  #settings() {
    const { count, rowHeight, keyOf } = this.#options;
    return {
      count, getScrollElement: () => this.#element, estimateSize: () => rowHeight, scrollToFn: elementScroll, observeElementRect, observeElementOffset,
      overscan: 8, initialRect: { width: 0, height: 600 }, ...(keyOf ? { getItemKey: keyOf } : {}), onChange: () => this.#read(),
    };
  }

  #read(): void {
    // While rows are being replaced the list may hold places of the old ones beside those of the new.
    this.items = uniqueKeys(this.#list.getVirtualItems());
    this.total = this.#list.getTotalSize();
  }

  /** Attachment of the element that scrolls. */
  scroller = (element: HTMLElement): (() => void) => {
    this.#element = element;
    const stop = this.#list._didMount();
    this.#list._willUpdate();
    this.#read();
    return () => {
      stop();
      this.#element = null;
    };
  };

  /** Attachment of a row whose height is not known before: it needs `data-index`. */
  measured = (element: HTMLElement): (() => void) => {
    this.#list.measureElement(element);
    return () => this.#list.measureElement(null);
  };

  /** Other rows. */
  update(options: VirtualOptions): void {
    const resized = options.rowHeight !== this.#options.rowHeight;
    this.#options = options;
    this.#list.setOptions(this.#settings());
    if (resized) this.#list.measure();
    this.#list._willUpdate();
    this.#read();
  }

  /** Scrolls to a row. */
  show(index: number, align: "start" | "center" | "end" | "auto" = "auto"): void {
    this.#list.scrollToIndex(index, { align });
  }
}
