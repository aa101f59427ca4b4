/** Where a text stops being JSON: browsers say it in words of their own, if at all. */

export interface JsonFault {
  message: string;
  /** Offset in the text. */
  at: number;
  /** From 1. */
  line: number;
  column: number;
}

class Reader {
  at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  fail(message: string, at = this.at): never {
    const before = this.text.slice(0, at);
    throw { message, at, line: before.split("\n").length, column: at - (before.lastIndexOf("\n") + 1) + 1 } satisfies JsonFault;
  }

  space(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? "")) this.at++;
  }

  value(): void {
    this.space();
    if (++this.depth > 500) this.fail("this goes deeper than anything could be read");
    const sign = this.text[this.at];
    if (sign === "{") this.list("}", () => this.member());
    else if (sign === "[") this.list("]", () => this.value());
    else if (sign === '"') this.string();
    else this.word();
    this.depth--;
  }

  private list(end: string, item: () => void): void {
    const opened = this.at++;
    this.space();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      item();
      this.space();
      const sign = this.text[this.at];
      if (sign === end) {
        this.at++;
        return;
      }
      if (sign === undefined) this.fail(`"${this.text[opened]}" is not closed`, opened);
      if (sign !== ",") this.fail(`"," or "${end}" is missing here`);
      const comma = this.at++;
      this.space();
      if (this.text[this.at] === end) this.fail("a comma before nothing", comma);
    }
  }

  private member(): void {
    this.space();
    if (this.text[this.at] !== '"') this.fail(this.text[this.at] === undefined ? "the text ends too soon" : "a name in quotes is expected here");
    this.string();
    this.space();
    if (this.text[this.at] !== ":") this.fail('":" is missing behind the name');
    this.at++;
    this.value();
  }

  private string(): void {
    const start = this.at++;
    for (;;) {
      const sign = this.text[this.at];
      if (sign === undefined || sign === "\n") this.fail("a text is not closed", start);
      if (sign === '"') break;
      if (sign < " ") this.fail("a control character has to be escaped");
      if (sign === "\\") {
        const rule = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
        rule.lastIndex = this.at;
        const match = rule.exec(this.text);
        if (!match) this.fail("this is no escape");
        this.at += match[0].length;
      } else this.at++;
    }
    this.at++;
  }

  private word(): void {
    const rule = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
    rule.lastIndex = this.at;
    const match = rule.exec(this.text);
    if (!match) this.fail(this.text[this.at] === undefined ? "the text ends too soon" : `"${/[^\s,:{}[\]"]+|\S/.exec(this.text.slice(this.at))?.[0].slice(0, 30) ?? ""}" is no value`);
    this.at += match[0].length;
  }
}

/** What is wrong with `text` as JSON, and where; null where nothing is. */
export function jsonFault(text: string): JsonFault | null {
  const reader = new Reader(text);
  try {
    reader.value();
    reader.space();
    if (reader.at < text.length) reader.fail("there is more behind the end");
    return null;
  } catch (fault) {
    if (fault instanceof Error) throw fault;
    return fault as JsonFault;
  }
}
