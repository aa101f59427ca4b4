/** Line drawings of 24 by 24, drawn by us: what `Icon.svelte` draws at once, as the first page has them. Others are in `more_icons.ts`. */

import type { MORE_ICONS } from "./more_icons.ts";

export const ICONS = {
  home: "M4 11 12 4l8 7M6 10v10h4v-6h4v6h4V10",
  dashboards: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
  explore: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM15.5 8.5l-2 5-5 2 2-5z",
  bell: "M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4.5zM10 20h4",
  mute: "M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-7-3.7M7.5 11v3.5L6 17M10 20h4M4 4l16 16",
  rules: "M5 6h9M5 12h14M5 18h7M17 4v4M9 10v4M15 16v4",
  target: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 1v4M12 19v4M1 12h4M19 12h4",
  discover: "M6 18a8.5 8.5 0 0 1 0-12M18 6a8.5 8.5 0 0 1 0 12M9 15a4.2 4.2 0 0 1 0-6M15 9a4.2 4.2 0 0 1 0 6M12 11.5v1",
  logs: "M5 5h14M5 9.7h10M5 14.3h14M5 19h7",
  status: "M3 13h4l2.5-7 4 13 2.5-8 1.5 2H21",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21",
  menu: "M4 6h16M4 12h16M4 18h16",
  more: "M12 5v.01M12 12v.01M12 19v.01",
  close: "M5 5l14 14M19 5 5 19",
  plus: "M12 4v16M4 12h16",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  left: "M15 6l-6 6 6 6",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.5v.01",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.500 9.700l5.900-.8z",
  refresh: "M20 5v5h-5M4 19v-5h5M19.500 10A8 8 0 0 0 5.600 7.400L4 9M4.500 14a8 8 0 0 0 13.900 2.600L20 15",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.500 2",
  zoomOut: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500 21 21M7.500 10.500h6",
  edit: "M4 20h4L19.500 8.500l-4-4L4 16zM13.500 6.500l4 4",
  share: "M12 15V3M8 7l4-4 4 4M5 12v8h14v-8",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 7.500v.01",
  warn: "M12 4 2.500 20h19zM12 10v4.500M12 17.200v.01",
  check: "M4 12.500l5 5L20 6.500",
  panel: "M4 5h16v14H4zM4 9h16",
  side: "M4 5h16v14H4zM9 5v14",
} as const;

/** Those of `more_icons.ts` too. */
export type IconName = keyof typeof ICONS | keyof typeof MORE_ICONS;
