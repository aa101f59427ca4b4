/** Dark or light: what the person chose, else what the URL or the server says, else what their system prefers. */

export type ThemeChoice = "dark" | "light" | "system";

const KEY = "watchkeeper.theme";

const named = (text: string | null | undefined) => (text === "dark" || text === "light" ? text : null);

function kept(): "dark" | "light" | null {
  try {
    return named(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

class Theme {
  choice = $state<ThemeChoice>("system");
  /** What is on screen. */
  name = $state<"dark" | "light">("dark");
  #forced: "dark" | "light" | null = null;
  #light: MediaQueryList | null = null;

  /** Sets the theme before anything is drawn; `forced` is of the URL and is not kept, `liked` is what the server keeps for the person. */
  start(forced?: string | null, liked?: string): void {
    this.#forced = named(forced);
    this.choice = kept() ?? named(liked) ?? "system";
    this.#light = matchMedia("(prefers-color-scheme: light)");
    this.#light.addEventListener("change", () => this.#show());
    this.#show();
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    this.#forced = null;
    try {
      if (choice === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // A browser that keeps nothing still shows what was chosen.
    }
    this.#show();
  }

  /** The other one of dark and light. */
  toggle(): void {
    this.choose(this.name === "dark" ? "light" : "dark");
  }

  #show(): void {
    const system = this.#light?.matches ? "light" : "dark";
    this.name = this.#forced ?? (this.choice === "system" ? system : this.choice);
    document.documentElement.dataset.theme = this.name;
  }
}

export const theme = new Theme();
