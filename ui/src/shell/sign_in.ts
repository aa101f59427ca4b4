/** What happens when nobody is signed in any more. */

import { place } from "../page/place.svelte.ts";
import { toasts } from "../page/toasts.svelte.ts";

/** Shows the login page, which leads back here; stays where leaving would lose changes, for one can sign in beside it. */
export function askToSignIn(): void {
  if (place.path === "/login") return;
  if (place.guarded) toasts.show("You are signed out: sign in in another tab, then go on here. Nothing is lost.", "error");
  else place.go(`/login?redirect=${encodeURIComponent(place.url)}`, { replace: true });
}
