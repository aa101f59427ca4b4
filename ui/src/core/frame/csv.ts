/** A frame as comma-separated values (RFC 4180). */

import type { Theme } from "./colors.ts";
import { displayNames } from "./display_name.ts";
import { displayProcessor, displayText } from "./display_processor.ts";
import type { Frame } from "./frame.ts";

export interface CsvOptions {
  /** Values as they are shown, with units, instead of as they are; times in `zone` instead of milliseconds. */
  formatted?: boolean;
  /** A first line that tells Excel what the delimiter is. */
  excelHeader?: boolean;
  delimiter?: string;
  zone?: string;
}

const THEME: Theme = "dark"; // Texts do not depend on it.

function cell(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Labels and lines are written by anybody: a spreadsheet must not take one for a formula. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
}

function rawText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return harmless(value);
  return typeof value === "object" ? harmless(JSON.stringify(value)) : String(value);
}

/** Lines end with CRLF; the first holds the columns' display names. */
export function csv(frame: Frame, { formatted = false, excelHeader = false, delimiter = ",", zone = "" }: CsvOptions = {}): string {
  const names = displayNames([frame]);
  const texts = frame.fields.map((field): ((value: unknown) => string) => {
    if (!formatted) return rawText;
    const display = displayProcessor(field, THEME, zone);
    const text = (value: unknown): string => displayText(display(value));
    return field.type === "number" || field.type === "time" ? text : (value) => harmless(text(value));
  });
  const lines = excelHeader ? [`sep=${delimiter}`] : [];
  lines.push(frame.fields.map((field) => cell(harmless(field.display ?? names.get(field) ?? field.name), delimiter)).join(delimiter));
  for (let row = 0; row < frame.length; row++) {
    lines.push(frame.fields.map((field, i) => cell(texts[i]!(field.values[row]), delimiter)).join(delimiter));
  }
  return `${lines.join("\r\n")}\r\n`;
}
