/** A cell's value to be looked into. Pure. */

/** Characters shown at most. */
const LENGTH = 500_000;

/** JSON, or text that is JSON, over several lines; everything else as text. */
export function spreadValue(value: unknown): string {
  let given = value;
  if (typeof value === "string" && /^\s*[[{]/.test(value)) {
    try {
      given = JSON.parse(value);
    } catch {
      // Then it only begins like it.
    }
  }
  const text = given !== null && typeof given === "object" ? JSON.stringify(given, null, 2) : String(given ?? "");
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}… (${text.length - LENGTH} more characters)` : text;
}
