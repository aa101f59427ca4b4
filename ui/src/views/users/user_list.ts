/** What the list of users shows. Pure. */

import type { UserRow } from "../../api/people.ts";

/** Users whose login, name, e-mail or role has every word of `text` in it, by login. */
export function usersThatFit(all: readonly UserRow[], text: string): UserRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all
    .filter((user) => {
      const said = `${user.login} ${user.name} ${user.email} ${user.role}${user.isDisabled ? " disabled" : ""}${user.isGrafanaAdmin ? " server admin" : ""}`.toLowerCase();
      return words.every((word) => said.includes(word));
    })
    .sort((a, b) => a.login.localeCompare(b.login));
}
