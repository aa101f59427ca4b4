/** Where the person is: path and query below the base path, kept in the address bar. The router follows it. */

import { basePath, stripBase, withBase } from "../api/base.ts";

export interface GoOptions {
  /** The page before is replaced rather than kept behind the back button. */
  replace?: boolean;
  /** Where the page stays as far down as it is. */
  keepScroll?: boolean;
}

/** Asked before the person leaves a path, with where to: path, query and hash; false keeps them there. */
export type Guard = (to: string) => boolean;

class Place {
  path = $state("/");
  search = $state("");
  hash = $state("");
  /** Counts moves to another path or by the back button, not changes of the query. */
  moves = $state(0);
  #query = $derived(new URLSearchParams(this.search));
  #guard: Guard | null = null;

  /** The query's parameters; a copy to change is made with `new URLSearchParams(place.query)`. */
  get query(): URLSearchParams {
    return this.#query;
  }

  /** Path, query and hash below the base path. */
  get url(): string {
    return this.path + this.search + this.hash;
  }

  /** Follows the address bar from now on; returns what stops it. */
  start(): () => void {
    this.#read();
    const popped = () => {
      const before = this.path;
      const to = stripBase(location.pathname) ?? "/";
      if (to !== before && this.#guard && !this.#guard(to + location.search + location.hash)) {
        history.pushState(null, "", withBase(this.url));
        return;
      }
      this.#read();
      this.moves++;
    };
    addEventListener("popstate", popped);
    return () => removeEventListener("popstate", popped);
  }

  /** Moves to a path with query below the base path. */
  go(url: string, options: GoOptions = {}): void {
    const to = new URL(url, "http://local/");
    if (to.pathname !== this.path) {
      if (this.#guard && !this.#guard(to.pathname + to.search + to.hash)) return;
      this.#guard = null;
    }
    const same = to.pathname + to.search + to.hash === this.url;
    const target = withBase(to.pathname + to.search + to.hash);
    if (options.replace || same) history.replaceState(history.state, "", target);
    else history.pushState(null, "", target);
    const moved = to.pathname !== this.path;
    this.#read();
    if (moved) {
      this.moves++;
      if (!options.keepScroll) scrollTo(0, 0);
    }
  }

  /** Changes parameters of the query: null removes one, a list repeats it. */
  setQuery(changes: Record<string, string | string[] | null>, options: GoOptions = {}): void {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- lives for this call alone
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      query.delete(name);
      if (value === null) continue;
      for (const one of Array.isArray(value) ? value : [value]) query.append(name, one);
    }
    const search = query.toString();
    this.go(this.path + (search ? `?${search}` : "") + this.hash, { keepScroll: true, ...options });
  }

  /** Has `guard` asked before this path is left; null lets go. */
  guard(guard: Guard | null): void {
    this.#guard = guard;
  }

  /** Whether the page may be closed without a word. */
  get guarded(): boolean {
    return this.#guard !== null;
  }

  #read(): void {
    this.path = stripBase(location.pathname) ?? "/";
    this.search = location.search;
    this.hash = location.hash;
  }
}

export const place = new Place();

/** What a link's `href` is for a path below the base path. */
export function href(path: string): string {
  return withBase(path);
}

/**
 * Follows a click on a link of ours without loading the page anew. Set once on the document by the shell: clicks with
 * modifiers, on other hosts, with `target` or `download`, and on paths that the server answers itself stay the browser's.
 */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || (link.target && link.target !== "_self") || link.hasAttribute("download")) return;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- lives for this call alone
  const url = new URL(link.href);
  if (url.origin !== location.origin) return;
  const path = stripBase(url.pathname);
  if (path === null || /^\/(api|apis|render|metrics|logout|goto|healthz|avatar|-)(\/|$)/.test(path)) return;
  if (url.hash && url.pathname === location.pathname && url.search === location.search && !url.hash.startsWith("#/")) return;
  event.preventDefault();
  place.go(path + url.search + url.hash);
}

export { basePath };
