/** How the editor looks: the page's tokens, so that it follows dark and light by itself. */

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, MatchDecorator, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--bg-input)", border: "1px solid var(--border)", borderRadius: "var(--radius)", fontSize: "13px" },
  "&.cm-focused": { outline: "none", borderColor: "var(--accent)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", maxHeight: "40vh" },
  ".cm-content": { padding: "4px 0", caretColor: "var(--text-strong)", minHeight: "20px" },
  ".cm-line": { padding: "0 8px" },
  ".cm-cursor": { borderLeftColor: "var(--text-strong)" },
  ".cm-placeholder": { color: "var(--text-weak)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--accent-weak)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-weak)", outline: "1px solid var(--accent)" },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--error-weak)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--error)", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn)", textUnderlineOffset: "3px" },
  ".cm-lintRange-info": { backgroundImage: "none", textDecoration: "underline dotted var(--accent)", textUnderlineOffset: "3px" },
  ".cm-tooltip": {
    border: "1px solid var(--border-strong)", borderRadius: "var(--radius)", backgroundColor: "var(--bg-raised)", color: "var(--text)", boxShadow: "var(--shadow)", zIndex: "var(--z-menu)",
  },
  ".cm-tooltip-lint .cm-diagnostic": { padding: "4px 9px", borderLeft: "3px solid var(--error)", whiteSpace: "pre-wrap", maxWidth: "min(520px, 90vw)" },
  ".cm-tooltip-lint .cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-tooltip-lint .cm-diagnostic-info": { borderLeftColor: "var(--accent)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--accent-text)", borderRadius: "var(--radius-small)", padding: "2px 8px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12px", maxHeight: "18em", maxWidth: "min(640px, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--accent-text)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { marginLeft: "1.2em", fontStyle: "normal", opacity: "0.7" },
  ".cm-completionInfo": { padding: "6px 9px", maxWidth: "min(360px, 80vw)", whiteSpace: "pre-wrap" },
  ".cm-variable, .cm-variable *": { color: "var(--syntax-variable, var(--warn))" },
  ".cm-completionIcon": { display: "none" },
});

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--syntax-keyword, var(--accent))" },
  { tag: tags.function(tags.variableName), color: "var(--syntax-function, var(--accent-strong))" },
  { tag: [tags.string, tags.special(tags.string), tags.character], color: "var(--syntax-string, var(--ok))" },
  { tag: [tags.number, tags.literal, tags.unit, tags.bool], color: "var(--syntax-number, var(--warn))" },
  { tag: [tags.labelName, tags.attributeName, tags.propertyName], color: "var(--syntax-label, var(--text-weak))", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--text-strong)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--text-weak)", fontStyle: "italic" },
]);

/** Variables, which no grammar knows: `$name`, `${name:format}`, `[[name]]`; `$1` is none. */
const variableMarks = new MatchDecorator({ regexp: /\$[A-Za-z_]\w*|\$\{[^}\n]*\}|\[\[\w+(?::\w+)?\]\]/g, decoration: Decoration.mark({ class: "cm-variable" }) });

const variables = ViewPlugin.fromClass(
  class {
    marks: DecorationSet;
    constructor(view: EditorView) {
      this.marks = variableMarks.createDeco(view);
    }

    update(update: ViewUpdate) {
      this.marks = variableMarks.updateDeco(update, this.marks);
    }
  },
  { decorations: (plugin) => plugin.marks },
);

/** Look and syntax colours. */
export const editorTheme: Extension = [look, syntaxHighlighting(colors), variables];
