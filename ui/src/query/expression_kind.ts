/** Which targets are expressions: told without what computes them, which most dashboards never need. */

import type { Panel, Target } from "../core/model/dashboard.ts";

export const EXPRESSION = "__expr__";

/** Whether a target is an expression rather than a query. */
export function isExpression(target: Target, panel: Panel): boolean {
  const ref = target.datasource ?? panel.datasource;
  return (typeof ref === "string" ? ref : (ref?.uid ?? ref?.type)) === EXPRESSION || ref?.type === EXPRESSION;
}
