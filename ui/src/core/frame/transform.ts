/** A panel's transformations, one after the other. */

import type { Frame } from "./frame.ts";
import { frameMatcher } from "./matchers.ts";
import "./rare.ts"; // Values may say what their unit and colour is.
import { calculateField } from "./transformations/calculateField.ts";
import { concatenate } from "./transformations/concatenate.ts";
import { configFromData } from "./transformations/configFromData.ts";
import { convertFieldType } from "./transformations/convertFieldType.ts";
import { extractFields } from "./transformations/extractFields.ts";
import { filterByRefId } from "./transformations/filterByRefId.ts";
import { filterByValue } from "./transformations/filterByValue.ts";
import { filterFieldsByName } from "./transformations/filterFieldsByName.ts";
import { formatString } from "./transformations/formatString.ts";
import { formatTime } from "./transformations/formatTime.ts";
import { groupBy } from "./transformations/groupBy.ts";
import { groupToNestedTable } from "./transformations/groupToNestedTable.ts";
import { groupingToMatrix } from "./transformations/groupingToMatrix.ts";
import { histogram } from "./transformations/histogram.ts";
import { joinByField } from "./transformations/joinByField.ts";
import { joinByLabels } from "./transformations/joinByLabels.ts";
import { labelsToFields } from "./transformations/labelsToFields.ts";
import { limit } from "./transformations/limit.ts";
import { merge } from "./transformations/merge.ts";
import { organize } from "./transformations/organize.ts";
import { partitionByValues } from "./transformations/partitionByValues.ts";
import { prepareTimeSeries } from "./transformations/prepareTimeSeries.ts";
import { reduce } from "./transformations/reduce.ts";
import { regression } from "./transformations/regression.ts";
import { renameByRegex } from "./transformations/renameByRegex.ts";
import { rowsToFields } from "./transformations/rowsToFields.ts";
import { seriesToRows } from "./transformations/seriesToRows.ts";
import { sortBy } from "./transformations/sortBy.ts";
import { timeSeriesTable } from "./transformations/timeSeriesTable.ts";
import type { Transform } from "./transformations/transformation.ts";
import { transpose } from "./transformations/transpose.ts";

/** One transformation as a dashboard holds it. */
export interface Step {
  id: string;
  options?: unknown;
  disabled?: boolean;
  /** What it changes: "series" where nothing is said; others are no frames of the panel. */
  topic?: string;
  /** Which frames it is for; the others go on as they are. */
  filter?: { id: string; options?: unknown };
}

interface Kind {
  title: string;
  run: Transform<never>;
}

/** All transformations by their ids in dashboards, with titles for menus. */
export const TRANSFORMATIONS: Readonly<Record<string, Kind>> = {
  calculateField: { title: "Add field from calculation", run: calculateField },
  concatenate: { title: "Concatenate fields", run: concatenate },
  configFromData: { title: "Config from query results", run: configFromData },
  convertFieldType: { title: "Convert field type", run: convertFieldType },
  extractFields: { title: "Extract fields", run: extractFields },
  filterByRefId: { title: "Filter data by query", run: filterByRefId },
  filterByValue: { title: "Filter data by values", run: filterByValue },
  filterFieldsByName: { title: "Filter fields by name", run: filterFieldsByName },
  formatString: { title: "Format string", run: formatString },
  formatTime: { title: "Format time", run: formatTime },
  groupBy: { title: "Group by", run: groupBy },
  groupToNestedTable: { title: "Group to nested table", run: groupToNestedTable },
  groupingToMatrix: { title: "Grouping to matrix", run: groupingToMatrix },
  histogram: { title: "Histogram", run: histogram },
  joinByField: { title: "Join by field", run: joinByField },
  joinByLabels: { title: "Join by labels", run: joinByLabels },
  labelsToFields: { title: "Labels to fields", run: labelsToFields },
  limit: { title: "Limit", run: limit },
  merge: { title: "Merge series/tables", run: merge },
  organize: { title: "Organize fields by name", run: organize },
  partitionByValues: { title: "Partition by values", run: partitionByValues },
  prepareTimeSeries: { title: "Prepare time series", run: prepareTimeSeries },
  reduce: { title: "Reduce", run: reduce },
  regression: { title: "Regression analysis", run: regression },
  renameByRegex: { title: "Rename fields by regex", run: renameByRegex },
  rowsToFields: { title: "Rows to fields", run: rowsToFields },
  seriesToColumns: { title: "Outer join", run: joinByField },
  seriesToRows: { title: "Series to rows", run: seriesToRows },
  sortBy: { title: "Sort by", run: sortBy },
  timeSeriesTable: { title: "Time series to table", run: timeSeriesTable },
  transpose: { title: "Transpose", run: transpose },
};

/** `value` with variables put into every text in it; keys stay. */
function interpolated(value: unknown, interpolate: (text: string) => string): unknown {
  if (typeof value === "string") return value.includes("$") || value.includes("[[") ? interpolate(value) : value;
  if (Array.isArray(value)) return value.map((item) => interpolated(item, interpolate));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolated(item, interpolate)]));
}

function warned(frames: Frame[], text: string): Frame[] {
  const [first, ...rest] = frames;
  if (!first) return frames;
  const notices = [...(first.meta?.notices ?? []), { severity: "warning" as const, text }];
  return [{ ...first, meta: { ...first.meta, notices } }, ...rest];
}

function apply(frames: Frame[], { id, options, filter }: Step, interpolate: (text: string) => string): Frame[] {
  const kind = Object.hasOwn(TRANSFORMATIONS, id) ? TRANSFORMATIONS[id] : undefined;
  if (!kind) return warned(frames, `Unknown transformation "${id}" was left out`);
  const run = kind.run as unknown as Transform<unknown>;
  const given = (interpolated(options, interpolate) ?? {}) as object;
  try {
    if (!filter?.id) return run(frames, given);
    const meant = frameMatcher(filter);
    const [own, others]: [Frame[], Frame[]] = [[], []];
    frames.forEach((frame, i) => (meant(frame, i) ? own : others).push(frame));
    return own.length ? [...run(own, given), ...others] : frames;
  } catch (error) {
    // Options are anything that a file may hold; one that makes no sense must not empty the panel.
    return warned(frames, `Transformation "${id}" failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * The frames after all transformations of `list`, in their order; `frames` stay as they are. One that is unknown or fails is left
 * out, with a warning in the first frame's `meta.notices`.
 * interpolate  variables, put into every text of the options
 */
export function transform(frames: Frame[], list: readonly Step[] | undefined, interpolate: (text: string) => string): Frame[] {
  let current = frames;
  for (const step of list ?? []) if (step && !step.disabled && (step.topic ?? "series") === "series") current = apply(current, step, interpolate);
  return current;
}
