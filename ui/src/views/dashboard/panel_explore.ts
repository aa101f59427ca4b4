/** A panel's queries as Explore opens them. */

import type { GridItem } from "../../core/model/repeat.ts";
import { explorePath } from "../../core/url/explore_url.ts";
import { repeatScope } from "../../core/variables/builtin.ts";
import { resolveDatasource } from "../../core/variables/datasource.ts";
import { interpolate } from "../../core/variables/interpolate.ts";
import { letters } from "../../query/panel_query.ts";
import type { Board } from "./board.svelte.ts";

/** The path of Explore with those of the panel's queries that are shown; of several data sources it is a mixed pane. */
export function panelExplorePath(board: Board, { panel, scoped }: GridItem): string {
  let scope = board.scope;
  for (const [name, one] of Object.entries(scoped)) scope = repeatScope(scope, name, one.value, one.text);
  const targets = letters(panel.targets).filter((target) => target.hide !== true && target.expr);
  let first = "";
  const queries = targets.flatMap((target) => {
    const { source } = resolveDatasource(target.datasource ?? panel.datasource, scope, board.sources);
    if (!source) return [];
    first = first && source.uid !== first ? "-- Mixed --" : source.uid;
    // Explore knows no dashboard: its variables go in, those of the range stay.
    const keep = ["__interval", "__interval_ms", "__rate_interval", "__range", "__range_s", "__range_ms", "__auto"];
    const outer = { ...scope, get: (name: string) => (keep.includes(name) ? undefined : scope.get(name)) };
    return [{ ...target, expr: interpolate(target.expr ?? "", outer, source.type === "loki" ? "logql" : "promql"), datasource: { type: source.type, uid: source.uid } }];
  });
  return explorePath(first, queries, board.range.raw);
}
