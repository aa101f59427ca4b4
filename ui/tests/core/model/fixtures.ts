/** Dashboards of ours with everything that others carry along: those the tests in a browser open too. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = new URL("../../../../tests/browser/boards", import.meta.url).pathname;

/** Parsed, in order of their files' names. */
export const FIXTURES: unknown[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name): unknown => JSON.parse(readFileSync(join(FOLDER, name), "utf8")));
