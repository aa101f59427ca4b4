/** Takes out of HTML what a browser complains of while it reads it, even where nothing of it could take effect. */

/** Elements that a browser heeds while it reads a document. */
const HEEDED = /^<(?:base|meta|link)$/i;

/**
 * `html` without the attributes whose name begins with "on", and with elements for a document's head under other names. Every
 * `<x` is read as a tag, also one within a comment, a quoted text or a script, so that whatever the browser takes for a tag
 * was looked at. The text is for the sanitiser, not for the page.
 */
export function inert(html: string): string {
  const edits: [from: number, to: number, text: string][] = [];
  // Where an attribute may begin is read once, whichever tag led there: the work stays in proportion to the text.
  const seen = new Set<number>();
  for (const tag of html.matchAll(/<[a-z][^\s/>]*/gi)) {
    if (HEEDED.test(tag[0])) edits.push([tag.index + 1, tag.index + 1, "x-"]);
    let at = tag.index + tag[0].length;
    while (at < html.length && !seen.has(at)) {
      seen.add(at);
      const start = skip(html, at, BEFORE);
      if (start >= html.length || html[start] === ">") break;
      const nameEnd = skip(html, start + 1, NAME);
      let end = skip(html, nameEnd, SPACE);
      if (html[end] !== "=") end = nameEnd;
      else {
        end = skip(html, end + 1, SPACE);
        const quote = html[end];
        if (quote === '"' || quote === "'") {
          const close = html.indexOf(quote, end + 1);
          if (close < 0) break;
          end = close + 1;
        } else end = skip(html, end, VALUE);
      }
      if (/^on/i.test(html.slice(start, start + 2))) edits.push([start, end, ""]);
      at = end;
    }
  }
  if (!edits.length) return html;
  let kept = "";
  let last = 0;
  for (const [from, to, text] of edits.sort(([a], [b]) => a - b)) {
    if (from > last) kept += html.slice(last, from);
    if (from >= last) kept += text;
    last = Math.max(last, to);
  }
  return kept + html.slice(last);
}

const SPACE = /[\t\n\f\r ]*/y;
const BEFORE = /[\t\n\f\r /]*/y;
const NAME = /[^\t\n\f\r />=]*/y;
const VALUE = /[^\t\n\f\r >]*/y;

/** Where what `what` stands for ends. */
function skip(html: string, at: number, what: RegExp): number {
  what.lastIndex = at;
  what.test(html);
  return what.lastIndex;
}
