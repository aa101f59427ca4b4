/** What can be done with a panel: entries of its menu, keys under the mouse. */

export type PanelAction = "view" | "edit" | "inspect" | "inspect-query" | "inspect-json" | "explore" | "share" | "embed" | "copy" | "duplicate" | "remove" | "legend";
