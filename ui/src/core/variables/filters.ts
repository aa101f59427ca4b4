/** Filters of adhoc variables, and how URLs write them: `key|operator|value`, a pipe inside as `__gfp__`. */

/** `values` are those of the operators `=|` and `!=|` (one of several). */
export interface Filter {
  key: string;
  operator: string;
  value: string;
  values?: string[];
}

/** What may stand between key and value. */
export const FILTER_OPERATORS: readonly string[] = ["=", "!=", "=~", "!~", "=|", "!=|", "<", "<=", ">", ">="];

const encode = (text: string) => text.replace(/\|/g, "__gfp__").replace(/,/g, "__gfc__").replace(/#/g, "__gfh__");
const decode = (text: string) => text.replace(/__gfp__/g, "|").replace(/__gfc__/g, ",").replace(/__gfh__/g, "#");

/** The filter of one URL value; null where it is none. A label after a comma and an origin after `#` are Grafana's, and dropped. */
export function parseFilter(text: string): Filter | null {
  const parts = text.replace(/#[\w-]*$/, "").split("|");
  const key = decode(parts[0]!.split(",")[0]!);
  let operator = decode(parts[1] ?? "");
  let rest = parts.slice(2);
  // The operators with a pipe of their own leave an empty part behind when not encoded: "key|=||a|b".
  if ((operator === "=" || operator === "!=") && rest.length > 1 && rest[0] === "") {
    operator += "|";
    rest = rest.slice(1);
  }
  if (!key || !FILTER_OPERATORS.includes(operator)) return null;
  const values = rest.map((part) => decode(part.split(",")[0]!));
  const value = values[0] ?? "";
  return operator.endsWith("|") ? { key, operator, value, values } : { key, operator, value };
}

/** The filter as a URL value. */
export function formatFilter(filter: Filter): string {
  const values = filter.operator.endsWith("|") ? (filter.values ?? [filter.value]) : [filter.value];
  return [filter.key, filter.operator, ...values].map(encode).join("|");
}
