/** The browser tab's title. */

const PRODUCT = "watchkeeper";

/** Sets the title: "Node / USE · watchkeeper". */
export function setTitle(...parts: (string | undefined)[]): void {
  document.title = [...parts.filter((part) => part), PRODUCT].join(" · ");
}
