/** Code in parts of one kind each, to be coloured. Pure; the work grows with the text alone, whatever it holds. */

export type CodeKind = "comment" | "string" | "number" | "keyword" | "name";

export interface CodePart {
  text: string;
  /** Undefined is plain. */
  kind: CodeKind | undefined;
}

/** Characters that are looked into; what follows is plain. */
export const COLOURED = 60_000;

const QUOTED = String.raw`"(?:[^"\\\n]|\\.)*"?`;
const APOSTROPHES = String.raw`'(?:[^'\\\n]|\\.)*'?`;
const BACKTICKS = "`(?:[^`\\\\]|\\\\[^])*`?";
const NUMBER = String.raw`(?<![\w.])-?\d[\w.]*`;
const SLASHES = String.raw`\/\/.*|\/\*[^]*?(?:\*\/|$(?![^]))`;

const words = (list: string) => String.raw`\b(?:${list.trim().split(/\s+/).join("|")})\b`;

type Rules = Partial<Record<CodeKind, string>>;

const MARKUP: Rules = {
  comment: String.raw`<!--[^]*?(?:-->|$(?![^]))|<![^>]*>?`,
  keyword: String.raw`<[\/?]?[\w:.-]*|[\/?]?>`,
  name: String.raw`(?<=[\s"'])[\w:.@-]+(?==)`,
  string: String.raw`(?<==)(?:"[^"]*"?|'[^']*'?)`,
  number: String.raw`&#?\w{1,32};`,
};

/** What each kind looks like; in the order written, as the first that fits is taken. */
const LANGUAGES: Record<string, Rules> = {
  json: { name: String.raw`"(?:[^"\\\n]|\\.)*"(?=\s{0,20}:)`, string: QUOTED, number: NUMBER, keyword: words("true false null") },
  yaml: {
    comment: "(?<![^\\s])#.*",
    name: String.raw`(?=[\w$./@'"-])(?<=^[ \t]*(?:- +){0,8})(?:[\w$./@-]+(?=[ \t]{0,20}:(?:\s|$))|(?:"[^"\n]*"|'[^'\n]*')(?=:))`,
    string: `${QUOTED}|${APOSTROPHES}`, number: String.raw`(?<=[\s:,[-])-?\d[\w.:]*(?=[\s,\]}]|$)`,
    keyword: String.raw`(?<=[:\s,[-])(?:true|false|null|yes|no|on|off|~)(?=[\s,\]}]|$)|^(?:---|\.\.\.)$|(?<=\s)[&*!][\w!/-]+`,
  },
  sql: {
    comment: String.raw`--.*|\/\*[^]*?(?:\*\/|$(?![^]))`, string: String.raw`'(?:[^']|'')*'?`, name: QUOTED, number: NUMBER,
    keyword: words("select from where and or not in is null like between exists join left right inner outer full cross on using group by order having limit offset union all distinct as case when then else end insert into values update set delete create table view index drop alter add primary key foreign references with recursive over partition asc desc true false cast interval"),
  },
  go: {
    comment: SLASHES, string: `${QUOTED}|${APOSTROPHES}|${BACKTICKS}`, number: NUMBER,
    keyword: words("break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var true false nil iota"),
    name: words("bool byte complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr any make len cap new append copy delete panic recover"),
  },
  typescript: {
    comment: SLASHES, string: `${QUOTED}|${APOSTROPHES}|${BACKTICKS}`, number: NUMBER,
    keyword: words("abstract as async await break case catch class const continue debugger declare default delete do else enum export extends false finally for from function get if implements import in instanceof interface is keyof let namespace new null of private protected public readonly return satisfies set static super switch this throw true try type typeof undefined var void while yield"),
    name: words("any boolean bigint never number object string symbol unknown Array Promise Record Map Set Date Error JSON Math console"),
  },
  markdown: {
    string: "^```[^]*?(?:^```|$(?![^]))|`[^`\\n]*`", keyword: "^#{1,6} .*|^ {0,8}(?:[-*+]|\\d{1,9}\\.)(?= )", comment: "^ {0,3}>.*|<!--[^]*?(?:-->|$(?![^]))",
    name: String.raw`!?\[[^\]\[\n]*\]\([^)\n]*\)`, number: String.raw`\*\*[^*\n]+\*\*|__[^_\n]+__`,
  },
  xml: MARKUP,
  html: MARKUP,
};

/** Whether code of the language is coloured at all. */
export function isColoured(language: string): boolean {
  return Object.hasOwn(LANGUAGES, language);
}

/** The parts of a text, in their order: together they are the text. */
export function codeParts(text: string, language: string): CodePart[] {
  const rules = isColoured(language) ? LANGUAGES[language]! : {};
  const kinds = Object.keys(rules) as CodeKind[];
  if (kinds.length === 0) return [{ text, kind: undefined }];
  // Words that are nothing special are taken as a whole, so that none is looked at once for each of its letters.
  const pattern = new RegExp(`${kinds.map((kind) => `(?<${kind}>${rules[kind]})`).join("|")}|[\\w$]+`, language === "sql" ? "gim" : "gm");
  const head = text.slice(0, COLOURED);
  const parts: CodePart[] = [];
  let last = 0;
  const plain = (to: number) => {
    if (to > last) parts.push({ text: text.slice(last, to), kind: undefined });
  };
  for (const match of head.matchAll(pattern)) {
    const kind = kinds.find((each) => match.groups?.[each] !== undefined);
    if (!kind || match[0] === "") continue;
    plain(match.index);
    parts.push({ text: match[0], kind });
    last = match.index + match[0].length;
  }
  plain(text.length);
  return parts;
}

/** The same, line by line. */
export function codeLines(parts: readonly CodePart[]): CodePart[][] {
  const lines: CodePart[][] = [[]];
  for (const { text, kind } of parts) {
    text.split("\n").forEach((piece, at) => {
      if (at) lines.push([]);
      if (piece) lines.at(-1)!.push({ text: piece, kind });
    });
  }
  return lines;
}
