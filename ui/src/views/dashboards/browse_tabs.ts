/** The pages that stand beside the list of dashboards. */

import { session } from "../../page/session.svelte.ts";

const TABS = [
  { path: "/dashboards", text: "Dashboards" },
  { path: "/playlists", text: "Playlists" },
  { path: "/dashboard/snapshots", text: "Snapshots" },
  { path: "/library-panels", text: "Library panels" },
];

/** Those that the person has. */
export function browseTabs(): typeof TABS {
  return session.looks ? TABS : TABS.filter((tab) => tab.path !== "/playlists");
}
