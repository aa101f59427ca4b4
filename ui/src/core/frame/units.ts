/** Units by their ids in dashboards, and a number written in one. */

import { formatPattern, formatRelative } from "../time/format.ts";
import { browserZone, resolveZone, wallTime } from "../time/zone.ts";
import { type Formatted, localeNumber } from "./fixed.ts";
import { binary, count, currency, either, financial, type Format, hex, plain, prefixed, scaled, short, si, siOf, times } from "./unit_scales.ts";
import {
  clock, days, daysHoursMinutesSeconds, hours, hoursMinutesSeconds, inWords, microseconds, milliseconds, minutes, nanoseconds, seconds, timeticks,
} from "./unit_time.ts";

export type { Formatted } from "./fixed.ts";

/** `id=text` pairs, apart by `;`. What is behind the last `|` of a text is a power of thousand (or of 1024). */
function table(text: string, make: (symbol: string, power: number) => Format): [string, Format][] {
  return text.split(";").map((entry) => {
    const [id = "", rest = ""] = entry.split("=");
    const [symbol = "", power = "0"] = rest.split("|");
    return [id, make(symbol, Number(power))];
  });
}

const DATES: Record<string, [pattern: string, timeOnly?: string]> = {
  dateTimeAsIso: ["YYYY-MM-DD HH:mm:ss"],
  dateTimeAsIsoNoDateIfToday: ["YYYY-MM-DD HH:mm:ss", "HH:mm:ss"],
  dateTimeAsUS: ["MM/DD/YYYY h:mm:ss a"],
  dateTimeAsUSNoDateIfToday: ["MM/DD/YYYY h:mm:ss a", "h:mm:ss a"],
  dateTimeAsSystem: ["YYYY-MM-DD HH:mm:ss"],
};

/** Whether both instants (ms) fall on one day of `zone`. */
function isSameDay(a: number, b: number, zone: string): boolean {
  const [x, y] = [wallTime(a, zone), wallTime(b, zone)];
  return x.day === y.day && x.month === y.month && x.year === y.year;
}

function date([pattern, timeOnly]: [string, string?]): Format {
  return (value, _decimals, zone) => ({ text: formatPattern(value, zone, timeOnly && isSameDay(value, Date.now(), zone) ? timeOnly : pattern) });
}

const localDates = new Map<string, Intl.DateTimeFormat>();

