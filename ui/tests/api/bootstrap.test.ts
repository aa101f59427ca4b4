import { describe, expect, it } from "vitest";
import { readBootstrap } from "../../src/api/bootstrap.ts";

const user = (said: Record<string, unknown>) => readBootstrap({ user: said }).user;

describe("who looks, as the server says it", () => {
  it("has the role None, which is no Viewer's", () => {
    expect(user({ role: "None", isSignedIn: true }).role).toBe("None");
    expect(user({ role: "ADMIN" }).role).toBe("Admin");
    expect(user({ role: "King" }).role).toBe("Viewer");
  });

  it("administers the server where it says so, and not by the role", () => {
    expect(user({ role: "Admin", isAdmin: true }).isAdmin).toBe(true);
    expect(user({ role: "Admin" }).isAdmin).toBe(false);
    expect(user({ role: "Admin", isAdmin: "yes" }).isAdmin).toBe(false);
  });
});
