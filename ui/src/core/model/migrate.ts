/** Dashboards of any age, in the form that everything here works with. Never throws: what cannot be read is left out and said. */

import type { Dashboard } from "./dashboard.ts";
import { OLD_FORMS } from "./old/forms.ts";
import type { Notice } from "./part.ts";
import { read } from "./read.ts";

export type { Notice } from "./part.ts";
export { SCHEMA_VERSION } from "./read.ts";

/**
 * The dashboard of parsed JSON: the model itself, `{dashboard, meta}` as the API gives it, or a Kubernetes resource with
 * `spec`. `json` is not changed; parts of it are shared with the result, which nobody may change either. `load_lazily.ts`
 * does the same and leaves the readers of old forms out of the page until one is needed.
 */
export function load(json: unknown): { dashboard: Dashboard; notices: Notice[] } {
  return read(json, OLD_FORMS);
}