function localDate(noDateIfToday: boolean): Format {
  return (value, _decimals, zone) => {
    if (!Number.isFinite(value) || Math.abs(value) > 8.64e15) return { text: "Invalid date" };
    const timeZone = resolveZone(zone);
    const timeOnly = noDateIfToday && isSameDay(value, Date.now(), zone);
    const key = `${timeOnly} ${timeZone}`;
    let made = localDates.get(key);
    if (!made) {
      const day: Intl.DateTimeFormatOptions = timeOnly ? {} : { year: "numeric", month: "2-digit", day: "2-digit" };
      made = new Intl.DateTimeFormat(undefined, { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", ...day });
      localDates.set(key, made);
    }
    // A narrow space that does not break, as newer tables of locales have it and older ones do not.
    return { text: made.format(value).replace(/ (?=[AP]M$)/, "\u202f") };
  };
}

const UNITS = new Map<string, Format>([
  ["none", plain()],
  ["string", (value) => ({ text: String(value) })],
  ["short", short],
  ["sishort", si("")],
  ["percent", plain("%")],
  ["percentunit", times(100, "%")],
  ["hex0x", hex("0x")],
  ["hex", hex()],
  ["sci", (value, decimals) => ({ text: value.toExponential(decimals ?? undefined) })],
  ["locale", (value, decimals) => ({ text: localeNumber(value, decimals) })],
  ["pressurepsi", scaled(1000, ["psi", "ksi", "Mpsi"])],
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
  ["timeticks", timeticks],
  ["dtdurationms", inWords(1, "millisecond")],
  ["dtdurations", inWords(1000, "second")],
  ["dthms", hoursMinutesSeconds],
  ["dtdhms", daysHoursMinutesSeconds],
  ["clockms", clock(1)],
  ["clocks", clock(1000)],
  ["dateTimeFromNow", (value) => ({ text: Number.isFinite(value) ? formatRelative(value, Date.now()) : "Invalid date" })],
  ["dateTimeAsLocal", localDate(false)],
  ["dateTimeAsLocalNoDateIfToday", localDate(true)],
  ...Object.entries(DATES).map(([id, patterns]): [string, Format] => [id, date(patterns)]),
  ...table(
    "humidity=%H;dB=dB;pixel=px;accMS2=m/sec²;accFS2=f/sec²;accG=g;degree=°;radian=rad;grad=grad;arcmin=arcmin;arcsec=arcsec;" +
      "areaM2=m²;areaF2=ft²;areaMI2=mi²;acres=ac;hectares=ha;ppm=ppm;conppb=ppb;conngm3=ng/m³;conngNm3=ng/Nm³;conμgm3=μg/m³;" +
      "conμgNm3=μg/Nm³;conmgm3=mg/m³;conmgNm3=mg/Nm³;congm3=g/m³;congNm3=g/Nm³;conmgdL=mg/dL;conmmolL=mmol/L;dBm=dbm;" +
      "flowgpm=gpm;flowcms=cms;flowcfs=cfs;flowcfm=cfm;litreh=L/h;flowlpm=L/min;flowmlpm=mL/min;lux=lux;masslb=lb;masst=t;" +
      "lengthcm=cm;lengthin=in;lengthft=ft;lengthmi=mi;pressurehpa=hPa;pressurekpa=kPa;pressurehg=\"Hg;rotrpm=rpm;rotrads=rad/s;" +
      "rotdegs=°/s;celsius=°C;fahrenheit=°F;kelvin=K;velocityms=m/s;velocitykmh=km/h;velocitymph=mph;velocityknot=kn;" +
      "m3=m³;Nm3=Nm³;dm3=dm³;gallons=gal",
    (symbol) => plain(` ${symbol}`),
  ),
  ...table(
    "candela=cd;flops=FLOPS;mflops=FLOPS|2;gflops=FLOPS|3;tflops=FLOPS|4;pflops=FLOPS|5;eflops=FLOPS|6;zflops=FLOPS|7;yflops=FLOPS|8;" +
      "decbytes=B;decbits=b;deckbytes=B|1;decmbytes=B|2;decgbytes=B|3;dectbytes=B|4;decpbytes=B|5;pps=p/s;Bps=B/s;bps=b/s;" +
      "KBs=B/s|1;Kbits=b/s|1;MBs=B/s|2;Mbits=b/s|2;GBs=B/s|3;Gbits=b/s|3;TBs=B/s|4;Tbits=b/s|4;PBs=B/s|5;Pbits=b/s|5;" +
      "watt=W;kwatt=W|1;megwatt=W|2;gwatt=W|3;mwatt=W|-1;Wm2=W/m²;voltamp=VA;kvoltamp=VA|1;voltampreact=VAr;kvoltampreact=VAr|1;" +
      "watth=Wh;watthperkg=Wh/kg;kwatth=Wh|1;kwattm=W-Min|1;mwatth=Wh|2;amph=Ah;kamph=Ah|1;mamph=Ah|-1;joule=J;ev=eV;amp=A;kamp=A|1;" +
      "mamp=A|-1;volt=V;kvolt=V|1;mvolt=V|-1;mohm=Ω|-1;ohm=Ω;kohm=Ω|1;Mohm=Ω|2;farad=F;µfarad=F|-2;nfarad=F|-3;pfarad=F|-4;ffarad=F|-5;" +
      "henry=H;mhenry=H|-1;µhenry=H|-2;lumens=Lm;forceNm=Nm;forcekNm=Nm|1;forceN=N;forcekN=N|1;Hs=H/s;KHs=H/s|1;MHs=H/s|2;GHs=H/s|3;" +
      "THs=H/s|4;PHs=H/s|5;EHs=H/s|6;massmg=g|-1;massg=g;masskg=g|1;lengthmm=m|-1;lengthm=m;lengthkm=m|1;pressurembar=bar|-1;" +
      "pressurebar=bar;pressurekbar=bar|1;pressurepa=Pa;radbq=Bq;radci=Ci;radgy=Gy;radrad=rad;radsv=Sv;radmsv=Sv|-1;radusv=Sv|-2;" +
      "radrem=rem;radexpckg=C/kg;radr=R;radsvh=Sv/h;radmsvh=Sv/h|-1;radusvh=Sv/h|-2;rothz=Hz;rotkhz=Hz|1;rotmhz=Hz|2;rotghz=Hz|3;" +
      "hertz=Hz;mlitre=L|-1;litre=L",
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
  ...table(
    "USD=$;GBP=£;EUR=€;JPY=¥;RUB=₽;UAH=₴;BRL=R$;CZK=czk;CHF=CHF;PLN=PLN;BTC=฿;mBTC=mBTC;μBTC=μBTC;ZAR=R;INR=₹;KRW=₩;IDR=Rp;PHP=PHP;" +
      "MYR=RM;XPF=XPF;BGN=BGN;PYG=₲;UYU=UYU;ILS=₪",
    (symbol) => currency(symbol),
  ).map(([id, format]): [string, Format] => [`currency${id}`, format]),
  ...table("DKK=kr;ISK=kr;NOK=kr;SEK=kr;VND=đ;TRY=₺", (symbol) => currency(symbol, true)).map(([id, format]): [string, Format] => [`currency${id}`, format]),
]);

const PREFIXES: Record<string, (rest: string) => Format> = {
  prefix: prefixed,
  suffix: (rest) => plain(` ${rest}`),
  si: siOf,
  count,
  time: (pattern) => date([pattern]),
  currency: (rest) => {
    const [kind, symbol = "", place] = rest.split(":");
    if (kind === "financial") return financial(symbol, place === "suffix");
    return currency(kind ?? "", symbol === "suffix");
  },
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
