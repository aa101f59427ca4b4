/** Markdown and HTML of text panels, without anything that could run or reach another host by itself. */

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { safeUrl } from "../../core/url/sanitize.ts";
import { inert } from "./inert.ts";

/** Text of a panel at most; more is cut and said. */
export const TEXT_LENGTH = 200_000;

const marked = new Marked({ gfm: true, breaks: false });

const purify = DOMPurify();

purify.addHook("afterSanitizeAttributes", (node) => {
  for (const name of ["href", "xlink:href", "action"]) {
    const value = node.getAttribute(name);
    if (value === null) continue;
    const safe = safeUrl(value);
    if (safe === null) node.removeAttribute(name);
    else node.setAttribute(name, safe);
  }
  if (node.nodeName === "A" && node.hasAttribute("target")) node.setAttribute("rel", "noreferrer noopener");
  // Pictures of other hosts would tell them who looks at the dashboard; ours, and those within the text, stay.
  for (const name of ["src", "poster", "background"]) {
    const value = node.getAttribute(name);
    if (value !== null && (!/^(?:\/(?!\/)|\.{0,2}\/(?!\/)|[\w-]+(?:[/.?#]|$)|data:image\/(?:png|gif|jpeg|webp);)/i.test(value.trim()) || signsOut(value))) node.removeAttribute(name);
  }
  node.removeAttribute("srcset");
  const style = node.getAttribute("style");
  if (style !== null && /url\s*\(|@import|expression|position\s*:\s*(?:fixed|sticky)|image-set|src\s*:/i.test(style.replace(/\\|\/\*.*?\*\//g, ""))) node.removeAttribute("style");
});

/** Whether asking for a picture would end the session of whoever looks at it. */
function signsOut(url: string): boolean {
  try {
    return /(?:^|\/)logout(?:\/|$)/i.test(decodeURIComponent(new URL(url, document.baseURI).pathname));
  } catch {
    return true;
  }
}

/** HTML that may be put into the page. */
export function cleanHtml(html: string): string {
  return purify.sanitize(inert(html), {
    USE_PROFILES: { html: true, svg: true, svgFilters: false },
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "option", "iframe", "object", "embed", "base", "meta", "link", "image", "use", "foreignObject", "dialog"],
    FORBID_ATTR: ["id", "name", "formaction", "ping", "popovertarget", "autofocus", "slot", "is"],
    ALLOW_DATA_ATTR: false,
  });
}

/** Markdown as HTML that may be put into the page. Raises where things stand in each other too deeply to be read. */
export function markdownHtml(text: string): string {
  let html: string;
  try {
    html = marked.parse(text, { async: false });
  } catch (error) {
    throw new Error("the text has too many things within each other to be read as Markdown", { cause: error });
  }
  return cleanHtml(html);
}
