/** The panel types that can be made: id, name, and what they are for. */

export const PANEL_TYPES: readonly (readonly [id: string, name: string, about: string])[] = [
  ["timeseries", "Time series", "Lines, areas, bars and points over time."],
  ["stat", "Stat", "Large numbers, with a small graph behind them."],
  ["gauge", "Gauge", "Numbers on an arc from min to max."],
  ["bargauge", "Bar gauge", "Numbers as bars, above or beside each other."],
  ["table", "Table", "Rows and columns, with colours, gauges and links in the cells."],
  ["barchart", "Bar chart", "Bars for each text or time, in groups or stacked."],
  ["piechart", "Pie chart", "Shares of a whole."],
  ["state-timeline", "State timeline", "Which state held for how long."],
  ["status-history", "Status history", "A state for each step of time."],
  ["heatmap", "Heatmap", "Buckets over time, coloured by how many are in them."],
  ["histogram", "Histogram", "How often values of each size occur."],
  ["logs", "Logs", "Lines of a log, newest first."],
  ["text", "Text", "Markdown, HTML or code, with variables in it."],
  ["alertlist", "Alert list", "Alerts that fire, by name and labels."],
  ["dashlist", "Dashboard list", "Dashboards with a star, opened last, or found."],
];

/** Types whose id, name or purpose have all words of `text`. */
export function findTypes(text: string): typeof PANEL_TYPES {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word);
  return PANEL_TYPES.filter((one) => words.every((word) => one.join(" ").toLowerCase().includes(word)));
}

/** How a type of panels is called. */
export function typeName(type: string): string {
  return PANEL_TYPES.find(([id]) => id === type)?.[1] ?? type;
}
