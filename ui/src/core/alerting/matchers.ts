/** Matchers of alerts as people write them: `{alertname="Down", job=~"api|web"}`, and Alertmanager's JSON form. */

export type MatchOperator = "=" | "!=" | "=~" | "!~";

export interface AlertMatcher {
  name: string;
  op: MatchOperator;
  value: string;
}

/** The form of Alertmanager's API. */
export interface JsonMatcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual?: boolean;
}

/** Why a text is no list of matchers; `at` is the offset, from 0. */
export class MatcherSyntaxError extends Error {
  override name = "MatcherSyntaxError";
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const SPACE = /[\s,]*/y;
const NAME = /"((?:[^"\\]|\\.)*)"|[^\s,{}"'`=!~\\]+/y;
const OP = /\s*(=~|!~|!=|=)\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const BARE = /[^\s,{}"]+/y;

/** The matchers of `text`, with or without braces, commas between them; values may stand without quotes. Throws MatcherSyntaxError. */
export function parseMatchers(text: string): AlertMatcher[] {
  let from = 0;
  let to = text.length;
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) {
    if (!trimmed.endsWith("}")) throw new MatcherSyntaxError("the closing brace is missing", text.length);
    from = text.indexOf("{") + 1;
    to = text.lastIndexOf("}");
  }
  const inner = text.slice(0, to);
  const found: AlertMatcher[] = [];
  let at = from;
  const take = (rule: RegExp): RegExpExecArray | null => {
    rule.lastIndex = at;
    const match = rule.exec(inner);
    if (match) at = rule.lastIndex;
    return match;
  };
  for (;;) {
    take(SPACE);
    if (at >= to) return found;
    const name = take(NAME);
    if (!name) throw new MatcherSyntaxError("a label's name is expected", at);
    const op = take(OP);
    if (!op) throw new MatcherSyntaxError(`one of = != =~ !~ is expected after ${name[0]}`, at);
    const quoted = take(QUOTED);
    const value = quoted ? unquote(quoted[1]!) : (take(BARE)?.[0] ?? "");
    const matcher = { name: name[1] === undefined ? name[0] : unquote(name[1]), op: op[1] as MatchOperator, value };
    checkMatcher(matcher, at);
    found.push(matcher);
  }
}

/** Throws MatcherSyntaxError where the regular expression of a matcher is none. */
export function checkMatcher(matcher: AlertMatcher, at = 0): void {
  if (matcher.op !== "=~" && matcher.op !== "!~") return;
  try {
    regexOf(matcher.value);
  } catch {
    throw new MatcherSyntaxError(`${matcher.value} is no regular expression`, at);
  }
}

function unquote(text: string): string {
  return text.replace(/\\(.)/gs, (_, one: string) => (one === "n" ? "\n" : one));
}

function quote(text: string): string {
  return `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
}

/** `alertname="Down"`; names that are no plain ones are quoted. */
export function matcherText({ name, op, value }: AlertMatcher): string {
  return `${/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quote(name)}${op}${quote(value)}`;
}

/** `{alertname="Down", job=~"api|web"}`; "" of none. */
export function matchersText(matchers: readonly AlertMatcher[]): string {
  return matchers.length ? `{${matchers.map(matcherText).join(", ")}}` : "";
}

/** Whether an alert of these labels matches; a label that is not there is "". */
export function matches(matcher: AlertMatcher, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[matcher.name] ?? "";
  switch (matcher.op) {
    case "=":
      return value === matcher.value;
    case "!=":
      return value !== matcher.value;
    case "=~":
      return regexOf(matcher.value).test(value);
    case "!~":
      return !regexOf(matcher.value).test(value);
  }
}

const regexes = new Map<string, RegExp>();

/** The whole value must match, as in Prometheus. `(?i)` and its like at the start become flags. */
function regexOf(text: string): RegExp {
  let made = regexes.get(text);
  if (!made) {
    const flags = /^\(\?([ims]+)\)/.exec(text);
    made = new RegExp(`^(?:${flags ? text.slice(flags[0].length) : text})$`, flags ? flags[1] : "s");
    if (regexes.size > 500) regexes.clear();
    regexes.set(text, made);
  }
  return made;
}

/** Whether all of the matchers match. */
export function matchesAll(matchers: readonly AlertMatcher[], labels: Readonly<Record<string, string>>): boolean {
  return matchers.every((matcher) => matches(matcher, labels));
}

/** As the API takes them. */
export function toJson({ name, op, value }: AlertMatcher): JsonMatcher {
  return { name, value, isRegex: op === "=~" || op === "!~", isEqual: op === "=" || op === "=~" };
}

/** From the API's form; an old one without `isEqual` is equal. */
export function fromJson({ name, value, isRegex, isEqual }: JsonMatcher): AlertMatcher {
  return { name, value, op: isEqual === false ? (isRegex ? "!~" : "!=") : isRegex ? "=~" : "=" };
}

/** A matcher of each label, sorted by name: what silences exactly one alert. */
export function matchersOf(labels: Readonly<Record<string, string>>): AlertMatcher[] {
  return Object.keys(labels)
    .sort()
    .map((name) => ({ name, op: "=", value: labels[name]! }));
}
