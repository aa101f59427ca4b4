/** The words of LogQL that completion offers, each with what it does. */

export interface Word {
  label: string;
  /** What is put in, `|` where the cursor goes; the label itself if not given. */
  apply?: string;
  info: string;
  type: "function" | "keyword" | "operator";
}

const rangeFunction = (label: string, info: string): Word => ({ label, apply: `${label}({|}[$__auto])`, info, type: "function" });
const unwrapped = (label: string, info: string): Word => ({ label, apply: `${label}({|} | logfmt | unwrap value [$__auto])`, info, type: "function" });
const aggregation = (label: string, info: string): Word => ({ label, apply: `${label}(|)`, info, type: "function" });

export const FUNCTIONS: readonly Word[] = [
  rangeFunction("count_over_time", "lines in the range"),
  rangeFunction("rate", "lines a second"),
  rangeFunction("bytes_over_time", "bytes of the lines in the range"),
  rangeFunction("bytes_rate", "bytes a second"),
  rangeFunction("absent_over_time", "1 where there was no line"),
  unwrapped("sum_over_time", "sum of the unwrapped values"),
  unwrapped("avg_over_time", "average of the unwrapped values"),
  unwrapped("max_over_time", "largest of the unwrapped values"),
  unwrapped("min_over_time", "smallest of the unwrapped values"),
  unwrapped("first_over_time", "first of the unwrapped values"),
  unwrapped("last_over_time", "last of the unwrapped values"),
  unwrapped("stddev_over_time", "standard deviation of the unwrapped values"),
  unwrapped("stdvar_over_time", "variance of the unwrapped values"),
  unwrapped("rate_counter", "increase a second of an unwrapped counter"),
  { label: "quantile_over_time", apply: "quantile_over_time(0.95, {|} | logfmt | unwrap value [$__auto])", info: "quantile of the unwrapped values", type: "function" },
  aggregation("sum", "sum over series"), aggregation("avg", "average over series"), aggregation("min", "smallest over series"), aggregation("max", "largest over series"),
  aggregation("count", "how many series"), aggregation("stddev", "standard deviation over series"), aggregation("stdvar", "variance over series"),
  { label: "topk", apply: "topk(10, |)", info: "the largest series", type: "function" },
  { label: "bottomk", apply: "bottomk(10, |)", info: "the smallest series", type: "function" },
  aggregation("sort", "by value, smallest first"), aggregation("sort_desc", "by value, largest first"),
  { label: "label_replace", apply: 'label_replace(|, "new", "$1", "old", "(.*)")', info: "a label made of another", type: "function" },
  { label: "vector", apply: "vector(|)", info: "a number as a series", type: "function" },
];

export const FILTERS: readonly Word[] = [
  { label: '|= ""', apply: '|= "|"', info: "lines that contain the text", type: "operator" },
  { label: '!= ""', apply: '!= "|"', info: "lines that do not contain the text", type: "operator" },
  { label: '|~ ""', apply: '|~ "|"', info: "lines that the expression finds", type: "operator" },
  { label: '!~ ""', apply: '!~ "|"', info: "lines that the expression does not find", type: "operator" },
  { label: '|> ""', apply: '|> "|"', info: "lines of the pattern: <_> stands for anything", type: "operator" },
  { label: '!> ""', apply: '!> "|"', info: "lines not of the pattern", type: "operator" },
];

export const STAGES: readonly Word[] = [
  { label: "json", info: "labels of the line's JSON", type: "keyword" },
  { label: "logfmt", info: "labels of the line's key=value pairs", type: "keyword" },
  { label: "pattern", apply: 'pattern "<|> <_>"', info: "labels by a pattern", type: "keyword" },
  { label: "regexp", apply: 'regexp "(?P<name>|)"', info: "labels by a regular expression", type: "keyword" },
  { label: "unpack", info: "labels that the agent packed into the line", type: "keyword" },
  { label: "line_format", apply: 'line_format "{{.|}}"', info: "writes the line anew", type: "keyword" },
  { label: "label_format", apply: "label_format |=", info: "renames labels or makes new ones", type: "keyword" },
  { label: "drop", info: "removes labels", type: "keyword" },
  { label: "keep", info: "removes all other labels", type: "keyword" },
  { label: "decolorize", info: "removes colour codes", type: "keyword" },
  { label: "unwrap", info: "takes a label as the number of a range function", type: "keyword" },
  { label: '__error__=""', info: "lines that every stage could read", type: "keyword" },
];

/** What `unwrap` can make a number of. */
export const CONVERSIONS: readonly Word[] = [
  { label: "duration", apply: "duration(|)", info: "seconds of a text such as 1m30s", type: "function" },
  { label: "duration_seconds", apply: "duration_seconds(|)", info: "seconds of a text such as 1m30s", type: "function" },
  { label: "bytes", apply: "bytes(|)", info: "bytes of a text such as 5KiB", type: "function" },
];

export const DURATIONS: readonly string[] = ["$__auto", "$__interval", "$__range", "1m", "5m", "10m", "30m", "1h", "24h"];
