/** The keyboard on a dashboard: for time, for all of it, and for the panel under the mouse. */

import type { GridItem } from "../../core/model/repeat.ts";
import { absolute } from "../../core/time/range.ts";
import { place } from "../../page/place.svelte.ts";
import { shortcuts } from "../../page/keys.ts";
import type { Shortcut } from "../../page/keys.ts";
import { toasts } from "../../page/toasts.svelte.ts";
import type { Board } from "./board.svelte.ts";
import type { PanelAction } from "./panel_actions.ts";

export interface KeyTargets {
  hovered: () => GridItem | null;
  act: (action: PanelAction, item: GridItem) => void;
  foldAll: (collapsed: boolean) => void;
  open: (what: "share" | "save" | "leave") => void;
  escape: () => void;
}

const clipboard = () => import("../../page/time/range_clipboard.ts");

/** Registers them; returns what takes them away. */
export function dashboardKeys(board: Board, targets: KeyTargets): () => void {
  const stopEditing = () => {
    if (board.editing && board.changed) targets.open("leave");
    else board.editing = false;
  };
  const time: Omit<Shortcut, "group">[] = [
    { keys: "t z", text: "Zoom out", run: () => board.zoom(2) },
    { keys: "mod+z", text: "Zoom out", run: () => board.zoom(2) },
    { keys: "t -", text: "Zoom out", run: () => board.zoom(2) },
    { keys: "t +", text: "Zoom in", run: () => board.zoom(0.5) },
    { keys: "t =", text: "Zoom in", run: () => board.zoom(0.5) },
    { keys: "t left", text: "Earlier", run: () => board.shift(-1) },
    { keys: "t right", text: "Later", run: () => board.shift(1) },
    { keys: "t a", text: "Make the range absolute", run: () => board.setRange(absolute(board.range.span)) },
    { keys: "t c", text: "Copy the range", run: () => void clipboard().then(({ copyRange }) => copyRange(board.range.raw)) },
    { keys: "t v", text: "Paste a range", run: () => void clipboard().then(({ copiedRange }) => copiedRange(board.zone)).then((range) => range && board.setRange(range)) },
  ];
  const all: Omit<Shortcut, "group">[] = [
    { keys: "d r", text: "Refresh", run: () => board.refresh() },
    { keys: "d s", text: "Settings", run: () => place.setQuery({ editview: "settings" }) },
    { keys: "d k", text: "Wall screen", run: () => place.setQuery({ kiosk: board.url.kiosk === "off" ? "true" : null }) },
    { keys: "d e", text: "Edit, or stop editing", run: () => (board.editing ? stopEditing() : (board.editing = board.mayEdit)) },
    { keys: "d v", text: "Stop editing", run: stopEditing },
    { keys: "d a", text: "All panels in the window's height", run: () => place.setQuery({ autofitpanels: place.query.has("autofitpanels") ? null : "true" }, { replace: true }) },
    { keys: "d shift+e", text: "Open all rows", run: () => targets.foldAll(false) },
    { keys: "d shift+c", text: "Fold all rows", run: () => targets.foldAll(true) },
    { keys: "d l", text: "Legends on and off", run: () => (board.legends = !board.legends) },
    { keys: "d x", text: "Exemplars on and off", run: () => (board.exemplars = !board.exemplars) },
    {
      keys: "mod+o", text: "Crosshair: own, shared, shared with tooltip",
      run: () => {
        board.setCrosshair(((board.crosshairMode + 1) % 3) as 0 | 1 | 2);
        toasts.show(["Each panel has its own crosshair.", "The crosshair is shared.", "Crosshair and tooltip are shared."][board.crosshairMode]!);
      },
    },
    { keys: "mod+s", text: "Save", run: () => targets.open("save"), inFields: true },
    { keys: "esc", text: "Leave what is open", run: () => targets.escape() },
  ];
  const panel: [string, string, PanelAction][] = [
    ["v", "View alone", "view"], ["e", "Edit", "edit"], ["i", "Inspect", "inspect"], ["p x", "Explore", "explore"], ["x", "Explore", "explore"],
    ["p s", "Share", "share"], ["p u", "Share a link", "share"], ["p e", "Embed", "embed"], ["p l", "Legend on and off", "legend"], ["p c", "Copy", "copy"],
    ["p d", "Duplicate", "duplicate"], ["p r", "Remove", "remove"],
  ];
  const under = panel.map(([keys, text, action]): Omit<Shortcut, "group"> => ({
    keys, text,
    run: () => {
      const item = targets.hovered();
      if (item) targets.act(action, item);
      else if (action === "share") targets.open("share");
    },
  }));
  const grouped = (group: string, list: Omit<Shortcut, "group">[]) => list.map((one) => ({ ...one, group }));
  return shortcuts([...grouped("Time", time), ...grouped("Dashboard", all), ...grouped("Panel under the mouse", under)]);
}
