/** Which data source a page asks: the one the URL names, else the default of its type, else the first. */

import type { DataSource } from "../../api/grafana.ts";
import { session } from "../../page/session.svelte.ts";

/** All data sources of a type, the default first. Where the server told of none, the one that `up` always has. */
export function sourcesOf(type: string): DataSource[] {
  const found = session.data.datasources.filter((source) => source.type === type);
  if (!found.length) return [{ uid: type, name: type[0]!.toUpperCase() + type.slice(1), type }];
  return found.sort((a, b) => Number(b.isDefault ?? false) - Number(a.isDefault ?? false));
}

/** The one of a type that `wanted` names, by uid or by name; else the first. */
export function sourceOf(type: string, wanted?: string | null): DataSource {
  const all = sourcesOf(type);
  return all.find((source) => source.uid === wanted || source.name === wanted) ?? all[0]!;
}
