/** What the links of a dashboard list take along: the time range and the variables of the dashboard they are on. Pure. */

/** The query of a link, "" for none. */
export function queryAlong(options: { keepTime?: unknown; includeVars?: unknown }, interpolate: (text: string) => string): string {
  const wanted = [options.keepTime === true ? "${__url_time_range}" : "", options.includeVars === true ? "${__all_variables}" : ""].filter(Boolean);
  // Where there are no variables the name stays as it is.
  return wanted.map(interpolate).filter((part, at) => part !== "" && part !== wanted[at]).join("&");
}

/** A link with a query of its own and this one. */
export function withQuery(href: string, query: string): string {
  return query ? `${href}${href.includes("?") ? "&" : "?"}${query}` : href;
}
