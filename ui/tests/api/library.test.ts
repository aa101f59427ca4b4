import { afterEach, describe, expect, it, vi } from "vitest";
import { library, usedBy } from "../../src/api/library.ts";
import type { LibraryElement } from "../../src/api/library.ts";

const element: LibraryElement = { uid: "a/b", name: "Load", type: "stat", description: "", version: 3, folderUid: "", model: {}, meta: { connectedDashboards: 2 } };

function answers(...bodies: unknown[]) {
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    asked.push({ url, init });
    return Promise.resolve(new Response(JSON.stringify(bodies.shift() ?? {}), { status: 200, headers: { "Content-Type": "application/json" } }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("panels of the library", () => {
  it("say how often they are used", () => {
    expect([0, 1, 2].map((connectedDashboards) => usedBy({ ...element, meta: { connectedDashboards } }))).toEqual(["no dashboard", "one dashboard", "2 dashboards"]);
  });

  it("are renamed by the version that was seen, and keep all else", async () => {
    const asked = answers({});
    await library.set(element, { name: "Other" });
    expect(asked[0]!.url).toContain("/api/library-elements/a%2Fb");
    expect(JSON.parse(asked[0]!.init!.body as string)).toEqual({ kind: 1, version: 3, name: "Other" });
  });

  it("name the dashboards that use them, and ask for none where there is none", async () => {
    const asked = answers({ result: [{ connectionUid: "x" }, { connectionUid: "y" }] }, [{ uid: "x", title: "X" }]);
    expect(await library.uses("a")).toEqual([{ uid: "x", title: "X" }]);
    expect(decodeURIComponent(asked[1]!.url)).toContain("dashboardUIDs=x,y");
    const none = answers({ result: [] });
    expect(await library.uses("a")).toEqual([]);
    expect(none).toHaveLength(1);
  });
});
