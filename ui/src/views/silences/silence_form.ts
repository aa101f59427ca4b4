/** What a silence is made of while somebody writes it, and what is wrong with it. Pure: now is an argument. */

import type { AmSilence, NewSilence } from "../../api/alertmanager.ts";
import { type AlertMatcher, checkMatcher, fromJson, matches, parseMatchers, toJson } from "../../core/alerting/matchers.ts";
import { parseDuration } from "../../core/time/duration.ts";

/** `starts` and `ends` as `datetime-local` fields have them, in the browser's zone. */
export interface SilenceForm {
  id: string;
  matchers: AlertMatcher[];
  starts: string;
  ends: string;
  createdBy: string;
  comment: string;
}

export const DURATIONS = ["30m", "1h", "2h", "4h", "8h", "1d", "3d", "1w"] as const;
const USUAL_MS = 2 * 3_600_000;

/** "2026-11-28T13:05": what a `datetime-local` field holds for an instant. */
export function localText(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A new one for the matchers of a link: `filter={…}`, or `matcher=name=value` as Grafana has it. What can't be read is left out. */
export function newForm(query: URLSearchParams, now: number, createdBy: string): SilenceForm {
  const found: AlertMatcher[] = [];
  for (const text of [...query.getAll("filter"), ...query.getAll("matcher")]) {
    try {
      found.push(...parseMatchers(text));
    } catch {
      // The person sees which matchers there are, and writes the rest.
    }
  }
  return {
    id: "", matchers: found.length ? found : [{ name: "", op: "=", value: "" }], starts: localText(now), ends: localText(now + USUAL_MS), createdBy,
    comment: query.get("comment") ?? "",
  };
}

/** One to change. A silence that has ended is written anew from now on, as long as it was. */
export function formOf(silence: AmSilence, now: number): SilenceForm {
  const over = silence.status.state === "expired";
  const starts = Date.parse(silence.startsAt);
  const ends = Date.parse(silence.endsAt);
  return {
    id: over ? "" : silence.id, matchers: silence.matchers.map(fromJson), createdBy: silence.createdBy, comment: silence.comment,
    starts: localText(over ? now : starts), ends: localText(over ? now + Math.max(ends - starts, 60_000) : ends),
  };
}

/** Why it can't be saved, in the order of the form; empty where it can. */
export function faultsOf(form: SilenceForm, now: number): string[] {
  const faults: string[] = [];
  const used = form.matchers.filter(({ name }) => name.trim());
  if (!used.length) faults.push("At least one matcher is needed.");
  if (form.matchers.some(({ name, value }) => !name.trim() && value)) faults.push("A matcher has no label.");
  for (const matcher of used) {
    try {
      checkMatcher(matcher);
    } catch {
      faults.push(`${matcher.value} is no regular expression.`);
    }
  }
  if (used.length && faults.length === 0 && used.every((matcher) => matches(matcher, {}))) faults.push("A matcher has to ask for a value: these would match everything.");
  const starts = Date.parse(form.starts);
  const ends = Date.parse(form.ends);
  if (Number.isNaN(starts) || Number.isNaN(ends)) faults.push("Start and end are times.");
  else if (ends <= starts) faults.push("The end is not after the start.");
  else if (ends <= now) faults.push("The end has passed.");
  if (!form.createdBy.trim()) faults.push("Who makes it?");
  if (!form.comment.trim()) faults.push("A comment says why.");
  return faults;
}

/** As the API takes it. A start that has passed is now: the field has whole minutes only. */
export function toSilence(form: SilenceForm, now: number): NewSilence {
  const starts = Date.parse(form.starts);
  return {
    ...(form.id ? { id: form.id } : {}), matchers: form.matchers.filter(({ name }) => name.trim()).map(toJson),
    startsAt: new Date(form.id ? starts : Math.max(starts, now)).toISOString(), endsAt: new Date(Date.parse(form.ends)).toISOString(),
    createdBy: form.createdBy.trim(), comment: form.comment.trim(),
  };
}

/** The end that a duration after the start comes to; null where the text is no duration. */
export function endAfter(form: SilenceForm, duration: string): string | null {
  const ms = parseDuration(duration);
  const starts = Date.parse(form.starts);
  return ms === null || ms <= 0 || Number.isNaN(starts) ? null : localText(starts + ms);
}

/** The silence with a later end, by `ms` from its end or from now. */
export function extended(silence: AmSilence, ms: number, now: number): NewSilence {
  const { id, matchers, startsAt, createdBy, comment } = silence;
  return { id, matchers, startsAt, createdBy, comment, endsAt: new Date(Math.max(Date.parse(silence.endsAt), now) + ms).toISOString() };
}

/** Silences of a state that fit the words: those that end first come first, of ended ones the last. */
export function silencesThatFit(all: readonly AmSilence[], state: AmSilence["status"]["state"], text: string): AmSilence[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (silence: AmSilence) => {
    const parts = [silence.comment, silence.createdBy, silence.id, ...silence.matchers.map((one) => `${one.name}${fromJson(one).op}${one.value}`)].join("\n").toLowerCase();
    return words.every((word) => parts.includes(word));
  };
  const sign = state === "expired" ? -1 : 1;
  return all.filter((silence) => silence.status.state === state && fits(silence)).sort((a, b) => sign * (Date.parse(a.endsAt) - Date.parse(b.endsAt)));
}
