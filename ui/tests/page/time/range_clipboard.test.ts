// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { copiedRange, copyRange } from "../../../src/page/time/range_clipboard.ts";
import { toasts } from "../../../src/page/toasts.svelte.ts";

describe("a range on the clipboard", () => {
  let held: string | null;
  beforeEach(() => {
    held = "";
    toasts.list = [];
    localStorage.clear();
    const refused = () => Promise.reject(new Error("not allowed"));
    vi.stubGlobal("navigator", {
      clipboard: {
        writeText: (text: string) => (held === null ? refused() : Promise.resolve(void (held = text))),
        readText: () => (held === null ? refused() : Promise.resolve(held)),
      },
    });
  });

  it("comes back as it was", async () => {
    await copyRange({ from: "now-6h", to: "now" });
    expect(JSON.parse(held!)).toEqual({ from: "now-6h", to: "now" });
    expect(await copiedRange("utc")).toEqual({ from: "now-6h", to: "now" });
  });

  it("is Grafana's too", async () => {
    held = '{"from":"2026-01-02 03:00:00","to":"1767326400000"}';
    expect(await copiedRange("utc")).toMatchObject({ from: expect.stringContaining("2026-01-02") as string });
  });

  it("comes back where nobody may read the clipboard", async () => {
    held = null;
    document.execCommand = () => true;
    await copyRange({ from: "now-2d", to: "now" });
    expect(await copiedRange("utc")).toEqual({ from: "now-2d", to: "now" });
  });

  it("is none where something else was copied, and that is said", async () => {
    for (const text of ["rate(x[5m])", "{}", "null"]) {
      held = text;
      expect(await copiedRange("utc"), text).toBeNull();
    }
    expect(toasts.list).toMatchObject([{ kind: "warn" }]);
  });
});
