import { describe, expect, it } from "vitest";
import type { Permission } from "../../../src/api/sharing.ts";
import { nameOf, ordered, withEntry, withoutEntry } from "../../../src/views/dashboards/permission_list.ts";

const VIEWERS: Permission = { role: "Viewer", permission: 1 };
const ABOVE: Permission = { role: "Viewer", permission: 2, inherited: true };
const TEAM: Permission = { teamId: 3, team: "Night", permission: 2 };
const ADA: Permission = { userId: 3, userLogin: "ada", permission: 4 };
const BOB: Permission = { userId: 4, userLogin: "bob", permission: 1 };

describe("a list of permissions", () => {
  it("has what comes from above first, then roles, teams, users", () => {
    expect(ordered([BOB, ADA, TEAM, VIEWERS, ABOVE])).toEqual([ABOVE, VIEWERS, TEAM, ADA, BOB]);
    expect([ABOVE, TEAM, ADA].map(nameOf)).toEqual(["Everybody with the role Viewer", "Night", "ada"]);
  });

  it("has one entry of its own for each, and leaves those from above alone", () => {
    expect(withEntry([ABOVE, VIEWERS], { role: "Viewer", permission: 4 })).toEqual([ABOVE, { role: "Viewer", permission: 4 }]);
    expect(withoutEntry([ABOVE, VIEWERS], VIEWERS)).toEqual([ABOVE]);
    expect(withEntry([TEAM], ADA)).toEqual([TEAM, ADA]);
  });
});
