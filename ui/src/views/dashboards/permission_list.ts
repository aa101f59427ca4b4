/** Who may do what with a folder or a dashboard, as a list that a person edits. Pure. */

import type { Level, Permission } from "../../api/sharing.ts";

export const LEVELS: readonly (readonly [Level, string])[] = [[1, "View"], [2, "Edit"], [4, "Administer"]];

/** Who an entry is of: equal for two of the same. */
export function subjectOf(one: Permission): string {
  return one.userId ? `user ${one.userId}` : one.teamId ? `team ${one.teamId}` : `role ${one.role}`;
}

/** Who an entry is of, for people. */
export function nameOf(one: Permission): string {
  return one.userId ? (one.userLogin ?? `user ${one.userId}`) : one.teamId ? (one.team ?? `team ${one.teamId}`) : `Everybody with the role ${one.role}`;
}

const RANKS = ["role", "team", "user"];

/** Inherited ones first, then roles, teams, users by name. */
export function ordered(list: readonly Permission[]): Permission[] {
  const rank = (one: Permission) => RANKS.indexOf(subjectOf(one).split(" ")[0]!);
  return [...list].sort((a, b) => Number(b.inherited ?? false) - Number(a.inherited ?? false) || rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
}

/** The list with an entry, which takes the place of its own one of the same subject. */
export function withEntry(list: readonly Permission[], entry: Permission): Permission[] {
  const subject = subjectOf(entry);
  return [...list.filter((one) => one.inherited || subjectOf(one) !== subject), entry];
}

/** The list without an entry of its own. */
export function withoutEntry(list: readonly Permission[], entry: Permission): Permission[] {
  return list.filter((one) => one.inherited || subjectOf(one) !== subjectOf(entry));
}
