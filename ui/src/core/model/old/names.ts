/** Names in links that have been called otherwise. */

/** The names of before Grafana 6.6 in links. */
export function oldNames(url: string): string {
  return url
    .replace(/(\$|\$\{)__series_name\b/g, "$1__series.name").replace(/\$__series\.name/g, "${__series.name}")
    .replace(/(\$\{)__value_time\b/g, "$1__value.time").replace(/\$__value_time\b/g, "${__value.time}")
    .replace(/(\$\{)__field_name\b/g, "$1__field.name").replace(/\$__field_name\b/g, "${__field.name}");
}
