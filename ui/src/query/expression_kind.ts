/** Which targets are expressions: told without what computes them, which most dashboards never need. */

import type { Panel, Target } from "../core/model/dashboard.ts";

export const EXPRESSION = "__expr__";

/** Whether a target is an expression rather than a query. */
export function isExpression(target: Target, panel: Panel): boolean {
  const ref = target.datasource ?? panel.datasource;
  return (typeof ref === "string" ? ref : (ref?.uid ?? ref?.type)) === EXPRESSION || ref?.type === EXPRESSION;
}

/** The letters that an expression is of. */
export function inputsOf(target: Target): string[] {
  return [...String(target.expression ?? "").matchAll(/\$\{?(\w+)|^(\w+)$/g)].map((match) => match[1] ?? match[2]!);
}
