/** Expected results made by Grafana's own library, where they are beside the checkout; the tests then say that they are not. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SHARED = new URL("../../../../shared/corpus", import.meta.url).pathname;

/** The parsed file of `golden/`, or null. */
export function golden<T>(name: string): T | null {
  const path = join(SHARED, "golden", name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : null;
}

/** [file name, text] of every dashboard people run that is beside the checkout; empty where there are none. */
export function corpusDashboards(): [string, string][] {
  const folder = join(SHARED, "dashboards");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".json")).sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]);
}
