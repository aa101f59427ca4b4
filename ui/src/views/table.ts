/**
 * Every page there is: its paths, its title, where it stands in the navigation, and how it is loaded. A view is a Svelte
 * component that is given `ViewProps`; whoever owns a view changes its file and nothing here.
 */

import type { Component } from "svelte";
import type { IconName } from "../page/icons.ts";

/** What a view is given: the parts of its path that the pattern names. `rest` is what a `*` stood for. */
export interface ViewProps {
  params: Record<string, string>;
}

/** Groups of the navigation, in their order; the last is for administrators alone. */
export const SECTIONS = ["Look", "Alerting", "Running", "Administration"] as const;
export type Section = (typeof SECTIONS)[number];

export interface View {
  name: string;
  /** `/d/:uid/:slug?`; `*` at the end takes any rest. The first that fits wins. */
  paths: string[];
  title: string;
  load: () => Promise<{ default: Component<ViewProps> }>;
  /** Its place in the navigation, if it has one. */
  nav?: { section: Section; icon: IconName; path?: string };
  /** Without navigation and top bar. */
  bare?: boolean;
  /** Words under which the search finds it beside the title. */
  words?: string;
}

export const VIEWS: View[] = [
  { name: "home", paths: ["/"], title: "Home", nav: { section: "Look", icon: "home" }, load: () => import("./home/Home.svelte") },
  {
    name: "dashboards", paths: ["/dashboards", "/dashboards/f/:folder/:slug?"], title: "Dashboards", words: "browse folders",
    nav: { section: "Look", icon: "dashboards" }, load: () => import("./dashboards/Dashboards.svelte"),
  },
  { name: "import", paths: ["/dashboard/import"], title: "Import a dashboard", words: "upload json", load: () => import("./dashboards/Import.svelte") },
  {
    name: "dashboard", paths: ["/d/:uid/:slug?", "/dashboard/new", "/dashboard/snapshot/:snapshot"], title: "Dashboard",
    load: () => import("./dashboard/Dashboard.svelte"),
  },
  { name: "snapshots", paths: ["/dashboard/snapshots"], title: "Snapshots", words: "frozen shared", load: () => import("./snapshots/Snapshots.svelte") },
  { name: "library", paths: ["/library-panels"], title: "Library panels", words: "shared", load: () => import("./library/Library.svelte") },
  { name: "solo", paths: ["/d-solo/:uid/:slug?"], title: "Panel", bare: true, load: () => import("./dashboard/Solo.svelte") },
  { name: "playlist", paths: ["/playlists/play/:uid"], title: "Playlist", load: () => import("./playlists/Play.svelte") },
  { name: "playlists", paths: ["/playlists", "/playlists/*"], title: "Playlists", words: "wall screens one after the other", load: () => import("./playlists/Playlists.svelte") },
  { name: "cardinality", paths: ["/explore/cardinality"], title: "Cardinality", words: "series labels usage", load: () => import("./explore/Cardinality.svelte") },
  { name: "explore", paths: ["/explore"], title: "Explore", words: "query promql logql logs metrics", nav: { section: "Look", icon: "explore" }, load: () => import("./explore/Explore.svelte") },
  { name: "alerts", paths: ["/alerts", "/alerts/*"], title: "Alerts", words: "firing history groups", nav: { section: "Alerting", icon: "bell" }, load: () => import("./alerts/Alerts.svelte") },
  { name: "silences", paths: ["/silences", "/silences/*"], title: "Silences", words: "mute", nav: { section: "Alerting", icon: "mute" }, load: () => import("./silences/Silences.svelte") },
  { name: "rules", paths: ["/rules", "/rules/*"], title: "Rules", words: "recording alerting evaluation", nav: { section: "Alerting", icon: "rules" }, load: () => import("./rules/Rules.svelte") },
  { name: "targets", paths: ["/targets"], title: "Targets", words: "scrape", nav: { section: "Running", icon: "target" }, load: () => import("./targets/Targets.svelte") },
  {
    name: "service-discovery", paths: ["/service-discovery"], title: "Service discovery", words: "discovered labels relabel",
    nav: { section: "Running", icon: "discover" }, load: () => import("./targets/ServiceDiscovery.svelte"),
  },
  { name: "logs", paths: ["/logs", "/logs/*"], title: "Logging", words: "log agent promtail loki logs store status", nav: { section: "Running", icon: "logs" }, load: () => import("./logs/Logs.svelte") },
  { name: "status", paths: ["/status", "/status/*"], title: "Status", words: "runtime storage flags config build tsdb", nav: { section: "Running", icon: "status" }, load: () => import("./status/Status.svelte") },
  { name: "login", paths: ["/login"], title: "Sign in", bare: true, load: () => import("./login/Login.svelte") },
  { name: "profile", paths: ["/profile", "/profile/*"], title: "Profile", words: "password theme user preferences sessions", load: () => import("./profile/Profile.svelte") },
  { name: "org", paths: ["/org"], title: "Preferences of everybody", words: "organisation default theme home time zone", load: () => import("./profile/Everybody.svelte") },
  { name: "users", paths: ["/org/users", "/admin/users"], title: "Users", words: "people roles invite", nav: { section: "Administration", icon: "user" }, load: () => import("./users/Users.svelte") },
  { name: "teams", paths: ["/org/teams", "/org/teams/:id"], title: "Teams", words: "groups members", nav: { section: "Administration", icon: "users" }, load: () => import("./teams/Teams.svelte") },
  {
    name: "tokens", paths: ["/org/serviceaccounts", "/org/serviceaccounts/:id"], title: "Service accounts", words: "tokens api keys", nav: { section: "Administration", icon: "key" },
    load: () => import("./tokens/Accounts.svelte"),
  },
  {
    name: "datasources", paths: ["/connections/datasources", "/connections/datasources/*", "/datasources", "/datasources/*"], title: "Data sources", words: "prometheus loki alertmanager connections",
    nav: { section: "Administration", icon: "database" }, load: () => import("./datasources/DataSources.svelte"),
  },
];
