/** Data links of a value: their templates to addresses that a page may have. Pure. */

import type { Theme } from "../core/frame/colors.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import { fieldText, type FieldScope } from "../core/frame/field_text.ts";
import type { Field, Frame } from "../core/frame/frame.ts";
import { linkHref } from "../core/url/sanitize.ts";

export interface Link {
  title: string;
  href: string;
  blank: boolean;
}

/** Which value a link is of: `row` in the frame, undefined for one that was reduced. */
export interface LinkContext {
  field: Field;
  frame: Frame;
  row?: number | undefined;
  theme: Theme;
  zone: string;
}

/** A whole URL may stand in a label (`${__field.labels.url}`): then it is not encoded, but it is still checked. */
const LEADING = /^\$\{__[^}]*\}/;

/** The links of a value that are safe, in their order; `base` is the path that the pages are served at. */
export function dataLinks(context: LinkContext, interpolate: (text: string, format?: string) => string, base = "/"): Link[] {
  const { links } = context.field.config;
  if (!links?.length) return [];
  const scope: FieldScope = {
    field: context.field, frame: context.frame, displayOf: (field) => displayProcessor(field, context.theme, context.zone),
    row: context.row ?? context.field.values.length - 1,
  };
  const made: Link[] = [];
  for (const link of links) {
    if (typeof link?.url !== "string" || link.url === "") continue;
    const url = link.url.replace(/\n/g, "");
    const lead = LEADING.exec(url)?.[0] ?? "";
    const href = linkHref(interpolate(fieldText(lead, scope) + fieldText(url.slice(lead.length), scope, encodeURIComponent), "link"), base);
    if (href === null) continue;
    made.push({ title: interpolate(fieldText(link.title ?? "", scope), "text").trim() || href, href, blank: link.targetBlank === true });
  }
  return made;
}
