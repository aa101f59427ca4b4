/** What may stand in links on data, for those who write them. */

/** Names with what they are; `own` are the dashboard's variables. Those of data only where the link is on data. */
export function linkVariables(own: readonly string[], onData: boolean, labels: readonly string[] = [], fields: readonly string[] = []): [string, string][] {
  const data: [string, string][] = [
    ["${__series.name}", "Name of the series"], ["${__field.name}", "Name of the column"], ["${__value.raw}", "The value"], ["${__value.text}", "The value as it is shown"], ["${__value.numeric}", "The value as a number"],
    ["${__value.time}", "Its time, ms"], ...labels.slice(0, 40).map((label): [string, string] => [`\${__field.labels.${label}}`, `Label ${label}`]),
    ...fields.slice(0, 40).map((name): [string, string] => [/^\w+$/.test(name) ? `\${__data.fields.${name}}` : `\${__data.fields["${name}"]}`, `Column ${name} of the row`]),
  ];
  return [
    ["${__url_time_range}", "The time range, as of a URL"], ["${__all_variables}", "All variables, as of a URL"], ["${__from}", "Beginning of the range, ms"], ["${__to}", "End of the range, ms"], ["${__dashboard.uid}", "This dashboard's uid"],
    ...own.flatMap((name): [string, string][] => [[`\${${name}:queryparam}`, `Variable ${name}, as of a URL`], [`\${${name}}`, `Variable ${name}`]]),
    ...(onData ? data : []),
  ];
}
