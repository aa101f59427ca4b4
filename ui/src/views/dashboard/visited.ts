/** The dashboards that were opened last in this browser. */

export interface Visited {
  uid: string;
  title: string;
}

const KEY = "watchkeeper.visited";
const MOST = 12;

/** Newest first. */
export function visited(): Visited[] {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]") as unknown;
    if (!Array.isArray(list)) return [];
    return list.filter((one): one is Visited => typeof one?.uid === "string" && typeof one?.title === "string").slice(0, MOST);
  } catch {
    return [];
  }
}

export function remember(dashboard: Visited): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([dashboard, ...visited().filter((one) => one.uid !== dashboard.uid)].slice(0, MOST)));
  } catch {
    // Where nothing can be kept there is no list.
  }
}
