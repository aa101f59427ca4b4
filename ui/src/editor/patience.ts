/** Who is still typing is not told that the end is missing: the server is asked of a broken text only after a rest. */

import type { Parser, Tree } from "@lezer/common";
import type { EditorView } from "@codemirror/view";
import { sleep } from "../api/http.ts";
import { withPlaceholders } from "./placeholders.ts";

const REST_MS = 900;

/** Whether the grammar finds the text broken; variables count as something that fits. */
export function isBroken(parser: Parser, text: string): boolean {
  return hasError(parser.parse(withPlaceholders(text)));
}

function hasError(tree: Tree): boolean {
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) return true;
  } while (cursor.next());
  return false;
}

/** Waits while the person may still be writing; whether the text is still the same after. */
export async function rested(view: EditorView, text: string): Promise<boolean> {
  await sleep(REST_MS);
  return view.state.doc.toString() === text;
}
