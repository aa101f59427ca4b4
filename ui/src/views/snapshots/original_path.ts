/** Where the dashboard is that a snapshot was taken of. Pure. */

/** The URL if it is a dashboard of this server (`origin`), to be trusted as a link; null for anything else: whoever made the snapshot wrote it. */
export function originalPath(url: unknown, origin: string): string | null {
  if (typeof url !== "string") return null;
  try {
    const parsed = new URL(url, origin);
    return parsed.origin === origin && /\/d\/[^/]+/.test(parsed.pathname) ? parsed.href : null;
  } catch {
    return null;
  }
}
