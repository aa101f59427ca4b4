/** Who the person is and what the server told the page when it sent it. */

import { fetchBootstrap, pageBootstrap } from "../api/bootstrap.ts";
import type { Bootstrap, User } from "../api/bootstrap.ts";

class Session {
  data = $state.raw<Bootstrap>(pageBootstrap());

  get user(): User {
    return this.data.user;
  }

  get signedIn(): boolean {
    return this.data.user.isSignedIn;
  }

  /** Whether they may change dashboards. */
  get canEdit(): boolean {
    return this.data.user.role === "Editor" || this.data.user.role === "Admin";
  }

  get isAdmin(): boolean {
    return this.data.user.role === "Admin";
  }

  /** Whether they see more than what permissions name them for. */
  get looks(): boolean {
    return this.data.user.role !== "None";
  }

  /** Asks the server again: after a login, or where the page came without it. */
  async refresh(): Promise<void> {
    this.data = await fetchBootstrap();
  }
}

export const session = new Session();
