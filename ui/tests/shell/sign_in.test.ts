import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { place } from "../../src/page/place.svelte.ts";
import { toasts } from "../../src/page/toasts.svelte.ts";
import { askToSignIn } from "../../src/shell/sign_in.ts";

describe("nobody is signed in any more", () => {
  const go = vi.spyOn(place, "go").mockImplementation(() => undefined);
  beforeEach(() => {
    go.mockClear();
    toasts.list = [];
    place.path = "/d/some";
    place.search = "?from=now-1h";
  });
  afterEach(() => place.guard(null));

  it("shows the login page, which leads back", () => {
    askToSignIn();
    expect(go).toHaveBeenCalledWith("/login?redirect=%2Fd%2Fsome%3Ffrom%3Dnow-1h", { replace: true });
    expect(toasts.list).toEqual([]);
  });

  it("stays where something is not saved, and says it", () => {
    place.guard(() => false);
    askToSignIn();
    expect(go).not.toHaveBeenCalled();
    expect(toasts.list.map((one) => [one.kind, one.text])).toEqual([["error", expect.stringContaining("sign in in another tab")]]);
  });

  it("is nothing new on the login page", () => {
    place.path = "/login";
    askToSignIn();
    expect(go).not.toHaveBeenCalled();
  });
});
