/** The URL of Explore: panes with queries and ranges; today's form is written, older ones are read. */

import type { Target } from "../model/dashboard.ts";
import { readUrlEnd } from "../time/range.ts";
import { DEFAULT_RANGE, type RawRange } from "../time/range.ts";
import { isGraphParam, letter, readGraphPanes } from "./graph_url.ts";
import { param, type Params, readParams, writeParams } from "./query.ts";

/** One half of Explore. `datasource` is a uid, or in old links a name; "" is the default one. */
export interface ExplorePane {
  id: string;
  datasource: string;
  queries: Target[];
  range: RawRange;
  /** What Grafana keeps for its panels; kept as it is. */
  panelsState?: unknown;
  /** What of the link could not be read, for the person who opened it; never written. */
  fault?: string;
}

/** `rest` are parameters nobody here knows, to be kept; `orgId` is read and written and means nothing. */
export interface ExploreUrl {
  panes: ExplorePane[];
  orgId?: string;
  kiosk?: boolean;
  theme?: "light" | "dark";
  rest: Params;
}

/** A link of Prometheus' pages may have a range for each of its graphs; Explore itself makes two panes. */
const MOST_PANES = 8;
const MOST_QUERIES = 200;
const READ = new Set(["panes", "left", "right", "schemaVersion", "orgId", "theme", "kiosk"]);

/**
 * The state of "?schemaVersion=1&panes=…", "?left=…&right=…", Prometheus' "?g0.expr=…" or nothing; always at least one pane.
 * What can't be read is a fault of the pane that takes its place. `newId` makes ids of three letters.
 */
export function parseExploreUrl(search: string, zone = "browser", newId: () => string = randomId): ExploreUrl {
  const params = readParams(search);
  const panes = readPanes(params, zone, newId);
  const url: ExploreUrl = {
    panes: panes.length ? panes.slice(0, MOST_PANES) : [{ id: newId(), datasource: "", queries: [], range: DEFAULT_EXPLORE_RANGE }],
    rest: params.filter(([name]) => !READ.has(name) && !isGraphParam(name)),
  };
  const orgId = param(params, "orgId");
  if (orgId) url.orgId = orgId;
  const theme = param(params, "theme");
  if (theme === "light" || theme === "dark") url.theme = theme;
  if (param(params, "kiosk") !== null) url.kiosk = true;
  return url;
}

/** What Explore shows when nothing is said. */
export const DEFAULT_EXPLORE_RANGE: RawRange = { from: "now-1h", to: "now" };

function randomId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from({ length: 3 }, () => letters[Math.floor(Math.random() * letters.length)]).join("");
}

/** What a parameter holds; `fault` where it holds something else than JSON. */
function json(params: Params, name: string): { value: unknown; fault?: string } {
  const text = param(params, name);
  if (!text) return { value: null };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { value: null, fault: `The link can't be read: what it says of “${name}” is no JSON.` };
  }
}

function readPanes(params: Params, zone: string, newId: () => string): ExplorePane[] {
  const taken = new Set<string>();
  const id = (wanted = "") => {
    let made = /^[a-z0-9]{3}$/i.test(wanted) ? wanted : newId();
    for (let tries = 0; taken.has(made) && tries < 50; tries++) made = newId();
    taken.add(made);
    return made;
  };
  const broken = (fault: string): ExplorePane => ({ id: id(), datasource: "", queries: [], range: DEFAULT_EXPLORE_RANGE, fault });
  const panes = json(params, "panes");
  if (panes.fault) return [broken(panes.fault)];
  if (panes.value && typeof panes.value === "object") {
    return Object.entries(panes.value).flatMap(([name, pane]) => (pane && typeof pane === "object" ? [readPane(pane as object, id(name), zone)] : []));
  }
  const sides = ["left", "right"].flatMap((side) => {
    const { value: pane, fault } = json(params, side);
    if (fault) return [broken(fault)];
    if (Array.isArray(pane)) return [readList(pane, id(side), zone)];
    return pane && typeof pane === "object" ? [readPane(pane, id(side), zone)] : [];
  });
  return sides.length ? sides : readGraphPanes(params, id, MOST_PANES);
}

