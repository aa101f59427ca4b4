/** What a text is as a dashboard to import. Pure. */

import { load } from "../../core/model/migrate.ts";
import { importInputs } from "../../core/model/save.ts";
import type { ImportInput } from "../../core/model/save.ts";

export interface ImportFile {
  /** The dashboard's own JSON, taken out of what an API put around it. */
  json: Record<string, unknown>;
  title: string;
  uid: string;
  panels: number;
  inputs: ImportInput[];
  /** What people should know before they import it. */
  notices: string[];
}

const record = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

/** Raises an Error that says what is wrong. */
export function readImport(text: string): ImportFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const outer = record(parsed);
  const json = "dashboard" in outer && !("panels" in outer) ? record(outer.dashboard) : outer;
  const { dashboard, notices } = load(json);
  const wrong = notices.find((notice) => notice.severity === "error");
  if (wrong) throw new Error(wrong.text);
  if (!dashboard.panels.length && typeof json.title !== "string") throw new Error("This is no dashboard: it has neither a title nor panels.");
  return {
    json, title: dashboard.title, uid: typeof json.uid === "string" ? json.uid : "", inputs: importInputs(json),
    panels: dashboard.panels.reduce((sum, panel) => sum + (panel.type === "row" ? (panel.panels?.length ?? 0) : 1), 0),
    notices: notices.filter((notice) => notice.severity !== "info").map((notice) => notice.text),
  };
}

/** A data source as far as a choice among them goes. */
interface Source {
  uid: string;
  type: string;
  isDefault?: boolean;
}

/** What each input begins with: a data source of its type, the default one before others; the constant that the export has. */
export function firstChoices(inputs: readonly ImportInput[], sources: readonly Source[]): Record<string, string> {
  return Object.fromEntries(
    inputs.map((input) => {
      if (input.type !== "datasource") return [input.name, input.value];
      const fitting = sources.filter((source) => !input.pluginId || source.type === input.pluginId);
      return [input.name, (fitting.find((source) => source.isDefault) ?? fitting[0])?.uid ?? ""];
    }),
  );
}
