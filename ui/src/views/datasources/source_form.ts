/** A data source as a form, and back. Pure. */

import type { SourceBody, SourceDetail } from "../../api/datasources.ts";
import { parseDuration } from "../../core/time/duration.ts";

export interface Header {
  name: string;
  /** Empty for one that is set and stays as it is. */
  value: string;
  isSet: boolean;
}

export interface SourceForm {
  name: string;
  type: string;
  url: string;
  isDefault: boolean;
  timeInterval: string;
  timeout: string;
  basicAuth: boolean;
  user: string;
  /** Empty keeps the one that is set. */
  password: string;
  headers: Header[];
  skipVerify: boolean;
  caCert: string;
  /** What jsonData holds beside that, as JSON. */
  more: string;
}

const OWN = /^(timeInterval|timeout|tlsSkipVerify|tlsAuthWithCACert|httpHeaderName\d+)$/;

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The form of a data source; of none, an empty one of Prometheus. */
export function formOf(detail: SourceDetail | null): SourceForm {
  const json = detail?.jsonData ?? {};
  const set = detail?.secureJsonFields ?? {};
  const numbers = Object.keys(json).flatMap((key) => /^httpHeaderName(\d+)$/.exec(key)?.[1] ?? []).map(Number).sort((a, b) => a - b);
  const more = Object.fromEntries(Object.entries(json).filter(([key]) => !OWN.test(key)));
  return {
    name: detail?.name ?? "", type: detail?.type ?? "prometheus", url: detail?.url ?? "", isDefault: detail?.isDefault ?? false,
    timeInterval: text(json.timeInterval), timeout: text(json.timeout), basicAuth: detail?.basicAuth ?? false, user: detail?.basicAuthUser ?? "", password: "",
    headers: numbers.map((number) => ({ name: text(json[`httpHeaderName${number}`]), value: "", isSet: set[`httpHeaderValue${number}`] === true })),
    skipVerify: json.tlsSkipVerify === true, caCert: "",
    more: Object.keys(more).length ? JSON.stringify(more, null, 2) : "",
  };
}

/** What is wrong with a form, by field; empty where nothing is. */
export function faultsOf(form: SourceForm): Partial<Record<keyof SourceForm, string>> {
  const faults: Partial<Record<keyof SourceForm, string>> = {};
  if (!form.name.trim()) faults.name = "It needs a name.";
  if (!/^https?:\/\/[^/\s]+/i.test(form.url.trim())) faults.url = "Write its address like http://prometheus:9090.";
  if (form.timeInterval.trim() && parseDuration(form.timeInterval.trim()) === null) faults.timeInterval = "Write a length like 15s or 1m.";
  if (form.timeout.trim() && !(Number(form.timeout) > 0)) faults.timeout = "Write a number of seconds.";
  if (form.headers.some((header) => !/^[\w!#$%&'*+.^`|~-]+$/.test(header.name.trim()))) faults.headers = "A header's name has letters, digits and dashes.";
  else if (form.headers.some((header) => !header.value && !header.isSet)) faults.headers = "A header needs a value.";
  if (form.more.trim()) {
    try {
      const parsed: unknown = JSON.parse(form.more);
      if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) faults.more = "This has to be a JSON object.";
    } catch (error) {
      faults.more = `This is not JSON: ${(error as Error).message}`;
    }
  }
  return faults;
}

/**
 * What is sent. A value is secret only where it was typed: others stay as they are on the server, under the number of their
 * header, so headers that are set keep their number.
 */
export function bodyOf(form: SourceForm, before: SourceDetail | null): SourceBody {
  const json: Record<string, unknown> = form.more.trim() ? (JSON.parse(form.more) as Record<string, unknown>) : {};
  const secrets: Record<string, string> = {};
  if (form.timeInterval.trim()) json.timeInterval = form.timeInterval.trim();
  if (form.timeout.trim()) json.timeout = Number(form.timeout);
  if (form.skipVerify) json.tlsSkipVerify = true;
  if (form.caCert.trim()) secrets.tlsCACert = form.caCert.trim();
  if (form.caCert.trim() || before?.secureJsonFields?.tlsCACert) json.tlsAuthWithCACert = before?.jsonData.tlsAuthWithCACert === true || Boolean(form.caCert.trim());
  if (form.password) secrets.basicAuthPassword = form.password;
  const numbers = numbersOf(form.headers, before);
  form.headers.forEach((header, at) => {
    json[`httpHeaderName${numbers[at]}`] = header.name.trim();
    if (header.value) secrets[`httpHeaderValue${numbers[at]}`] = header.value;
  });
  return {
    ...(before ? { uid: before.uid } : {}),
    name: form.name.trim(), type: form.type, url: form.url.trim(), access: before?.access ?? "proxy", isDefault: form.isDefault,
    basicAuth: form.basicAuth, basicAuthUser: form.basicAuth ? form.user.trim() : "", jsonData: json, secureJsonData: secrets,
  };
}

/** The number of each header: the one that it had, or the next free. */
function numbersOf(headers: readonly Header[], before: SourceDetail | null): number[] {
  const known = new Map(Object.entries(before?.jsonData ?? {}).flatMap(([key, name]) => {
    const number = /^httpHeaderName(\d+)$/.exec(key)?.[1];
    return number ? [[text(name), Number(number)] as const] : [];
  }));
  const taken = new Set<number>();
  const given = headers.map((header) => {
    const number = header.isSet ? known.get(header.name.trim()) : undefined;
    if (number === undefined || taken.has(number)) return 0;
    taken.add(number);
    return number;
  });
  let next = 1;
  return given.map((number) => {
    if (number) return number;
    while (taken.has(next)) next++;
    taken.add(next);
    return next;
  });
}
