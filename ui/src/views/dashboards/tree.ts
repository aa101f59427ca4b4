/** Folders with what is in them, out of what the search found. Pure. */

import type { SearchHit } from "../../api/grafana.ts";

export interface Folder {
  uid: string;
  title: string;
  folders: Folder[];
  dashboards: SearchHit[];
  /** Dashboards in it and in all below. */
  count: number;
}

/** What is to be found: words in title, folder or tags; every tag; a star. */
export interface Sought {
  text: string;
  tags: readonly string[];
  starred: boolean;
}

const byTitle = (a: { title: string }, b: { title: string }) => a.title.localeCompare(b.title, undefined, { numeric: true, sensitivity: "base" });

export function isSought(sought: Sought): boolean {
  return sought.text.trim() !== "" || sought.tags.length > 0 || sought.starred;
}

/** Dashboards that are sought. */
export function found(hits: readonly SearchHit[], sought: Sought): SearchHit[] {
  const words = sought.text.toLowerCase().split(/\s+/).filter(Boolean);
  return hits.filter((hit) => {
    if (hit.type !== "dash-db" || (sought.starred && !hit.isStarred) || !sought.tags.every((tag) => hit.tags.includes(tag))) return false;
    const said = `${hit.title} ${hit.folderTitle ?? ""} ${hit.tags.join(" ")}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

/**
 * The top: folders by title, then dashboards without one. With `root` it is that folder alone, null where there is none. A folder
 * whose parent is not among the hits stands at the top. Where something is sought, folders without a find are left out.
 */
export function tree(hits: readonly SearchHit[], sought: Sought, root = ""): Folder | null {
  const top: Folder = { uid: "", title: "", folders: [], dashboards: [], count: 0 };
  const all = new Map<string, Folder>([["", top]]);
  const parents = new Map<string, string>();
  for (const hit of hits) {
    if (hit.type !== "dash-folder") continue;
    all.set(hit.uid, { uid: hit.uid, title: hit.title, folders: [], dashboards: [], count: 0 });
    parents.set(hit.uid, hit.folderUid ?? "");
  }
  for (const [uid, parent] of parents) (all.get(parent) ?? top).folders.push(all.get(uid)!);
  for (const hit of found(hits, sought)) (all.get(hit.folderUid ?? "") ?? top).dashboards.push(hit);
  const start = all.get(root);
  if (!start) return null;
  settle(start, isSought(sought));
  return start;
}

function settle(folder: Folder, pruned: boolean): void {
  for (const one of folder.folders) settle(one, pruned);
  folder.count = folder.dashboards.length + folder.folders.reduce((sum, one) => sum + one.count, 0);
  if (pruned) folder.folders = folder.folders.filter((one) => one.count > 0);
  folder.folders.sort(byTitle);
  folder.dashboards.sort(byTitle);
}

/** Folders to choose from, each with the titles above it: "Team / Web". `without` and all below it are left out. */
export function folderChoices(hits: readonly SearchHit[], without = ""): { uid: string; path: string }[] {
  const folders = new Map(hits.filter((hit) => hit.type === "dash-folder").map((hit) => [hit.uid, hit]));
  const made: { uid: string; path: string }[] = [];
  for (const hit of folders.values()) {
    const titles: string[] = [];
    const seen = new Set<string>();
    let inside = false;
    for (let at: SearchHit | undefined = hit; at && !seen.has(at.uid); at = folders.get(at.folderUid ?? "")) {
      seen.add(at.uid);
      titles.unshift(at.title);
      inside ||= at.uid === without;
    }
    if (!inside) made.push({ uid: hit.uid, path: titles.join(" / ") });
  }
  return made.sort((a, b) => a.path.localeCompare(b.path));
}

/** The folders above one, the top one first, itself last. */
export function above(hits: readonly SearchHit[], uid: string): SearchHit[] {
  const folders = new Map(hits.filter((hit) => hit.type === "dash-folder").map((hit) => [hit.uid, hit]));
  const made: SearchHit[] = [];
  for (let at = folders.get(uid); at && !made.includes(at); at = folders.get(at.folderUid ?? "")) made.unshift(at);
  return made;
}

/** Tags with how many have each, by name. */
export function tagCounts(hits: readonly SearchHit[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const hit of hits) for (const tag of hit.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}
