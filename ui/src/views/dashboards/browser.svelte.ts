/* eslint-disable svelte/prefer-svelte-reactivity -- what may be changed is replaced, never changed */
/** What the list of dashboards knows and does: one for the page, handed to its parts. */

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { grafana } from "../../api/grafana.ts";
import type { SearchHit } from "../../api/grafana.ts";
import { browse } from "../../api/browse.ts";
import { session } from "../../page/session.svelte.ts";
import { toasts } from "../../page/toasts.svelte.ts";
import { Poll } from "../parts/poll.svelte.ts";

/** A window that the page opens, and what it is for. */
export type Asked =
  | { what: "new"; parent: string }
  | { what: "rename" | "move" | "remove" | "permissions"; hits: SearchHit[] };

export class Browser {
  readonly poll = new Poll<SearchHit[]>((signal) => this.#load(signal));
  /** Uids of what is marked for something to be done to all of it. */
  readonly chosen = new SvelteSet<string>();
  readonly folded = new SvelteMap<string, boolean>();
  asked = $state.raw<Asked | null>(null);
  #editable = $state.raw<ReadonlySet<string>>(new Set());

  get hits(): SearchHit[] {
    return this.poll.data ?? [];
  }

  get picked(): SearchHit[] {
    return this.hits.filter((hit) => this.chosen.has(hit.uid));
  }

  async #load(signal: AbortSignal): Promise<SearchHit[]> {
    const [hits, editable] = await Promise.all([browse.all(false, signal), session.signedIn || session.canEdit ? browse.all(true, signal) : []]);
    this.#editable = new Set(editable.map((hit) => hit.uid));
    for (const uid of [...this.chosen]) if (!hits.some((hit) => hit.uid === uid)) this.chosen.delete(uid);
    return hits;
  }

  mayEdit(uid: string): boolean {
    return this.#editable.has(uid);
  }

  choose(uid: string, on: boolean): void {
    if (on) this.chosen.add(uid);
    else this.chosen.delete(uid);
  }

  async star(hit: SearchHit): Promise<void> {
    try {
      await grafana.star(hit.uid, !hit.isStarred);
      this.poll.data = this.hits.map((one) => (one.uid === hit.uid ? { ...one, isStarred: !hit.isStarred } : one));
    } catch (error) {
      toasts.failed("The star was not kept", error);
    }
  }
}
