/** What a playlist comes to. Pure. */

import type { PlaylistItem } from "../../api/sharing.ts";

/** A dashboard as the search finds it. */
interface Found {
  id?: number;
  uid: string;
  title: string;
  tags: readonly string[];
}

/** The uids to show in order: a tag stands for all dashboards that have it, by title; what is gone is left out. */
export function playOrder(items: readonly PlaylistItem[], found: readonly Found[]): string[] {
  const uids = new Set(found.map((one) => one.uid));
  return items.flatMap((item) => {
    if (item.type === "dashboard_by_tag") return found.filter((one) => one.tags.includes(item.value)).sort((a, b) => a.title.localeCompare(b.title)).map((one) => one.uid);
    if (item.type === "dashboard_by_id") return found.filter((one) => one.id === Number(item.value)).map((one) => one.uid);
    return uids.has(item.value) ? [item.value] : [];
  });
}

/** The place `by` steps on, around the ends. */
export function stepped(at: number, by: number, count: number): number {
  return count ? (((at + by) % count) + count) % count : 0;
}
