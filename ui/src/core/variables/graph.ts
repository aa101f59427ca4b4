/** Which variables need which others, in what order they are asked for, and who goes round in a circle. */

import type { Variable } from "../model/dashboard.ts";
import { references } from "./interpolate.ts";

export interface VariableOrder {
  /** Names; each level needs only what is in earlier ones. */
  levels: string[][];
  /** Circles that were found, each as the names in it. Their variables are in the last levels, by place in the list. */
  cycles: string[][];
}

/** The names that a variable's query, regex, datasource and filters hold, whether or not such variables exist. */
export function dependencies(variable: Variable): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown, depth: number) => {
    if (typeof value === "string") for (const { name } of references(value)) names.add(name);
    else if (value && typeof value === "object" && depth < 6) for (const part of Object.values(value)) visit(part, depth + 1);
  };
  visit(variable.query, 0);
  visit(variable.regex, 0);
  visit(variable.datasource, 0);
  if (variable.type === "adhoc") visit(variable.filters, 0);
  return names;
}

function edges(variables: readonly Variable[]): Map<string, string[]> {
  const known = new Set(variables.map(({ name }) => name));
  // A name that is there twice: the later one is what interpolation sees.
  return new Map(variables.map((variable) => [variable.name, [...dependencies(variable)].filter((name) => known.has(name))]));
}

/** Levels of variables, each after what it needs; those of a circle come in their own order after the others they need. */
export function variableOrder(variables: readonly Variable[]): VariableOrder {
  const needs = edges(variables);
  const cycles = findCycles(needs);
  const inCycle = new Map<string, number>();
  cycles.forEach((names, index) => names.forEach((name) => inCycle.set(name, index)));
  const level = new Map<string, number>();
  let waiting = [...needs.keys()];
  const levels: string[][] = [];
  while (waiting.length) {
    const ready = waiting.filter((name) =>
      needs.get(name)!.every((other) => level.has(other) || (inCycle.has(name) && inCycle.get(name) === inCycle.get(other))),
    );
    // Nothing can be ready only through a mistake above; then whatever is left goes at once rather than never.
    const next = ready.length ? ready : waiting;
    for (const name of next) level.set(name, levels.length);
    levels.push(next);
    const placed = new Set(next);
    waiting = waiting.filter((name) => !placed.has(name));
  }
  return { levels, cycles };
}

/** Strongly connected parts of more than one variable, or of one that needs itself (Tarjan, without recursion). */
function findCycles(needs: Map<string, string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[][] = [];
  for (const start of needs.keys()) {
    if (index.has(start)) continue;
    const work: { name: string; next: number }[] = [{ name: start, next: 0 }];
    while (work.length) {
      const top = work[work.length - 1]!;
      const { name } = top;
      if (top.next === 0) {
        index.set(name, index.size);
        low.set(name, index.get(name)!);
        stack.push(name);
        onStack.add(name);
      }
      const other = needs.get(name)![top.next++];
      if (other !== undefined) {
        if (!index.has(other)) work.push({ name: other, next: 0 });
        else if (onStack.has(other)) low.set(name, Math.min(low.get(name)!, index.get(other)!));
        continue;
      }
      work.pop();
      const parent = work[work.length - 1];
      if (parent) low.set(parent.name, Math.min(low.get(parent.name)!, low.get(name)!));
      if (low.get(name) !== index.get(name)) continue;
      const part: string[] = [];
      let member: string;
      do {
        member = stack.pop()!;
        onStack.delete(member);
        part.unshift(member);
      } while (member !== name);
      if (part.length > 1 || needs.get(name)!.includes(name)) cycles.push(part);
    }
  }
  return cycles;
}

/** Why options are asked for: the page was opened, the time range moved, or variables of these names changed. */
export type RefreshReason = { kind: "load" } | { kind: "time" } | { kind: "changed"; names: readonly string[] };

/**
 * The variables to ask again, in levels that can each go at once.
 *
 * On load: all but constants, text boxes and filters (a query variable with refresh 0 only where it has no stored options). When time
 * moves: those with refresh 2, interval variables with `auto`, and all that need them. After a change: all that need them.
 */
export function refreshPlan(variables: readonly Variable[], reason: RefreshReason): string[][] {
  const needs = edges(variables);
  const wanted = new Set<string>();
  for (const variable of variables) {
    if (reason.kind === "load") {
      if (variable.type === "query" && !variable.refresh && variable.options?.length) continue;
      if (variable.type !== "constant" && variable.type !== "textbox" && variable.type !== "adhoc") wanted.add(variable.name);
    } else if (reason.kind === "time" && ((variable.type === "query" && variable.refresh === 2) || (variable.type === "interval" && variable.auto))) {
      wanted.add(variable.name);
    }
  }
  const changed = new Set(reason.kind === "changed" ? reason.names : reason.kind === "time" ? wanted : []);
  const { levels } = variableOrder(variables);
  for (let again = true; again; ) {
    again = false;
    for (const name of levels.flat()) {
      if (changed.has(name) || !needs.get(name)!.some((other) => changed.has(other))) continue;
      changed.add(name);
      wanted.add(name);
      again = true;
    }
  }
  return levels.map((names) => names.filter((name) => wanted.has(name))).filter((names) => names.length > 0);
}

/** All variables that a change of `names` reaches, those themselves included: which panels to ask again. */
export function affectedBy(variables: readonly Variable[], names: readonly string[]): Set<string> {
  return new Set([...names, ...refreshPlan(variables, { kind: "changed", names }).flat()]);
}
