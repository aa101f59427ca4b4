/**
 * Reads the YAML that servers show as their configuration: block and flow mappings and lists, quoted and plain scalars,
 * block texts, comments. No anchors, tags or several documents: what is not understood is an error with its line.
 */

export type Yaml = string | number | boolean | null | Yaml[] | { [key: string]: Yaml };

interface Line {
  indent: number;
  text: string;
  /** From 1. */
  number: number;
}

/** The text is no YAML that we read; `line` from 1. */
export class YamlError extends Error {
  override name = "YamlError";
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(`line ${line}: ${message}`);
  }
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'[{\]},&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)/;

/** The value of a document; null of an empty one. */
export function parseYaml(source: string): Yaml {
  return new Reader(source).document();
}

class Reader {
  #raw: string[];
  #at = 0;

  constructor(source: string) {
    this.#raw = source.replace(/\r\n?/g, "\n").split("\n");
  }

  document(): Yaml {
    const first = this.#peek();
    if (first?.text === "---") this.#at++;
    const line = this.#peek();
    if (!line) return null;
    const value = this.#block(line.indent);
    const rest = this.#peek();
    if (rest && rest.text !== "...") throw new YamlError("unexpected indentation", rest.number);
    return value;
  }

  /** The next line that says something. */
  #peek(): Line | null {
    for (; this.#at < this.#raw.length; this.#at++) {
      const raw = this.#raw[this.#at]!;
      const text = stripComment(raw.trimStart()).trimEnd();
      if (!text) continue;
      const indent = raw.length - raw.trimStart().length;
      if (raw.slice(0, indent).includes("\t")) throw new YamlError("tabs can't indent", this.#at + 1);
      return { indent, text, number: this.#at + 1 };
    }
    return null;
  }

  #block(indent: number): Yaml {
    const line = this.#peek()!;
    if (line.text === "-" || line.text.startsWith("- ")) return this.#list(indent);
    if (KEY.test(line.text)) return this.#map(indent);
    this.#at++;
    return this.#inline(line.text, indent, line.number);
  }

  #list(indent: number): Yaml[] {
    const items: Yaml[] = [];
    for (;;) {
      const line = this.#peek();
      if (!line || line.indent !== indent || !(line.text === "-" || line.text.startsWith("- "))) {
        if (line && line.indent > indent) throw new YamlError("unexpected indentation", line.number);
        return items;
      }
      const rest = line.text.slice(1).trimStart();
      if (!rest) {
        this.#at++;
        const next = this.#peek();
        items.push(next && next.indent > indent ? this.#block(next.indent) : null);
        continue;
      }
      // What follows the dash is a block of its own, further in.
      const inner = indent + (line.text.length - rest.length);
      if (KEY.test(rest) || rest === "-" || rest.startsWith("- ")) {
        this.#raw[this.#at] = " ".repeat(inner) + rest;
        items.push(this.#block(inner));
      } else {
        this.#at++;
        items.push(this.#inline(rest, indent, line.number));
      }
    }
  }

  #map(indent: number): { [key: string]: Yaml } {
    const map: { [key: string]: Yaml } = Object.create(null) as { [key: string]: Yaml };
    for (;;) {
      const line = this.#peek();
      if (!line || line.indent < indent) return map;
      const match = KEY.exec(line.text);
      if (line.indent > indent) throw new YamlError("unexpected indentation", line.number);
      if (!match) {
        if (line.text === "-" || line.text.startsWith("- ")) return map;
        throw new YamlError("a key is expected", line.number);
      }
      this.#at++;
      const rest = line.text.slice(match[0].length).trim();
      map[String(scalar(match[1]!))] = rest ? this.#inline(rest, indent, line.number) : this.#nested(indent);
    }
  }

  /** What stands below a key: further in, or a list at the key's own indentation. */
  #nested(indent: number): Yaml {
    const next = this.#peek();
    if (!next) return null;
    if (next.indent > indent) return this.#block(next.indent);
    if (next.indent === indent && (next.text === "-" || next.text.startsWith("- "))) return this.#list(indent);
    return null;
  }

  #inline(text: string, indent: number, number: number): Yaml {
    const block = /^([|>])([+-]?)(\d?)([+-]?)$/.exec(text);
    if (block) return this.#text(indent, block[1] === ">", block[2] || block[4] || "");
    if (text[0] === "[" || text[0] === "{") {
      let all = text;
      // A flow value may go on over lines.
      while (!closed(all)) {
        const next = this.#peek();
        if (!next) throw new YamlError("a bracket is not closed", number);
        all += ` ${next.text}`;
        this.#at++;
      }
      return new Flow(all, number).value();
    }
    if ((text[0] === '"' || text[0] === "'") && !quoteClosed(text)) {
      let all = text;
      for (; !quoteClosed(all); this.#at++) {
        if (this.#at >= this.#raw.length) throw new YamlError("a quote is not closed", number);
        const next = this.#raw[this.#at]!.trim();
        all += next ? (all.endsWith("\n") ? next : ` ${next}`) : "\n";
      }
      return scalar(all);
    }
    if (/^[&*!]/.test(text)) throw new YamlError("anchors and tags are not read", number);
    let all = text;
    for (let next = this.#peek(); next && next.indent > indent && text[0] !== '"' && text[0] !== "'"; next = this.#peek()) {
      if (KEY.test(next.text)) throw new YamlError("unexpected indentation", next.number);
      all += ` ${next.text}`;
      this.#at++;
    }
    return scalar(all);
  }

