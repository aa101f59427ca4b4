/** A LogQL query's plan as an outline: the tree of `/loki/api/v1/parse_query`, with what is done for each part. */

import { nodeText, type PlanLine, planLines } from "./request_of.ts";

interface Stage {
  text: string;
  /** How each alternative of a line filter is looked for, and whether in blocks as they lie. */
  ways?: readonly string[];
  packed?: boolean;
  /** What a parser looks for; null for all. */
  makes?: readonly string[] | null;
}

interface Selector {
  stages: readonly Stage[];
  leftOut: readonly string[];
  words: readonly string[];
  /** Names of structured metadata that are looked at; null for all. */
  metadata: readonly string[] | null;
  /** Only of a query for lines: whether a stage drops any. */
  filters?: boolean;
}

interface Range {
  op: string;
  param: unknown;
  range: number;
  offset: number;
  unwrap: { label: string; conversion: string; filters: readonly string[] } | null;
  keeps: { by?: readonly string[]; without?: readonly string[] };
  fold: string;
  headers: boolean;
  keepsErrors: boolean;
  expr: Selector;
}

/** Lines from the outside in; below a selector stand its stages in the order that they run in, then those left out. */
export function logPlanLines(tree: unknown, depth = 0): PlanLine[] {
  if (typeof tree !== "object" || tree === null || depth > 250) return [];
  const node = tree as Record<string, unknown>;
  switch (node.type) {
    case "logSelector":
      return selectorLines(node as unknown as Selector, node, depth);
    case "rangeAggregation":
      return rangeLines(node as unknown as Range, node, depth);
    case "labelReplace": {
      const texts = [node.dst, node.replacement, node.src, node.regex].map((text) => JSON.stringify(text));
      return [{ depth, text: `label_replace(${texts.join(", ")})` }, ...logPlanLines(node.expr, depth + 1)];
    }
    case "vector":
      return [{ depth, text: `vector(${String(node.val)})` }];
    case "numberLiteral":
      return planLines(node, depth);
    default:
      return [
        { depth, text: nodeText(node), ...(node.pushed ? { note: "grouped while samples are taken" } : {}) },
        ...[node.expr, node.lhs, node.rhs, node.param].flatMap((child) => logPlanLines(child, depth + 1)),
      ];
  }
}

function rangeLines(range: Range, node: Record<string, unknown>, depth: number): PlanLine[] {
  const notes = [seriesNote(range.keeps)];
  if (range.headers) notes.push("a whole block between two steps can be counted unread");
  if (range.fold === "none") notes.push("every sample is kept");
  notes.push(range.keepsErrors ? "lines with an error count" : "a line with an error fails the query");
  const { unwrap } = range;
  const grouping = nodeText({ ...node, type: "aggregation", op: "" });
  return [
    { depth, text: `${range.op}()${grouping}`, note: notes.join("; ") },
    ...selectorLines(range.expr, { ...node.expr as object, range: range.range, offset: range.offset }, depth + 1),
    ...(unwrap ? [`| unwrap ${unwrap.conversion ? `${unwrap.conversion}(${unwrap.label})` : unwrap.label}`, ...unwrap.filters] : []).map((text) => ({ depth: depth + 2, text })),
    ...planLines(range.param, depth + 1),
  ];
}

function selectorLines(selector: Selector, node: Record<string, unknown>, depth: number): PlanLine[] {
  const notes = ["picks the streams"];
  if (selector.words.length) notes.push(`closed blocks without the words of ${selector.words.join(", ")} are not read`);
  if (selector.filters === false) notes.push("no more of a block is read than the lines that are wanted");
  if (selector.metadata === null) notes.push("all structured metadata");
  else if (selector.metadata.length) notes.push(`of structured metadata ${selector.metadata.join(", ")}`);
  return [
    { depth, text: nodeText({ ...node, type: node.range ? "matrixSelector" : "vectorSelector" }), note: notes.join("; ") },
    ...selector.stages.map((stage) => ({ depth: depth + 1, text: stage.text, ...stageNote(stage) })),
    ...selector.leftOut.map((text) => ({ depth: depth + 1, text, note: "left out: nobody looks at what it makes" })),
  ];
}

function seriesNote({ by, without = [] }: Range["keeps"]): string {
  if (by) return by.length ? `a series for each ${by.join(", ")}` : "one series";
  return without.length ? `a series for all labels but ${without.join(", ")}` : "a series for all labels";
}

const WAYS: Record<string, string> = {
  search: "searched in packed blocks",
  parts: "its texts are searched in packed blocks, the whole in lines that have them",
  re2: "searched line by line",
  addresses: "addresses are read line by line",
  none: "in every line",
};

function stageNote(stage: Stage): { note?: string } {
  if (stage.ways) {
    const ways = new Set(stage.ways.map((way) => (stage.packed || way === "none" ? WAYS[way] : "searched in the lines that were made")));
    return { note: [...ways].filter(Boolean).join("; ") };
  }
  if (stage.makes === undefined) return {};
  if (stage.makes === null) return { note: "makes all labels" };
  return { note: stage.makes.length ? `makes ${stage.makes.join(", ")}` : "makes nothing that is looked at" };
}
