/** Paths to views. Pure: what is in the address bar is an argument. */

import type { View } from "../views/table.ts";

export interface Match {
  view: View;
  params: Record<string, string>;
}

/** The parts of `path` that `pattern` names; null where it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter((part) => part);
  const given = path.split("/").filter((part) => part);
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    if (part === "*") {
      params.rest = given.slice(at).map(decode).join("/");
      return params;
    }
    const value = given[at];
    if (value === undefined) {
      if (part.endsWith("?")) continue;
      return null;
    }
    if (part.startsWith(":")) params[part.slice(1).replace("?", "")] = decode(value);
    else if (part !== value) return null;
  }
  return given.length > wanted.length ? null : params;
}

/** The first view of the table whose path fits. */
export function matchView(views: readonly View[], path: string): Match | null {
  for (const view of views) {
    for (const pattern of view.paths) {
      const params = matchPath(pattern, path);
      if (params) return { view, params };
    }
  }
  return null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
