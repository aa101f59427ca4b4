/** The routing tree of an Alertmanager configuration, and which of its routes an alert takes. */

import { type AlertMatcher, matcherText, matchesAll, parseMatchers } from "./matchers.ts";
import { parseYaml, type Yaml } from "./yaml.ts";

/** One route; what it leaves out it has of its parent. Durations are texts as in the file ("5m"). */
export interface RouteNode {
  /** Its place: "0", "0/2", "0/2/0". */
  id: string;
  receiver: string;
  matchers: AlertMatcher[];
  continues: boolean;
  groupBy: string[];
  groupWait: string;
  groupInterval: string;
  repeatInterval: string;
  muteTimes: string[];
  activeTimes: string[];
  children: RouteNode[];
}

/** A receiver and what it sends by: "webhook", "email", … */
export interface ReceiverInfo {
  name: string;
  kinds: string[];
}

export interface AlertingConfig {
  root: RouteNode | null;
  receivers: ReceiverInfo[];
}

type YamlMap = { [key: string]: Yaml };

function map(value: Yaml | undefined): YamlMap | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

function list(value: Yaml | undefined): Yaml[] {
  return Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
}

const texts = (value: Yaml | undefined): string[] => list(value).map(String);

/** The routes and receivers of alertmanager.yml. Throws YamlError or MatcherSyntaxError where it can't be read. */
export function readAlertingConfig(source: string): AlertingConfig {
  const config = map(parseYaml(source)) ?? {};
  const route = map(config.route);
  const receivers = list(config.receivers).flatMap((each) => {
    const receiver = map(each);
    if (!receiver) return [];
    const kinds = Object.keys(receiver).flatMap((key) => {
      const kind = /^(.+)_configs$/.exec(key)?.[1];
      return kind ? list(receiver[key]).map(() => kind) : [];
    });
    return [{ name: String(receiver.name ?? ""), kinds }];
  });
  return { root: route ? readRoute(route, "0", ROOT) : null, receivers };
}

/** What a root route has where the file is silent. */
const ROOT: RouteNode = {
  id: "", receiver: "", matchers: [], continues: false, groupBy: [], groupWait: "30s", groupInterval: "5m", repeatInterval: "4h",
  muteTimes: [], activeTimes: [], children: [],
};

function readRoute(own: YamlMap, id: string, parent: RouteNode): RouteNode {
  const matchers: AlertMatcher[] = [];
  for (const text of texts(own.matchers)) matchers.push(...parseMatchers(text));
  for (const [key, op] of [["match", "="], ["match_re", "=~"]] as const) {
    for (const [name, value] of Object.entries(map(own[key]) ?? {})) matchers.push({ name, op, value: String(value ?? "") });
  }
  const node: RouteNode = {
    id,
    receiver: own.receiver === undefined || own.receiver === null || own.receiver === "" ? parent.receiver : String(own.receiver),
    matchers,
    continues: own.continue === true,
    groupBy: own.group_by === undefined || own.group_by === null ? parent.groupBy : texts(own.group_by),
    groupWait: String(own.group_wait ?? parent.groupWait),
    groupInterval: String(own.group_interval ?? parent.groupInterval),
    repeatInterval: String(own.repeat_interval ?? parent.repeatInterval),
    // Muting is of the route alone: children do not have it of their parent.
    muteTimes: texts(own.mute_time_intervals),
    activeTimes: texts(own.active_time_intervals),
    children: [],
  };
  node.children = list(own.routes).flatMap((child, index) => {
    const found = map(child);
    return found ? [readRoute(found, `${id}/${index}`, node)] : [];
  });
  return node;
}

/** The routes that take an alert of these labels, in order: the deepest that match; a sibling after one only where it continues. */
export function takenRoutes(root: RouteNode, labels: Readonly<Record<string, string>>): RouteNode[] {
  if (!matchesAll(root.matchers, labels)) return [];
  const taken: RouteNode[] = [];
  for (const child of root.children) {
    const below = takenRoutes(child, labels);
    taken.push(...below);
    if (below.length && !child.continues) break;
  }
  return taken.length ? taken : [root];
}

/** Ids of a route and of all above it. */
export function idsAbove(id: string): string[] {
  const parts = id.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Labels of the group that an alert falls in; `...` groups by all. */
export function groupLabels(route: RouteNode, labels: Readonly<Record<string, string>>): Record<string, string> {
  if (route.groupBy.includes("...")) return { ...labels };
  return Object.fromEntries(route.groupBy.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name]!]));
}

/** What a route matches, for people. */
export function routeText(route: RouteNode): string {
  return route.matchers.map(matcherText).join(", ") || "everything";
}
