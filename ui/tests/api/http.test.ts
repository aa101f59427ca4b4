import { afterEach, describe, expect, it, vi } from "vitest";
import { setBasePath } from "../../src/api/base.ts";
import { onUnauthorized, queryString, request, requestJson, setCsrfToken } from "../../src/api/http.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  setBasePath(null);
  setCsrfToken(null);
});

describe("request", () => {
  it("asks below the base path, with repeated parameters", async () => {
    setBasePath("/watch");
    const asked = vi.fn(async (_url: string) => new Response("{}"));
    vi.stubGlobal("fetch", asked);
    await request("/api/x", { params: { "match[]": ["a", "b"], none: null } });
    expect(asked.mock.calls[0]![0]).toBe("/watch/api/x?match%5B%5D=a&match%5B%5D=b");
    expect(queryString({})).toBe("");
  });

  it("asks again after a 503, and says so when it stays", async () => {
    vi.useFakeTimers();
    let count = 0;
    vi.stubGlobal("fetch", async () => (++count < 3 ? new Response("busy", { status: 503 }) : new Response('{"a":1}')));
    const answer = requestJson("/x");
    await vi.runAllTimersAsync();
    expect(await answer).toEqual({ a: 1 });
    count = -100;
    const failing = request("/x", { method: "POST", body: {} }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await failing).toMatchObject({ status: 503, message: "busy" });
  });

  it("shows the login on a 401, but for one that refuses what was sent", async () => {
    const signIn = vi.fn();
    onUnauthorized(signIn);
    vi.stubGlobal("fetch", async () => new Response('{"message":"invalid old password"}', { status: 401 }));
    await expect(request("/api/user/password", { method: "PUT", body: {}, refuses: true })).rejects.toMatchObject({ status: 401, message: "invalid old password" });
    expect(signIn).not.toHaveBeenCalled();
    await expect(request("/api/user")).rejects.toMatchObject({ status: 401 });
    expect(signIn).toHaveBeenCalledOnce();
  });

  it("sends the token with what changes something", async () => {
    setCsrfToken("t");
    const asked = vi.fn(async (_url: string, _options: { headers: Record<string, string> }) => new Response("{}"));
    vi.stubGlobal("fetch", asked);
    await request("/x");
    await request("/x", { method: "DELETE" });
    expect(asked.mock.calls[0]![1].headers["X-CSRF-Token"]).toBeUndefined();
    expect(asked.mock.calls[1]![1].headers["X-CSRF-Token"]).toBe("t");
  });

  it("stops waiting when called off", async () => {
    const stop = new AbortController();
    vi.stubGlobal("fetch", async () => new Response("busy", { status: 503 }));
    const answer = request("/x", { signal: stop.signal }).catch((error: unknown) => error);
    setTimeout(() => stop.abort(), 5);
    expect(await answer).toMatchObject({ name: "AbortError" });
  });
});
