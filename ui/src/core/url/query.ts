/** Query strings as ordered pairs: order and repeats are kept, and a parameter without "=" is apart from an empty one. */

export type Params = [string, string | null][];

function decode(text: string): string {
  const spaced = text.replace(/\+/g, " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    // A stray % from a hand: what can be decoded is, the rest stays.
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
}

/** The pairs of "?a=1&b&c=" or without the question mark; null is the value of a name alone. */
export function readParams(search: string): Params {
  const text = search.replace(/^\?/, "");
  if (!text) return [];
  return text.split("&").filter(Boolean).map((part) => {
    const equals = part.indexOf("=");
    return equals < 0 ? [decode(part), null] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
  });
}

/** Escapes what would end a value, and leaves what people like to read: `:`, `,`, `/`, `$`, `@`. */
export function encodeParam(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, "\ufffd"))
    .replace(/%(3A|2C|2F|24|40)/g, (c) => decodeURIComponent(c))
    .replace(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** "?a=1&b", or "" without pairs. */
export function writeParams(params: Params): string {
  if (!params.length) return "";
  return `?${params.map(([name, value]) => (value === null ? encodeParam(name) : `${encodeParam(name)}=${encodeParam(value)}`)).join("&")}`;
}

/** The last value of a name; null where it is not there. A name alone is "". */
export function param(params: Params, name: string): string | null {
  for (let i = params.length - 1; i >= 0; i--) if (params[i]![0] === name) return params[i]![1] ?? "";
  return null;
}
