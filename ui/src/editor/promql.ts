/** PromQL: highlighting, completion by our own server, and what parser and server say is wrong. */

import type { CompletionContext } from "@codemirror/autocomplete";
import { type Diagnostic, linter } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { LanguageType, promQLLanguage } from "@prometheus-io/codemirror-promql";
// Their extension as a whole would bring its own client and cache along, which ours take the place of.
import { HybridComplete } from "@prometheus-io/codemirror-promql/dist/esm/complete/hybrid.js";
import { HybridLint } from "@prometheus-io/codemirror-promql/dist/esm/lint/hybrid.js";
import { PrometheusClient } from "../api/prometheus.ts";
import { rested } from "./patience.ts";
import { checkQuery } from "./server_check.ts";
import { withPlaceholders } from "./placeholders.ts";
import { improved, macros } from "./promql_completion.ts";
import { PromqlSource } from "./promql_source.ts";

const LINT_MS = 350;
/** Beyond this the parser in the page has not read all of the text when it is asked. */
const READ_AT_ONCE = 2500;
/** Nobody wrote more by hand: a longer text is checked when it is run. */
const CHECKED = 100_000;

/** The language for an editor that asks the Prometheus behind `base`. */
export function promql(base: string): Extension {
  const source = new PromqlSource(new PrometheusClient(base));
  const complete = new HybridComplete(source, 20_000);
  const parsed = promQLLanguage(LanguageType.PromQL);
  const inPage = (text: string): readonly Diagnostic[] => {
    if (text.length > READ_AT_ONCE) return [];
    const state = EditorState.create({ doc: withPlaceholders(text), extensions: [parsed] });
    return new HybridLint().promQL()({ state } as EditorView);
  };
  const hints = async (text: string): Promise<readonly Diagnostic[]> => {
    if (text.length > READ_AT_ONCE) return [];
    const [{ hintsOf }, known] = await Promise.all([import("./promql_hints.ts"), source.known()]);
    // What stands for a variable is as long as it: places in the tree are places in the text.
    return hintsOf(parsed.parser.parse(withPlaceholders(text)), text, known).map(({ fix, ...hint }) => ({
      ...hint,
      ...(fix ? { actions: [{ name: fix.name, apply: (view: EditorView) => view.dispatch({ changes: { from: fix.from, to: fix.to, insert: fix.insert } }) }] } : {}),
    }));
  };
  const lint = async (view: EditorView): Promise<readonly Diagnostic[]> => {
    const text = view.state.doc.toString();
    if (!text.trim() || text.length > CHECKED) return [];
    const found = inPage(text);
    if (found.some((one) => one.severity === "error") && !(await rested(view, text))) return [];
    const fault = await checkQuery(base, text);
    if (fault) return [{ ...fault, severity: "error" }];
    // The server has the last word on errors; hints are the page's own.
    return fault === null ? [...found.filter((one) => one.severity !== "error"), ...(await hints(text))] : found;
  };
  return [
    parsed,
    parsed.data.of({ autocomplete: async (context: CompletionContext) => improved(context, await complete.promQL(context), source.cut) }),
    EditorState.languageData.of(() => [{ autocomplete: macros }]),
    linter(lint, { delay: LINT_MS }),
  ];
}
