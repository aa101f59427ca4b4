/** Time zones by the browser's own tables: offsets, wall-clock parts, and back. Months are 1 to 12, weekdays 0 (Sunday) to 6. */

export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
}

export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const QUARTER_MS = 900_000; // Every zone's offset changes on a quarter of an hour.
const CACHED_OFFSETS = 20_000;

const formatters = new Map<string, Intl.DateTimeFormat | null>();
const offsets = new Map<string, Map<number, number>>();
let browser = "";

function formatter(zone: string): Intl.DateTimeFormat | null {
  let made = formatters.get(zone);
  if (made === undefined) {
    try {
      made = new Intl.DateTimeFormat("en-US", {
        timeZone: zone, hourCycle: "h23", era: "short", year: "numeric", month: "numeric", day: "numeric",
        hour: "numeric", minute: "numeric", second: "numeric",
      });
    } catch {
      made = null;
    }
    formatters.set(zone, made);
  }
  return made;
}

/** The zone of the browser, as an IANA name. */
export function browserZone(): string {
  return (browser ||= new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
}

/** Whether `zone` is one that we can show times in: "browser", "utc", or a name that the browser knows. */
export function isZone(zone: string): boolean {
  return zone === "" || zone === "browser" || zone.toLowerCase() === "utc" || formatter(zone) !== null;
}

/** The IANA name of a dashboard's zone: "" and "browser" are the browser's, "utc" is "UTC"; an unknown one is the browser's. */
export function resolveZone(zone: string | undefined): string {
  if (!zone || zone === "browser") return browserZone();
  if (zone.toLowerCase() === "utc") return "UTC";
  return formatter(zone) === null ? browserZone() : zone;
}

/** All IANA names that the browser knows, sorted. */
export function zoneNames(): string[] {
  return typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [browserZone()];
}

function readOffset(at: number, zone: string): number {
  const made = formatter(zone);
  if (made === null) return 0;
  const read: Record<string, string> = {};
  for (const part of made.formatToParts(at)) read[part.type] = part.value;
  const year = read.era?.startsWith("B") ? 1 - Number(read.year) : Number(read.year);
  const wall = utcEpoch({
    year, month: Number(read.month), day: Number(read.day), hour: Number(read.hour), minute: Number(read.minute), second: Number(read.second), ms: 0,
  });
  return wall - Math.floor(at / 1000) * 1000;
}

/** What a clock in `zone` is ahead of UTC at the instant `at`, in ms. NaN where `at` is no time. */
export function offsetMs(at: number, zone: string): number {
  const name = resolveZone(zone);
  if (name === "UTC") return 0;
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return NaN;
  let cached = offsets.get(name);
  if (!cached) offsets.set(name, (cached = new Map()));
  const quarter = Math.floor(at / QUARTER_MS);
  let offset = cached.get(quarter);
  if (offset === undefined) {
    offset = readOffset(quarter * QUARTER_MS, name);
    if (cached.size >= CACHED_OFFSETS) cached.clear();
    cached.set(quarter, offset);
  }
  return offset;
}

function utcEpoch(wall: WallTime): number {
  const date = new Date(0);
  // Not Date.UTC: it takes years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(wall.year, wall.month - 1, wall.day);
  date.setUTCHours(wall.hour, wall.minute, wall.second, wall.ms);
  return date.getTime();
}

/** What clocks in `zone` show at the instant `at`. */
export function wallTime(at: number, zone: string): WallTime {
  const date = new Date(at + offsetMs(at, zone));
  return {
    year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(),
    hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds(), ms: date.getUTCMilliseconds(),
  };
}

/** The day of the week of a wall time, 0 is Sunday. */
export function weekdayOf(wall: WallTime): Weekday {
  return new Date(utcEpoch({ ...wall, hour: 12 })).getUTCDay() as Weekday;
}

/**
 * The instant at which clocks in `zone` show `wall`; parts beyond their range carry over (month 13 is next January).
 * Of a time that comes twice, the first; of one that is skipped, as much later as the clocks jump.
 */
export function instantOf(wall: WallTime, zone: string): number {
  const local = utcEpoch(wall);
  const before = offsetMs(local - 86_400_000, zone);
  const after = offsetMs(local + 86_400_000, zone);
  const early = local - before;
  if (before === after || offsetMs(early, zone) === before) return early;
  const late = local - after;
  return offsetMs(late, zone) === after ? late : early;
}

/** "UTC", "UTC+03:00", "UTC-04:00": for the zone picker. */
export function offsetText(at: number, zone: string): string {
  const minutes = Math.round(offsetMs(at, zone) / 60_000);
  if (!minutes) return "UTC";
  const size = Math.abs(minutes);
  const two = (n: number) => String(n).padStart(2, "0");
  return `UTC${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The first day of the week: of a dashboard's `weekStart`, else as it is where the browser is. */
export function firstWeekday(weekStart?: string): Weekday {
  switch (weekStart?.toLowerCase()) {
    case "sunday":
      return 0;
    case "monday":
      return 1;
    case "saturday":
      return 6;
  }
  try {
    const locale = new Intl.Locale(new Intl.DateTimeFormat().resolvedOptions().locale) as Intl.Locale & {
      getWeekInfo?: () => { firstDay: number };
      weekInfo?: { firstDay: number };
    };
    const first = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay;
    return first === undefined ? 0 : ((first % 7) as Weekday);
  } catch {
    return 0;
  }
}
