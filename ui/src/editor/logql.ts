/** LogQL: the language for an editor, with completion and checks by our own server. */

import { type Completion, type CompletionContext, type CompletionResult, snippetCompletion } from "@codemirror/autocomplete";
import { LanguageSupport, LRLanguage } from "@codemirror/language";
import { type Diagnostic, linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { parser } from "@grafana/lezer-logql";
import { styleTags, tags as t } from "@lezer/highlight";
import { LokiClient } from "../api/loki.ts";
import { keptFor } from "./kept.ts";
import { lastSelector, logqlContext } from "./logql_context.ts";
import { CONVERSIONS, DURATIONS, FILTERS, FUNCTIONS, STAGES, type Word } from "./logql_words.ts";
import { isBroken, rested } from "./patience.ts";
import { checkQuery } from "./server_check.ts";

const LINT_MS = 350;
/** Nobody wrote more by hand: a longer text is checked when it is run. */
const CHECKED = 100_000;
const LOOK_BACK_MS = 6 * 3_600_000;

const language = LRLanguage.define({
  name: "logql",
  parser: parser.configure({
    props: [
      styleTags({
        LineComment: t.lineComment,
        String: t.string,
        "Number Duration Bytes": t.number,
        Identifier: t.labelName,
        "LabelName!": t.labelName,
        "RangeOp/... VectorOp/... LabelReplace Vector ConvOp/...": t.function(t.variableName),
        "Json Logfmt Unpack Pattern Regexp Unwrap LabelFormat LineFormat Decolorize Drop Keep": t.keyword,
        "By Without On Ignoring GroupLeft GroupRight Bool And Or Unless Offset": t.modifier,
        "PipeExact PipeMatch PipePattern Npa Pipe Eq Neq Re Nre Gtr Gte Lss Lte Eql": t.operatorKeyword,
        ParserFlag: t.modifier,
      }),
    ],
  }),
  languageData: { closeBrackets: { brackets: ["(", "[", "{", '"', "`"] }, commentTokens: { line: "#" } },
});

function completionOf(word: Word): Completion {
  const more = { label: word.label, info: word.info, type: word.type };
  if (!word.apply) return more;
  // The snippet's own signs in the text are escaped; `|` alone, not `|=`, is where the cursor goes.
  const [before = "", after = ""] = word.apply.startsWith("|") ? ["|" + word.apply.slice(1).split("|")[0], word.apply.slice(1).split("|")[1] ?? ""] : splitOnce(word.apply);
  const escape = (text: string) => text.replace(/[\\{}]/g, (sign) => `\\${sign}`).replace(/\$(?=\\\{)/g, "\\$");
  return snippetCompletion(`${escape(before)}\${}${escape(after)}`, more);
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf("|");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Names and values that the Loki behind `base` knows, kept for some minutes. */
class LogqlSource {
  #client: LokiClient;
  constructor(readonly base: string) {
    this.#client = new LokiClient(base);
  }

  #span() {
    const to = Math.ceil(Date.now() / 60_000) * 60_000;
    return { from: to - LOOK_BACK_MS, to };
  }

  labels(matchers: readonly string[]): Promise<string[]> {
    const query = matchers.length ? `{${matchers.join(", ")}}` : undefined;
    const kept = keptFor(this.base);
    return kept.get(`labels ${query ?? ""}`, () => this.#client.labels(this.#span(), query).catch(() => this.#client.labels(this.#span()))).catch(() => []);
  }

  values(label: string, matchers: readonly string[]): Promise<string[]> {
    const query = matchers.length ? `{${matchers.join(", ")}}` : undefined;
    const kept = keptFor(this.base);
    const ask = (by?: string) => this.#client.labelValues(label, by, this.#span());
    return kept.get(`values ${label} ${query ?? ""}`, () => ask(query).catch(() => ask())).catch(() => []);
  }

  fieldValues(field: string, selector: string): Promise<string[]> {
    if (!selector) return Promise.resolve([]);
    const span = this.#span();
    const ask = () => this.#client.get<{ values?: string[] | null }>(`detected_field/${encodeURIComponent(field)}/values`, { query: selector, start: `${span.from}000000`, end: `${span.to}000000` });
    return keptFor(this.base).get(`field ${field} ${selector}`, () => ask().then(({ values }) => values ?? [])).catch(() => []);
  }

  async fields(selector: string): Promise<string[]> {
    if (!selector) return this.labels([]);
    const found = await keptFor(this.base).get(`fields ${selector}`, () => this.#client.detectedFields(selector, this.#span())).catch(() => []);
    return [...new Set([...found.map((field) => field.label), ...(await this.labels([selector.slice(1, -1)]))])];
  }
}

const words = { start: FUNCTIONS.map(completionOf), filter: [...FILTERS.map(completionOf), ...STAGES.map((stage) => completionOf(piped(stage)))], stage: STAGES.map((stage) => ({ ...completionOf(stage), boost: 10 })), unwrap: CONVERSIONS.map(completionOf) };

function piped(stage: Word): Word {
  return { ...stage, label: `| ${stage.label}`, apply: `| ${stage.apply ?? stage.label}` };
}

const names = (list: readonly string[], suffix = ""): Completion[] => list.map((label) => ({ label, type: "variable", ...(suffix ? { apply: label + suffix } : {}) }));

function completeWith(source: LogqlSource) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.state.sliceDoc(0, context.pos);
    const word = context.matchBefore(/[\w.:$]*$/);
    const from = word?.from ?? context.pos;
    const at = logqlContext(before);
    const waited = context.explicit || from < context.pos;
    switch (at.kind) {
      case "none":
        return null;
      case "label":
        return { from, options: names(await source.labels(at.matchers), "="), validFor: /^[\w.:]*$/ };
      case "value": {
        const values = await source.values(at.label, at.matchers);
        const typed = /(?:"|`|=~?|!=|!~)\s*((?:[^"`\\]|\\.)*)$/.exec(before)?.[1] ?? "";
        const start = context.pos - typed.length;
        // In a regular expression what stands before a bar is done.
        const piece = at.quoted ? typed.slice(typed.lastIndexOf("|") + 1) : typed;
        const quoteNext = context.state.sliceDoc(context.pos, context.pos + 1) === '"';
        return {
          from: at.quoted ? context.pos - piece.length : start,
          options: values.map((value) => {
            const text = value.replace(/\\/g, "\\\\").replace(/"/g, '\\"');
            return { label: value, type: "text", apply: at.quoted ? text + (quoteNext ? "" : '"') : `"${text}"` };
          }),
          validFor: /^[^"|]*$/,
        };
      }
      case "grouping":
        return { from, options: names(await source.fields(at.selector)), validFor: /^[\w.]*$/ };
      case "unwrap":
        return { from, options: [...names(await source.fields(lastSelector(before))), ...words.unwrap], validFor: /^[\w.]*$/ };
      case "labels": {
        // In a template the dot is no part of the name.
        const start = from + (context.state.sliceDoc(from, context.pos).lastIndexOf(".") + 1);
        return { from: start, options: names(await source.fields(lastSelector(before))), validFor: /^\w*$/ };
      }
      case "field": {
        const values = await source.fieldValues(at.label, lastSelector(before));
        const typed = at.quoted ? /[^"`]*$/.exec(before)![0] : (word?.text ?? "");
        const quoteNext = /["`]/.test(context.state.sliceDoc(context.pos, context.pos + 1));
        return {
          from: context.pos - typed.length,
          options: values.map((value) => ({ label: value, type: "text", apply: at.quoted ? JSON.stringify(value).slice(1, -1) + (quoteNext ? "" : '"') : JSON.stringify(value) })),
          validFor: /^[^"`|]*$/,
        };
      }
      case "duration":
        return { from, options: DURATIONS.map((label) => ({ label, type: "constant" })), validFor: /^[\w$]*$/ };
      case "start":
        return waited || !before.trim() ? { from, options: [{ label: "{", apply: "{", info: "a selector of streams", type: "operator", boost: 5 }, ...words.start], validFor: /^\w*$/ } : null;
      case "filter":
        return waited || /\s$/.test(before) ? { from, options: words.filter, validFor: /^\w*$/ } : null;
      case "stage":
        return { from, options: [...words.stage, ...names(await source.fields(lastSelector(before)))], validFor: /^[\w.]*$/ };
    }
  };
}

/** The language for an editor that asks the Loki behind `base`. */
export function logql(base: string): Extension {
  const lint = async (view: EditorView): Promise<readonly Diagnostic[]> => {
    const text = view.state.doc.toString();
    if (text.length > CHECKED) return [];
    if (isBroken(parser, text) && !(await rested(view, text))) return [];
    const fault = await checkQuery(base, text);
    return fault ? [{ ...fault, severity: "error" }] : [];
  };
  return [new LanguageSupport(language, language.data.of({ autocomplete: completeWith(new LogqlSource(base)) })), linter(lint, { delay: LINT_MS })];
}
