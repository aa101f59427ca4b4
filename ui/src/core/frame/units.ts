/** Units by their ids in dashboards, and a number written in one. Those that few dashboards have are in `rare_units.ts`. */

import { formatPattern } from "../time/format.ts";
import { browserZone } from "../time/zone.ts";
import { type Formatted, localeNumber } from "./fixed.ts";
import { binary, count, either, type Format, plain, prefixed, short, si, siOf, times } from "./unit_scales.ts";
import { days, hours, microseconds, milliseconds, minutes, nanoseconds, seconds } from "./unit_time.ts";

export type { Formatted } from "./fixed.ts";

/** Units of `id=text` pairs, apart by `;`. What is behind the last `|` of a text is a power of thousand (or of 1024). */
export function table(text: string, make: (symbol: string, power: number) => Format): [string, Format][] {
  return text.split(";").map((entry) => {
    const [id = "", rest = ""] = entry.split("=");
    const [symbol = "", power = "0"] = rest.split("|");
    return [id, make(symbol, Number(power))];
  });
}

/** Instants (ms) as `pattern` writes them. */
function date(pattern: string): Format {
  return (value, _decimals, zone) => ({ text: formatPattern(value, zone, pattern) });
}

const UNITS = new Map<string, Format>([
  ["none", plain()],
  ["string", (value) => ({ text: String(value) })],
  ["short", short],
  ["sishort", si("")],
  ["percent", plain("%")],
  ["percentunit", times(100, "%")],
  ["sci", (value, decimals) => ({ text: value.toExponential(decimals ?? undefined) })],
  ["locale", (value, decimals) => ({ text: localeNumber(value, decimals) })],
  ["bool", either("True", "False")],
  ["bool_yes_no", either("Yes", "No")],
  ["bool_on_off", either("On", "Off")],
  ["ns", nanoseconds],
  ["µs", microseconds],
  ["ms", milliseconds],
  ["s", seconds],
  ["m", minutes],
  ["h", hours],
  ["d", days],
  ["dateTimeAsIso", date("YYYY-MM-DD HH:mm:ss")],
  ["dateTimeAsSystem", date("YYYY-MM-DD HH:mm:ss")],
  ...table("humidity=%H;degree=°;ppm=ppm;celsius=°C;fahrenheit=°F;rotrpm=rpm", (symbol) => plain(` ${symbol}`)),
  ...table(
    "decbytes=B;decbits=b;deckbytes=B|1;decmbytes=B|2;decgbytes=B|3;dectbytes=B|4;decpbytes=B|5;pps=p/s;Bps=B/s;bps=b/s;" +
      "KBs=B/s|1;Kbits=b/s|1;MBs=B/s|2;Mbits=b/s|2;GBs=B/s|3;Gbits=b/s|3;TBs=B/s|4;Tbits=b/s|4;PBs=B/s|5;Pbits=b/s|5;" +
      "watt=W;watth=Wh;joule=J;amp=A;volt=V;hertz=Hz;rothz=Hz",
    si,
  ),
  ...table(
    "bytes=B;bits=b;kbytes=B|1;mbytes=B|2;gbytes=B|3;tbytes=B|4;pbytes=B|5;binBps=B/s;binbps=b/s;KiBs=B/s|1;Kibits=b/s|1;MiBs=B/s|2;" +
      "Mibits=b/s|2;GiBs=B/s|3;Gibits=b/s|3;TiBs=B/s|4;Tibits=b/s|4;PiBs=B/s|5;Pibits=b/s|5",
    binary,
  ),
  ...table(
    "cps=c/s;ops=ops/s;reqps=req/s;rps=rd/s;wps=wr/s;iops=io/s;eps=evt/s;mps=msg/s;recps=rec/s;rowsps=rows/s;" +
      "cpm=c/m;opm=ops/m;reqpm=req/m;rpm=rd/m;wpm=wr/m;epm=evts/m;mpm=msgs/m;recpm=rec/m;rowspm=rows/m",
    count,
  ),
]);

const PREFIXES: Record<string, (rest: string) => Format> = {
  prefix: prefixed,
  suffix: (rest) => plain(` ${rest}`),
  si: siOf,
  count,
  time: date,
  bool: (rest) => {
    const [yes = "", no = ""] = rest.split("/");
    return either(yes, no);
  },
};

const MOST_DECIMALS = 20;

// Units made of prefixes and unknown ones: dashboards hold few, hostile ones may hold many.
const MOST_CUSTOM = 500;
const custom = new Map<string, Format>();

/** How numbers of `unit` are written. An unknown id is a suffix, as in Grafana. */
export function unitFormat(unit: string | null | undefined): Format {
  const id = unit || "none";
  const known = UNITS.get(id) ?? custom.get(id);
  if (known) return known;
  const colon = id.indexOf(":");
  const kind = colon > 0 ? id.slice(0, colon) : "";
  const make = Object.hasOwn(PREFIXES, kind) ? PREFIXES[kind]! : null;
  const made = make ? make(id.slice(colon + 1)) : plain(` ${id}`);
  if (custom.size >= MOST_CUSTOM) custom.clear();
  custom.set(id, made);
  return made;
}

/** More units, and prefixes that units are made of. */
export function addUnits(units: readonly (readonly [string, Format])[], prefixes: Readonly<Record<string, (rest: string) => Format>>): void {
  for (const [id, format] of units) UNITS.set(id, format);
  Object.assign(PREFIXES, prefixes);
  custom.clear();
}

/** Whether `unit` is one of the list, or made of a known prefix. */
export function isKnownUnit(unit: string): boolean {
  return UNITS.has(unit) || Object.hasOwn(PREFIXES, unit.slice(0, Math.max(0, unit.indexOf(":"))));
}

/** Whether values of `unit` are instants (ms). */
export function isDateUnit(unit: string | undefined): boolean {
  return unit !== undefined && (unit.startsWith("dateTime") || unit.startsWith("time:"));
}

/**
 * `value` in `unit`, in parts: prefix, text and suffix put together are what is shown. Null and undefined give "", NaN gives "NaN".
 * decimals  null or undefined: as many as leave three significant digits
 * zone      of dates; "" is the browser's
 */
export function formatValue(unit: string | null | undefined, value: number | null | undefined, decimals?: number | null, zone?: string): Formatted {
  if (value === null || value === undefined) return { text: "" };
  if (Number.isNaN(value)) return { text: "NaN" };
  // More digits than a number has, or less than none, would raise where they are written.
  const places = typeof decimals === "number" && Number.isFinite(decimals) ? Math.max(0, Math.min(MOST_DECIMALS, Math.trunc(decimals))) : null;
  return unitFormat(unit)(value, places, zone || browserZone());
}

/** The parts of a formatted value as one text. */
export function joined({ prefix = "", text, suffix = "" }: Formatted): string {
  return prefix + text + suffix;
}