  #text(indent: number, folded: boolean, chomp: string): string {
    const lines: string[] = [];
    let inner = -1;
    for (; this.#at < this.#raw.length; this.#at++) {
      const raw = this.#raw[this.#at]!;
      const own = raw.length - raw.trimStart().length;
      if (raw.trim() && own <= indent) break;
      if (inner < 0 && raw.trim()) inner = own;
      lines.push(raw.slice(Math.max(inner, 0)));
    }
    let text = folded ? lines.join("\n").replace(/([^\n])\n(?=[^\n\s])/g, "$1 ") : lines.join("\n");
    if (chomp === "+") return `${text}\n`;
    text = text.replace(/\n+$/, "");
    return chomp === "-" || !text ? text : `${text}\n`;
  }
}

class Flow {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly line: number,
  ) {}

  value(): Yaml {
    const value = this.#item();
    this.#space();
    if (this.#at < this.text.length) throw new YamlError("unexpected text after a bracket", this.line);
    return value;
  }

  #space(): void {
    while (/\s/.test(this.text[this.#at] ?? "")) this.#at++;
  }

  #item(): Yaml {
    this.#space();
    const char = this.text[this.#at];
    if (char === "[") {
      const items: Yaml[] = [];
      this.#at++;
      for (this.#space(); this.text[this.#at] !== "]"; this.#comma("]")) items.push(this.#item());
      this.#at++;
      return items;
    }
    if (char === "{") {
      const map: { [key: string]: Yaml } = Object.create(null) as { [key: string]: Yaml };
      this.#at++;
      for (this.#space(); this.text[this.#at] !== "}"; this.#comma("}")) {
        const key = String(this.#scalar(/[^,:{}[\]]/));
        this.#space();
        map[key] = null;
        if (this.text[this.#at] === ":") {
          this.#at++;
          map[key] = this.#item();
        }
      }
      this.#at++;
      return map;
    }
    return this.#scalar(/[^,{}[\]]/);
  }

  #comma(end: string): void {
    this.#space();
    if (this.text[this.#at] === ",") {
      this.#at++;
      this.#space();
    } else if (this.text[this.#at] !== end) throw new YamlError(`a comma or ${end} is expected`, this.line);
  }

  #scalar(plain: RegExp): Yaml {
    this.#space();
    const from = this.#at;
    const quote = this.text[from];
    if (quote === '"' || quote === "'") {
      for (this.#at++; this.#at < this.text.length; this.#at++) {
        if (quote === '"' && this.text[this.#at] === "\\") this.#at++;
        else if (this.text[this.#at] === quote && (quote === '"' || this.text[this.#at + 1] !== "'")) break;
        else if (this.text[this.#at] === quote) this.#at++;
      }
      this.#at++;
    } else {
      while (this.#at < this.text.length && plain.test(this.text[this.#at]!)) this.#at++;
      if (this.#at === from) throw new YamlError("a value is expected", this.line);
    }
    return scalar(this.text.slice(from, this.#at).trim());
  }
}

function quoteClosed(text: string): boolean {
  return text[0] === '"' ? /^"(?:[^"\\]|\\.)*"$/s.test(text) : /^'(?:[^']|'')*'$/s.test(text);
}

function closed(text: string): boolean {
  let depth = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote) {
      if (char === "\\" && quote === '"') at++;
      else if (char === quote) quote = "";
    } else if ((char === '"' || char === "'") && /[\s,[{:]/.test(text[at - 1] ?? " ")) quote = char;
    else if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
  }
  return depth <= 0 && !quote;
}

function stripComment(text: string): string {
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote) {
      if (char === "\\" && quote === '"') at++;
      else if (char === quote) quote = "";
    } else if ((char === '"' || char === "'") && (at === 0 || /[\s,[{:-]/.test(text[at - 1]!))) quote = char;
    else if (char === "#" && (at === 0 || /\s/.test(text[at - 1]!))) return text.slice(0, at);
  }
  return text;
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", "0": "\0", "/": "/", " ": " " };

function scalar(text: string): Yaml {
  if (text[0] === "'" && text.length > 1) return text.slice(1, -1).replace(/''/g, "'");
  if (text[0] === '"' && text.length > 1) {
    return text.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/gs, (_, one: string) =>
      one.length > 1 ? String.fromCharCode(parseInt(one.slice(1), 16)) : (ESCAPES[one] ?? one),
    );
  }
  if (text === "" || text === "~" || text === "null") return null;
  if (text === "true" || text === "false") return text === "true";
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : text;
}
