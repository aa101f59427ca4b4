/** All that reads old forms, in one place, so that a page can fetch it when a dashboard has one. */

import { isRecord, type Json, type Part } from "../part.ts";
import { fromGraph } from "./graph.ts";
import { fromOldHeatmap, isOldHeatmap } from "./heatmap.ts";
import { fromOldAlertlist, fromOldDashlist, fromOldPiechart, fromOldText } from "./lists.ts";
import { fromRows } from "./rows.ts";
import { fromSecond } from "./second.ts";
import { fromFieldOptions, fromSinglestat } from "./singlestat.ts";
import { fromOldTable } from "./table.ts";

/** What `read.ts` asks of it: JSON of an old form to JSON of the classic one of today. */
export interface OldForms {
  panel: (raw: Json, say: (text: string) => void) => Json;
  /** Panels of a dashboard with `rows`. */
  rows: (dashboard: Part) => Json[];
  /** The model of a `spec` with `elements` and `layout`. */
  second: (spec: Json, uid: string | undefined) => Json;
}

/** A panel in today's form; one that is in it already as it is. `say` is told what has no place there. */
function panel(raw: Json, say: (text: string) => void): Json {
  switch (raw.type) {
    case "graph":
      return fromGraph(raw);
    case "singlestat":
    case "grafana-singlestat-panel":
      return fromSinglestat(raw, say);
    case "table-old":
      return fromOldTable(raw);
    case "table":
      return Array.isArray(raw.styles) && !isRecord(raw.fieldConfig) && !isRecord(raw.options) ? fromOldTable(raw) : raw;
    case "heatmap":
      return isOldHeatmap(raw) ? fromOldHeatmap(raw) : raw;
    case "text":
    case "text2":
      return fromOldText({ ...raw, type: "text" });
    case "dashlist":
      return fromOldDashlist(raw);
    case "alertlist":
      return fromOldAlertlist(raw);
    case "grafana-piechart-panel":
      return fromOldPiechart(raw);
    case "singlestat2":
      return fromFieldOptions({ ...raw, type: "stat" });
    case "table2":
      return { ...raw, type: "table" };
    case "stat":
    case "gauge":
    case "bargauge":
      return fromFieldOptions(raw);
    default:
      return raw;
  }
}

/** All old forms. */
export const OLD_FORMS: OldForms = { panel, rows: fromRows, second: fromSecond };
