import { describe, expect, it } from "vitest";
import type { UserRow } from "../../../src/api/people.ts";
import { invitation, madeUpPassword } from "../../../src/views/users/password.ts";
import { usersThatFit } from "../../../src/views/users/user_list.ts";

const user = (login: string, more: Partial<UserRow> = {}): UserRow => ({
  id: 1, login, email: "", name: "", role: "Viewer", isGrafanaAdmin: false, isDisabled: false, lastSeenAt: "", ...more,
});

describe("passwords that are made up", () => {
  it("are 16 letters that can be read aloud, in groups", () => {
    expect(madeUpPassword()).toMatch(/^([a-km-zA-HJ-NP-Z2-9]{4}-){3}[a-km-zA-HJ-NP-Z2-9]{4}$/);
    expect(madeUpPassword()).not.toBe(madeUpPassword());
  });

  it("take no byte that would make some letters likelier", () => {
    // 255 is beyond the last whole round: only the bytes after the first array count.
    let calls = 0;
    const made = madeUpPassword((bytes) => bytes.fill(calls++ ? 1 : 255));
    expect(calls).toBe(2);
    expect(made).toBe("bbbb-bbbb-bbbb-bbbb");
  });

  it("are handed over with where to sign in", () => {
    expect(invitation("http://h/login", "ada", "pw")).toBe("http://h/login\nName: ada\nPassword: pw");
  });
});

describe("the list of users", () => {
  const all = [user("zoe", { name: "Zoë", email: "z@example.org" }), user("ada", { role: "Admin", isGrafanaAdmin: true }), user("bob", { isDisabled: true })];

  it("is by login", () => expect(usersThatFit(all, "").map((one) => one.login)).toEqual(["ada", "bob", "zoe"]));

  it("is found by every word, role and state", () => {
    expect(usersThatFit(all, "EXAMPLE zoë").map((one) => one.login)).toEqual(["zoe"]);
    expect(usersThatFit(all, "server admin").map((one) => one.login)).toEqual(["ada"]);
    expect(usersThatFit(all, "viewer disabled").map((one) => one.login)).toEqual(["bob"]);
    expect(usersThatFit(all, "ada viewer")).toEqual([]);
  });
});
