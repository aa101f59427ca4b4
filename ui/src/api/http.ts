/** Requests to our own server: base path, cancellation, readable errors, patience where the server is busy. */

import { withBase } from "./base.ts";
import { ApiError, errorOf, isAbort } from "./errors.ts";

export type Params = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** In the URL; null and undefined are left out, a list repeats the name. */
  params?: Params;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as a form instead of JSON. */
  form?: Params;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** How often a 503 is asked again; 0 for never. Only what changes nothing is asked again. */
  retries?: number;
  /** Whether a 401 says something else than that nobody is signed in: a wrong password. */
  refuses?: boolean;
}

const RETRY_MS = 400;
const RETRIES = 3;

let signIn: (() => void) | null = null;
let token: string | null = null;

/** What happens on a 401: the shell shows the login page. */
export function onUnauthorized(run: () => void): void {
  signIn = run;
}

/** The CSRF token that the server put into the page; sent with whatever changes something. */
export function setCsrfToken(value: string | null): void {
  token = value;
}

/** `params` as a query string with its question mark, or "". */
export function queryString(params: Params | undefined): string {
  const text = search(params).toString();
  return text ? `?${text}` : "";
}

function search(params: Params | undefined): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) for (const one of value as readonly string[]) query.append(name, one);
    else query.append(name, String(value));
  }
  return query;
}

/** Waits; an abort ends it with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * The answer to a request for `path` below the base path. Raises ApiError for a bad status or no answer, and the signal's
 * AbortError when it was called off.
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const method = options.method ?? "GET";
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  let body: BodyInit | null = null;
  if (options.form) body = search(options.form);
  else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.body);
  }
  if (method !== "GET") {
    headers["X-Requested-With"] = "watchkeeper";
    if (token) headers["X-CSRF-Token"] = token;
  }
  const url = withBase(path) + queryString(options.params);
  // A form by POST is a query that is too long for a URL: it changes nothing.
  const retries = options.retries ?? (method === "GET" || options.form ? RETRIES : 0);
  for (let attempt = 0; ; attempt++) {
    let response: Response;
    try {
      response = await fetch(url, { method, headers, body, signal: options.signal ?? null, credentials: "same-origin" });
    } catch (error) {
      if (isAbort(error) || options.signal?.aborted) throw error;
      throw new ApiError("the server can't be reached", 0, "unreachable");
    }
    if (response.ok) return response;
    if (response.status === 503 && attempt < retries) {
      const after = Number(response.headers.get("Retry-After"));
      void response.body?.cancel();
      await sleep(after > 0 && after <= 10 ? after * 1000 : RETRY_MS * 2 ** attempt, options.signal);
      continue;
    }
    const error = errorOf(response.status, response.statusText, await response.text());
    if (response.status === 401 && !options.refuses && !path.startsWith("/login")) signIn?.();
    throw error;
  }
}

/** The JSON of an answer. Raises ApiError also where it is no JSON. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error) || options.signal?.aborted) throw error;
    throw new ApiError("the server's answer is not JSON", response.status, "bad_answer");
  }
}
