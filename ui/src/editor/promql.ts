/** PromQL: highlighting, completion by our own server, and what parser and server say is wrong. */

import { type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
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
import { PromqlSource } from "./promql_source.ts";

const LINT_MS = 350;
/** Beyond this the parser in the page has not read all of the text when it is asked. */
const READ_AT_ONCE = 2500;

/** Of which the server makes durations. */
const MACROS: Completion[] = [
  ["$__rate_interval", "at least four scrapes: for rate and increase"],
  ["$__interval", "the step of the graph"],
  ["$__range", "the whole time range"],
].map(([label, info]) => ({ label: label!, type: "constant", info: info!, boost: 5 }));

function macros(context: CompletionContext): CompletionResult | null {
  const typed = context.matchBefore(/\$[\w]*$|\[\s*$/);
  if (!typed) return null;
  const from = typed.text.startsWith("$") ? typed.from : context.pos;
  return { from, options: MACROS, validFor: /^\$\w*$/ };
}

/** The language for an editor that asks the Prometheus behind `base`. */
export function promql(base: string): Extension {
  const complete = new HybridComplete(new PromqlSource(new PrometheusClient(base)), 20_000);
  const parsed = promQLLanguage(LanguageType.PromQL);
  const inPage = (text: string): readonly Diagnostic[] => {
    if (text.length > READ_AT_ONCE) return [];
    const state = EditorState.create({ doc: withPlaceholders(text), extensions: [parsed] });
    return new HybridLint().promQL()({ state } as EditorView);
  };
  const lint = async (view: EditorView): Promise<readonly Diagnostic[]> => {
    const text = view.state.doc.toString();
    if (!text.trim()) return [];
    const found = inPage(text);
    if (found.some((one) => one.severity === "error") && !(await rested(view, text))) return [];
    const fault = await checkQuery("promql", base, text);
    if (fault) return [{ ...fault, severity: "error" }];
    // The server has the last word on errors; hints are the page's own.
    return fault === null ? found.filter((one) => one.severity !== "error") : found;
  };
  return [parsed, parsed.data.of({ autocomplete: (context: CompletionContext) => complete.promQL(context) }), EditorState.languageData.of(() => [{ autocomplete: macros }]), linter(lint, { delay: LINT_MS })];
}
