/** Where the expression of an alert can be looked at here, from its generator URL. */

import { explorePath } from "../../core/url/explore_url.ts";

/** The path of Explore with the expression of a Prometheus-style `…/graph?g0.expr=…`; null of any other URL. */
export function explorePathOf(generatorUrl: string | undefined, uid: string, type = "prometheus"): string | null {
  if (!generatorUrl) return null;
  let url: URL;
  try {
    url = new URL(generatorUrl, "http://local/");
  } catch {
    return null;
  }
  const expr = url.searchParams.get("g0.expr");
  return expr ? explorePath(uid, [{ refId: "A", expr, datasource: { type, uid } }], { from: "now-1h", to: "now" }) : null;
}
