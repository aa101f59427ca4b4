/** What is scraped, as `/api/v1/targets` says it, by pool and by what the person looks for. */

export interface ActiveTarget {
  discoveredLabels: Record<string, string>;
  labels: Record<string, string>;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  /** Seconds. */
  lastScrapeDuration: number;
  health: "up" | "down" | "unknown";
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface DroppedTarget {
  discoveredLabels: Record<string, string>;
  scrapePool?: string;
}

export interface TargetsAnswer {
  activeTargets: ActiveTarget[];
  droppedTargets: DroppedTarget[] | null;
  droppedTargetCounts?: Record<string, number>;
}

export type Health = ActiveTarget["health"];

/** One job: its targets that are shown, and how many of each health there are in all. */
export interface TargetPool {
  name: string;
  targets: ActiveTarget[];
  up: number;
  down: number;
  unknown: number;
}

export interface TargetFilter {
  /** Words, each of which must be in the URL, a label (`name=value`) or the error. */
  text: string;
  /** Of none, all are shown. */
  health: readonly Health[];
  pool: string;
}

/** Whether every word of `text` is somewhere in `parts`, whatever the case. */
export function hasWords(text: string, parts: Iterable<string>): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const all = [...parts].join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}

/** `name=value` of each label. */
export function labelWords(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

/** Pools by name with those of their targets that fit; pools that the filter leaves empty are not there. */
export function poolsOf(targets: readonly ActiveTarget[], filter: TargetFilter): TargetPool[] {
  const pools = new Map<string, TargetPool>();
  for (const target of targets) {
    if (filter.pool && target.scrapePool !== filter.pool) continue;
    let pool = pools.get(target.scrapePool);
    if (!pool) pools.set(target.scrapePool, (pool = { name: target.scrapePool, targets: [], up: 0, down: 0, unknown: 0 }));
    pool[target.health === "up" || target.health === "down" ? target.health : "unknown"]++;
    if (filter.health.length && !filter.health.includes(target.health)) continue;
    if (hasWords(filter.text, [target.scrapeUrl, target.lastError, ...labelWords(target.labels)])) pool.targets.push(target);
  }
  const order: Record<Health, number> = { down: 0, unknown: 1, up: 2 };
  for (const pool of pools.values()) {
    // What needs a look comes first; the rest stays in the server's order.
    pool.targets.sort((a, b) => order[a.health] - order[b.health]);
  }
  const filtered = Boolean(filter.text) || filter.health.length > 0;
  return [...pools.values()].filter((pool) => !filtered || pool.targets.length).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One pool of discovery: what was found, what became of it. */
export interface DiscoveryPool {
  name: string;
  active: ActiveTarget[];
  dropped: DroppedTarget[];
  /** All that were dropped; the server may keep fewer. */
  droppedCount: number;
}

/** Found targets by pool, with those that fit `text`. */
export function discoveryOf(answer: TargetsAnswer, text: string): DiscoveryPool[] {
  const pools = new Map<string, DiscoveryPool>();
  const pool = (name: string) => {
    let found = pools.get(name);
    if (!found) pools.set(name, (found = { name, active: [], dropped: [], droppedCount: answer.droppedTargetCounts?.[name] ?? 0 }));
    return found;
  };
  for (const target of answer.activeTargets) {
    if (hasWords(text, [...labelWords(target.discoveredLabels), ...labelWords(target.labels)])) pool(target.scrapePool).active.push(target);
  }
  for (const target of answer.droppedTargets ?? []) {
    if (hasWords(text, labelWords(target.discoveredLabels))) pool(target.scrapePool ?? target.discoveredLabels.job ?? "").dropped.push(target);
  }
  if (!text) for (const name of Object.keys(answer.droppedTargetCounts ?? {})) pool(name);
  for (const each of pools.values()) each.droppedCount = Math.max(each.droppedCount, text ? 0 : each.dropped.length);
  return [...pools.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
