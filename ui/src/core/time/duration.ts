/** Lengths of time as text. A month is 30 days, a year 365, as in Grafana. */

const UNIT_MS: Record<string, number> = {
  ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, M: 2_592_000_000, y: 31_536_000_000,
};

const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwMy])/y;

/** Milliseconds of "30s", "1m0s", "1.5h", "2d12h"; a bare number is seconds. Null where it is no duration. */
export function parseDuration(text: string): number | null {
  const bare = text.trim();
  const negative = bare.startsWith("-");
  const body = negative ? bare.slice(1) : bare;
  if (/^\d+(\.\d+)?$/.test(body)) return Number(body) * (negative ? -1000 : 1000);
  if (!body) return null;
  let sum = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const part = PART.exec(body);
    if (!part) return null;
    sum += Number(part[1]) * UNIT_MS[part[2]!]!;
  }
  return negative ? -sum : sum;
}

/**
 * Milliseconds of an interval as Grafana's pages read one: the first number and unit alone, the number cut to a whole one
 * ("1h30m" is an hour, "1.5h" too), a bare number is seconds. Throws a RangeError naming the text where it is none.
 * For our own reading of minimum steps see `parseDuration`.
 */
export function readInterval(text: string): number {
  const match = /^(-?\d+)(?:\.\d+)?(ms|[smhdwMy])?/.exec(text);
  if (!match || (!match[2] && match[0] !== text)) throw new RangeError(`"${text}" is no interval: write a number and one of ms, s, m, h, d, w, M, y`);
  return Number(match[1]) * UNIT_MS[match[2] ?? "s"]!;
}

const SHOWN: readonly (readonly [string, number])[] = [
  ["y", 31_536_000_000], ["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1],
];

/** The shortest exact text that Prometheus and Loki read: "1m30s", "500ms", "0s". Cut to whole milliseconds. */
export function formatDuration(ms: number): string {
  let left = Math.floor(Math.abs(ms));
  if (!(left > 0) || left === Infinity) return "0s";
  let text = ms < 0 ? "-" : "";
  for (const [unit, size] of SHOWN) {
    const count = Math.floor(left / size);
    if (!count) continue;
    text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}
