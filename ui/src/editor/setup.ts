/** One editor on the page. This file and what it imports is one chunk, loaded when an editor is first shown; its language is another. */

import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { editorTheme } from "./theme.ts";

export interface EditorOptions {
  /** Of `logql` or `promql`. */
  language: Extension;
  value: string;
  /** What a screen reader calls it. */
  label: string;
  placeholder: string;
  onChange: (value: string) => void;
  onRun: () => void;
  /** Earlier queries, newest first; asked for when an arrow is pressed. */
  past: () => readonly string[];
}

export interface Editor {
  /** Puts another text in; nothing happens where it is the same. */
  set(value: string): void;
  setLanguage(language: Extension): void;
  focus(): void;
  destroy(): void;
}

/** Makes an editor in `parent`. */
export function createEditor(parent: HTMLElement, options: EditorOptions): Editor {
  const language = new Compartment();
  let quiet = false;
  /** Which of the past queries is shown; -1 for the person's own text, which is kept meanwhile. */
  let at = -1;
  let own = "";

  function put(view: EditorView, text: string): void {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length }, scrollIntoView: true });
  }

  /** Up at the start of the text and down at its end go through earlier queries. */
  function travel(by: 1 | -1) {
    return (view: EditorView): boolean => {
      if (completionStatus(view.state) === "active") return false;
      const { doc, selection } = view.state;
      const { head, empty } = selection.main;
      const edge = by > 0 ? doc.lineAt(head).number === 1 : doc.lineAt(head).number === doc.lines;
      if (!empty || !edge) return false;
      const past = options.past();
      const shown = at >= 0 && past[at] === doc.toString();
      if (!shown) {
        if (by < 0 || (doc.length > 0 && head !== 0)) return false;
        at = -1;
        own = doc.toString();
      }
      let next = at + by;
      while (next >= 0 && next < past.length && past[next] === doc.toString()) next += by;
      if (next >= past.length || next < -1) return shown;
      at = next;
      put(view, next < 0 ? own : past[next]!);
      return true;
    };
  }

  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.value,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: "Mod-Enter", run: () => (options.onRun(), true) },
            { key: "Shift-Enter", run: () => (options.onRun(), true) },
            { key: "ArrowUp", run: travel(1) },
            { key: "ArrowDown", run: travel(-1) },
            // Tab takes what is offered; without an offer it leaves the editor, as everywhere on the page.
            { key: "Tab", run: acceptCompletion },
            { key: "Escape", run: (one) => completionStatus(one.state) === null && (one.contentDOM.blur(), true) },
          ]),
        ),
        history(),
        bracketMatching(),
        closeBrackets(),
        indentOnInput(),
        autocompletion({ maxRenderedOptions: 60, activateOnTypingDelay: 80 }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...lintKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
        placeholder(options.placeholder),
        editorTheme,
        language.of(options.language),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });

  return {
    set(value) {
      if (value === view.state.doc.toString()) return;
      quiet = true;
      put(view, value);
      quiet = false;
    },
    setLanguage(extension) {
      view.dispatch({ effects: language.reconfigure(extension) });
    },
    focus() {
      view.focus();
    },
    destroy() {
      view.destroy();
    },
  };
}
