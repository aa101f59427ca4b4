/**
 * Keyboard shortcuts: sequences of keys ("g h", "d shift+e") and chords ("mod+k", "mod" is cmd on a Mac and ctrl elsewhere).
 * A page registers its own while it is shown; the newest of equal ones wins. They are off where the person types.
 */

export interface Shortcut {
  /** Keys with spaces between them; modifiers before a key with plus: "mod+k", "shift+e", "?". */
  keys: string;
  /** For the help sheet. */
  text: string;
  group: string;
  run: (event: KeyboardEvent) => void;
  /** Also while the person types: only for chords. */
  inFields?: boolean;
}

const SEQUENCE_MS = 1200;

const registered: Shortcut[] = [];
let typed: string[] = [];
let typedAt = 0;

/** Registers shortcuts; returns what takes them away again. */
export function shortcuts(list: Shortcut[]): () => void {
  registered.push(...list);
  return () => {
    for (const one of list) {
      const at = registered.indexOf(one);
      if (at >= 0) registered.splice(at, 1);
    }
  };
}

/** What can be pressed now, by group in the order of registration; of equal keys the newest. */
export function allShortcuts(): Map<string, Shortcut[]> {
  const groups = new Map<string, Shortcut[]>();
  const seen = new Set<string>();
  for (const one of [...registered].reverse()) {
    if (seen.has(one.keys)) continue;
    seen.add(one.keys);
    const group = groups.get(one.group) ?? [];
    group.unshift(one);
    groups.set(one.group, group);
  }
  return new Map([...groups].reverse());
}

/** Whether what is typed into this element is text. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("[contenteditable=''], [contenteditable='true'], .cm-editor")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "range", "color"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** The name of what was pressed: "a", "shift+e", "mod+k", "?", "left". Empty for a modifier alone. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const special: Record<string, string> = { Escape: "esc", ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", " ": "space", Enter: "enter" };
  const key = event.key;
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Process"].includes(key)) return "";
  const name = special[key] ?? key.toLowerCase();
  const letter = /^[a-z]$/.test(name) || name in { esc: 1, left: 1, right: 1, up: 1, down: 1, space: 1, enter: 1 };
  return (event.ctrlKey || event.metaKey ? "mod+" : "") + (event.altKey ? "alt+" : "") + (event.shiftKey && letter ? "shift+" : "") + name;
}

/** Takes a key of the window; whether a shortcut ran. */
export function pressed(event: KeyboardEvent, now = Date.now()): boolean {
  const name = keyName(event);
  if (!name || event.isComposing) return false;
  const field = isField(event.target);
  if (now - typedAt > SEQUENCE_MS) typed = [];
  typedAt = now;
  typed = [...typed, name].slice(-3);
  for (let length = typed.length; length >= 1; length--) {
    const keys = typed.slice(-length).join(" ");
    for (let at = registered.length - 1; at >= 0; at--) {
      const one = registered[at]!;
      if (one.keys !== keys || (field && !one.inFields)) continue;
      // "t z" must not also be the "z" of something else, nor begin a new sequence.
      typed = [];
      event.preventDefault();
      one.run(event);
      return true;
    }
  }
  return false;
}