function readPane(pane: object, id: string, zone: string): ExplorePane {
  const own = pane as Record<string, unknown>;
  const datasource = typeof own.datasource === "string" ? own.datasource : textAt(own.datasource, "uid");
  const queries = readQueries(own.queries);
  // A pane of mixed queries may leave its own datasource out.
  const first = queries[0]?.datasource?.uid ?? "";
  return {
    id, datasource: datasource || first, queries, range: readRange(own.range, zone),
    ...(own.panelsState === undefined ? {} : { panelsState: own.panelsState }),
  };
}

function textAt(value: unknown, key: string): string {
  const part = value && typeof value === "object" ? (value as Record<string, unknown>)[key] : undefined;
  return typeof part === "string" ? part : "";
}

/** The oldest form: ["now-1h", "now", "Prometheus", {"expr": "up"}, {"mode": "Metrics"}, {"ui": […]}]. */
function readList(list: unknown[], id: string, zone: string): ExplorePane {
  const [from, to, datasource, ...rest] = list;
  const queries = rest.filter((item) => item && typeof item === "object" && !("ui" in item) && !("mode" in item && !("expr" in item)));
  return { id, datasource: typeof datasource === "string" ? datasource : "", queries: readQueries(queries), range: readRange({ from, to }, zone) };
}

function readQueries(list: unknown): Target[] {
  if (!Array.isArray(list)) return [];
  const queries = list.filter((item): item is Record<string, unknown> => Boolean(item) && typeof item === "object" && !Array.isArray(item)).slice(0, MOST_QUERIES);
  const taken = new Set(queries.map((query) => query.refId));
  return queries.map((query) => {
    const target = { ...query } as Target;
    if (typeof query.refId !== "string" || !query.refId) {
      const free = Array.from({ length: MOST_QUERIES + 1 }, (_, at) => letter(at)).find((one) => !taken.has(one))!;
      taken.add(free);
      target.refId = free;
    }
    if (query.expr !== undefined && typeof query.expr !== "string") delete target.expr;
    if (typeof query.datasource === "string") target.datasource = { uid: query.datasource };
    else if (query.datasource !== undefined && (query.datasource === null || typeof query.datasource !== "object")) delete target.datasource;
    return target;
  });
}

function readRange(range: unknown, zone: string): RawRange {
  const end = (key: string, fallback: string) => {
    const value = range && typeof range === "object" ? (range as Record<string, unknown>)[key] : undefined;
    return (typeof value === "string" || typeof value === "number" ? readUrlEnd(String(value), zone) : null) ?? fallback;
  };
  return range ? { from: end("from", DEFAULT_EXPLORE_RANGE.from), to: end("to", DEFAULT_EXPLORE_RANGE.to) } : DEFAULT_EXPLORE_RANGE;
}

/** "/explore?schemaVersion=1&panes=…" below the base. Instants are written as epoch milliseconds in text, as Grafana does. */
export function writeExploreUrl(url: ExploreUrl): string {
  const panes = Object.fromEntries(url.panes.map(({ id, datasource, queries, range, panelsState }) => [
    id,
    { datasource, queries, range: { from: writeEnd(range.from), to: writeEnd(range.to) }, ...(panelsState === undefined ? {} : { panelsState }) },
  ]));
  const params: Params = [["schemaVersion", "1"], ["panes", JSON.stringify(panes)]];
  if (url.orgId) params.push(["orgId", url.orgId]);
  if (url.kiosk) params.push(["kiosk", null]);
  if (url.theme) params.push(["theme", url.theme]);
  return `/explore${writeParams([...params, ...url.rest])}`;
}

function writeEnd(text: string): string {
  const at = text.startsWith("now") ? NaN : Date.parse(text);
  return Number.isNaN(at) ? text : String(at);
}

/** The link from a panel's queries to Explore. */
export function explorePath(datasource: string, queries: Target[], range: RawRange = DEFAULT_RANGE): string {
  return writeExploreUrl({ panes: [{ id: "one", datasource, queries, range }], rest: [] });
}
