/** Escape sequences of terminals in texts, taken out. Pure. */

/**
 * A sequence, whole or cut off: colours and the like (CSI, the only ones with groups: parameters, final letter), commands with a
 * text (OSC, DCS and their kin; a text that has no end stays, so that none is hidden by it), those of two or three letters, and
 * what is left of one. No part goes over a long line once for each of its letters: each stops at the next escape.
 */
export const ESCAPES = /(?:\u001b\[|\u009b)([0-9:;<=>?]*)[ -/]*([@-~]?)|\u001b[\]PX^_](?:[^\u0007\u001b]*(?:\u0007|\u001b\\))?|\u001b[ -/]+[0-~]?|\u001b[0-~]?/g;

/** Whether a text holds sequences at all: only those that do pay for it. */
export function hasEscapes(text: string): boolean {
  return text.includes("\u001b") || text.includes("\u009b");
}

/** The text as a terminal without colours shows it. */
export function withoutEscapes(text: string): string {
  return hasEscapes(text) ? text.replace(ESCAPES, "") : text;
}
