/** A dashboard on its way from one page to another: imported or copied, not yet saved. */

let draft: unknown = null;

export function putDraft(json: unknown): void {
  draft = json;
}

/** The draft, once. */
export function takeDraft(): unknown {
  const taken = draft;
  draft = null;
  return taken;
}
