/** Lines as files. */

import type { LogRow } from "../../panels/logs/log_rows.ts";
import { textCell } from "./text_cell.ts";

export type LogFormat = "txt" | "json" | "csv";

export const LOG_FORMATS: readonly { format: LogFormat; name: string; mime: string }[] = [
  { format: "txt", name: "Text", mime: "text/plain" }, { format: "json", name: "JSON", mime: "application/json" }, { format: "csv", name: "CSV", mime: "text/csv" },
];

/** The rows in their order. JSON has times in nanoseconds as text, as the server's answers have; CSV has a column for each label. */
export function exported(rows: readonly LogRow[], format: LogFormat): string {
  switch (format) {
    case "txt":
      return rows.map((row) => `${new Date(row.ms).toISOString()}\t${row.line}`).join("\n") + "\n";
    case "json":
      return JSON.stringify(rows.map((row) => ({ timestamp: row.ns ?? `${row.ms}000000`, date: new Date(row.ms).toISOString(), line: row.line, labels: row.labels })), null, 1);
    case "csv": {
      const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
      const lines = rows.map((row) => [new Date(row.ms).toISOString(), row.ns ?? "", row.line, ...names.map((name) => row.labels[name] ?? "")]);
      return [["Date", "Nanoseconds", "Line", ...names], ...lines].map((cells) => cells.map(textCell).join(",")).join("\r\n") + "\r\n";
    }
  }
}
