import { afterEach, expect, test, vi } from "vitest";
import { checkQuery, formatQuery } from "../../src/editor/server_check.ts";

const BASE = "/api/datasources/proxy/uid/a%20b";

/** What the page asked, and what it was told. */
function answering(said: unknown, status = 200) {
  const asked: { url: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", (url: string, { body }: RequestInit) => {
    asked.push({ url, body: JSON.parse(String(body)) as unknown });
    return Promise.resolve(new Response(JSON.stringify(said), { status }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

test("a query that parses is right, and its variables count as something that fits", async () => {
  const asked = answering({ status: "success", data: "up" });
  expect(await checkQuery(BASE, "rate(up[$__interval])")).toBeNull();
  expect(asked[0]?.url).toMatch(/\/api\/datasources\/uid\/a%20b\/check$/);
  expect(asked[0]?.body).toEqual({ query: expect.not.stringContaining("$") as string });
});

test("nothing is asked of an empty text", async () => {
  const asked = answering({ status: "success" });
  expect(await checkQuery(BASE, "  ")).toBeNull();
  expect(asked).toEqual([]);
});

test("a fault stands where the server says", async () => {
  answering({ status: "error", error: 'invalid parameter "query": 1:5: parse error: unexpected right parenthesis' });
  expect(await checkQuery(BASE, "sum()")).toEqual({ from: 4, to: 5, message: "parse error: unexpected right parenthesis".replace(/^parse error: /, "") });
});

test("a server that can't be asked says nothing of the query", async () => {
  answering({ status: "unknown", error: "down" });
  expect(await checkQuery(BASE, "up")).toBeUndefined();
  answering({ message: "no" }, 404);
  expect(await checkQuery(BASE, "up")).toBeUndefined();
});

test("a query is laid out, or why it was not is told", async () => {
  answering({ status: "success", data: "sum(up)" });
  expect(await formatQuery(BASE, "sum( up )")).toBe("sum(up)");
  answering({ status: "error", error: "1:1: parse error: no expression" });
  await expect(formatQuery(BASE, "(")).rejects.toThrow("no expression");
  await expect(formatQuery(BASE, "$a")).rejects.toThrow("variables");
});
