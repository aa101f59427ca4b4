/** Moments as the whole of the pages writes them. */

import { formatTime } from "../../core/time/format.ts";
import { resolveZone } from "../../core/time/zone.ts";
import { session } from "../../page/session.svelte.ts";

/** The zone that the person has chosen, else the browser's: an IANA name. */
export function personZone(): string {
  return resolveZone(session.data.timezone);
}

/** "2026-11-28 19:52:35" in the zone that the person has chosen, else the browser's; "–" for what is no time. */
export function moment(at: number | string): string {
  const ms = typeof at === "string" ? Date.parse(at) : at;
  return Number.isFinite(ms) ? formatTime(ms, personZone()) : "–";
}
