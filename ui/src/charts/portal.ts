/** Elements that must not be cut off by the panel that they belong to. */

/** Attachment: moves the element to the end of the page's body; it is taken away with its component. */
export function portal(element: HTMLElement): () => void {
  document.body.append(element);
  return () => element.remove();
}
