/** What a query of PromQL says that is right to the server and most likely not meant: by the names and types of metrics. */

import type { SyntaxNode, Tree } from "@lezer/common";

export interface Hint {
  from: number;
  to: number;
  severity: "warning" | "info";
  message: string;
  /** What would do what is meant: a text in place of a part of the query. */
  fix?: { name: string; from: number; to: number; insert: string };
}

/** What is known of the metrics of a store; `names` are all of them, or null where they are not known in full. */
export interface KnownMetrics {
  names: ReadonlySet<string> | null;
  /** "counter", "gauge", "histogram", …; "" where it is not known. */
  typeOf: (name: string) => string;
}

const RATES = new Set(["rate", "irate", "increase"]);
/** Aggregations of which a counter's own height says nothing. */
const SUMS = new Set(["sum", "avg", "min", "max", "topk", "bottomk", "quantile", "stddev", "stdvar"]);
const SUFFIX = /_(?:bucket|sum|count|total|created)$/;

/** `tree` is the query as the grammar of PromQL reads it, with variables as names of the same length. */
export function hintsOf(tree: Tree, text: string, known: KnownMetrics): Hint[] {
  const hints: Hint[] = [];
  const cursor = tree.cursor();
  do {
    if (cursor.name !== "VectorSelector") continue;
    const name = cursor.node.getChild("Identifier");
    if (name) hints.push(...hintsOfSelector(cursor.node, text.slice(name.from, name.to), name, text, known));
  } while (cursor.next());
  return hints;
}

function hintsOfSelector(node: SyntaxNode, name: string, at: SyntaxNode, text: string, known: KnownMetrics): Hint[] {
  const place = { from: at.from, to: at.to };
  // A recording rule's or a variable's name is none of ours to judge.
  if (known.names?.size && !known.names.has(name) && !/[$[\]]/.test(name)) {
    const like = likeName(name, known.names);
    return [{
      ...place, severity: "warning", message: `No series of the last hours is called ${name}.${like ? ` Is ${like} meant?` : ""}`,
      ...(like ? { fix: { name: `Use ${like}`, ...place, insert: like } } : {}),
    }];
  }
  const type = known.typeOf(name);
  const matrix = node.parent?.name === "MatrixSelector";
  const around = callAround(matrix ? node.parent! : node, text);
  if (matrix && type === "gauge" && RATES.has(around)) {
    return [{ ...place, severity: "warning", message: `${name} is a gauge, and ${around}() is for counters: deriv() or delta() follow what goes up and down.` }];
  }
  if (matrix || (around && !SUMS.has(around))) return [];
  const selector = text.slice(node.from, node.to);
  const whole = { from: node.from, to: node.to };
  const rate = `rate(${selector}[$__rate_interval])`;
  if (name.endsWith("_bucket") && known.names?.has(name.replace(SUFFIX, "_count")) !== false) {
    return [{
      ...place, severity: "info", message: `${name} holds the buckets of a histogram: a quantile of them says more.`,
      fix: around ? { name: "Add rate()", ...whole, insert: rate } : { name: "Show the 95th percentile", ...whole, insert: `histogram_quantile(0.95, sum by (le) (${rate}))` },
    }];
  }
  if (type === "histogram" && !SUFFIX.test(name)) {
    return [{
      ...place, severity: "info", message: `${name} is a native histogram: a quantile of it says more.`,
      fix: around ? { name: "Add rate()", ...whole, insert: rate } : { name: "Show the 95th percentile", ...whole, insert: `histogram_quantile(0.95, sum(${rate}))` },
    }];
  }
  if (type === "counter" || (type === "" && name.endsWith("_total"))) {
    return [{ ...place, severity: "info", message: `${name} is a counter: its rate says more than its height.`, fix: { name: "Add rate()", ...whole, insert: rate } }];
  }
  return [];
}

/** The function or aggregation whose argument the node is; "" of none. */
function callAround(node: SyntaxNode, text: string): string {
  for (let at = node.parent; at; at = at.parent) {
    if (at.name === "FunctionCall" || at.name === "AggregateExpr") return text.slice(at.from, at.firstChild?.to ?? at.to).toLowerCase();
    // A comparison or a sum of two: what is meant is beyond guessing.
    if (at.name === "BinaryExpr" || at.name === "SubqueryExpr") return "?";
  }
  return "";
}

/** The name that differs least, by at most a fourth of its letters; "" where none is near. */
function likeName(name: string, names: ReadonlySet<string>): string {
  let best = "";
  let least = Math.min(4, Math.floor(name.length / 4)) + 1;
  for (const other of names) {
    if (Math.abs(other.length - name.length) >= least) continue;
    const far = distance(name, other, least);
    if (far < least) [best, least] = [other, far];
  }
  return best;
}

/** How many letters must be changed, put in or taken out; `most` where it is that many or more. */
function distance(a: string, b: string, most: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const value = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      next.push(value);
      least = Math.min(least, value);
    }
    if (least >= most) return most;
    row = next;
  }
  return row[b.length]!;
}
