/** The path below which the server serves, as `<base href>` says it: "/" or "/watch/". */

let base: string | null = null;

/** The base path; it begins and ends with a slash. */
export function basePath(): string {
  if (base === null) {
    const uri = typeof document === "undefined" ? "http://local/" : document.baseURI;
    const path = new URL(uri).pathname;
    base = typeof document !== "undefined" && document.querySelector("base") ? path.replace(/[^/]*$/, "") : "/";
  }
  return base;
}

/** For tests, and for pages that are embedded below another path. */
export function setBasePath(path: string | null): void {
  base = path === null ? null : `/${path.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/");
}

/** `/d/x` as the browser must ask for it. */
export function withBase(path: string): string {
  return basePath() + path.replace(/^\/+/, "");
}

/** A path of the address bar as it is below the base path; null where it is not below it. */
export function stripBase(path: string): string | null {
  const root = basePath();
  if (path === root.slice(0, -1)) return "/";
  return path.startsWith(root) ? `/${path.slice(root.length)}` : null;
}
