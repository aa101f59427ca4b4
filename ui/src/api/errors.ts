/** What went wrong, as people read it. */

/** Where in a query the server found the fault: from 1, as the server says it. */
export interface Position {
  line: number;
  column: number;
}

/**
 * A request that gave no answer that can be used.
 *
 * status    of HTTP; 0 where nothing came back
 * kind      the server's own word: `bad_data`, `timeout`, `unavailable`, …
 * position  in the query, where the server named one
 * body      what the server said, for the inspector
 */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    readonly status: number,
    readonly kind = "",
    readonly position: Position | null = null,
    readonly body: unknown = null,
  ) {
    super(message);
  }
}

/** "1:7: parse error: …" or "parse error at line 1, col 7: …" → where. */
export function positionIn(text: string): Position | null {
  const match = /(?:^|\s)(\d+):(\d+): /.exec(text) ?? /\bline (\d+), col(?:umn)? (\d+)/.exec(text);
  return match ? { line: Number(match[1]), column: Number(match[2]) } : null;
}

/** Whether this is only that nobody waits for the answer any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** One line that says what went wrong. */
export function readable(error: unknown): string {
  if (isAbort(error)) return "cancelled";
  // What browsers say of a file of the pages that did not come, each in its own words.
  if (error instanceof TypeError && /import.*module/i.test(error.message)) return "the server can't be reached, or has newer pages";
  if (error instanceof Error) return error.message || error.name;
  return typeof error === "string" ? error : "something went wrong";
}

/** The ApiError of an answer with a bad status. `text` is its body. */
export function errorOf(status: number, statusText: string, text: string): ApiError {
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Text is what many servers send: it is shown as it is.
  }
  let said = "";
  let kind = "";
  if (typeof body === "object" && body !== null) {
    const object = body as Record<string, unknown>;
    const word = object.error ?? object.message;
    if (typeof word === "string") said = word;
    if (typeof object.errorType === "string") kind = object.errorType;
    else if (typeof object.status === "string" && object.status !== "error") kind = object.status;
  } else if (typeof body === "string" && body && !/^\s*</.test(body)) {
    said = body.trim().slice(0, 2000);
  }
  if (!said) said = fallback(status, statusText);
  return new ApiError(said, status, kind, positionIn(said), body);
}

function fallback(status: number, statusText: string): string {
  switch (status) {
    case 401:
      return "please sign in";
    case 403:
      return "your role does not allow this";
    case 404:
      return "there is no such thing here (404)";
    case 413:
      return "the request is too large (413)";
    case 429:
      return "too many requests at a time (429)";
    case 502:
    case 504:
      return `the data source can't be reached (${status})`;
    case 503:
      return "the server is busy or starting (503)";
  }
  return `the server answered ${status}${statusText ? ` ${statusText}` : ""}`;
}
