/** The pages that stand beside the list of dashboards. */

export const BROWSE_TABS = [
  { path: "/dashboards", text: "Dashboards" },
  { path: "/playlists", text: "Playlists" },
  { path: "/dashboard/snapshots", text: "Snapshots" },
  { path: "/library-panels", text: "Library panels" },
] as const;
