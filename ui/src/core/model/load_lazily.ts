/** As `migrate.ts`, for pages that must be small: the readers of old forms are fetched only for a dashboard that has one. */

import type { Dashboard } from "./dashboard.ts";
import type { OldForms } from "./old/forms.ts";
import type { Notice } from "./part.ts";
import { isOld, read } from "./read.ts";

/** Of a dashboard that `isOld` says no of. */
const NONE: OldForms = { panel: (raw) => raw, rows: () => [], second: (spec) => spec };

/** The same result as `load`. Rejects only where the readers cannot be fetched. */
export async function loadLazily(json: unknown): Promise<{ dashboard: Dashboard; notices: Notice[] }> {
  return read(json, isOld(json) ? (await import("./old/forms.ts")).OLD_FORMS : NONE);
}
