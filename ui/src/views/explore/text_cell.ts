/** A text as a cell of comma-separated values. */

/** Quoted where it must be. Labels and lines are written by anybody: a spreadsheet must not take one for a formula. */
export function textCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) || harmless !== harmless.trim() ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
