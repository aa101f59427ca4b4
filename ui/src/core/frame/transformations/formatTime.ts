/** A column of times written by a pattern. */

import { formatPattern } from "../../time/format.ts";
import { fieldNamed, withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface FormatTime {
  timeField: string;
  outputFormat: string;
  timezone: string;
  useTimezone: boolean;
}

/** See Grafana's "Format time". */
export const formatTime: Transform<FormatTime> = (frames, { timeField, outputFormat = "YYYY-MM-DD HH:mm:ss", timezone }) =>
  frames.map((frame) => {
    const target = fieldNamed(frame, timeField, frames);
    if (!target || !outputFormat) return frame;
    return withFields(frame, frame.fields.map((field) => {
      if (field !== target) return field;
      const values = field.values.map((value) => (typeof value === "number" ? formatPattern(value, timezone ?? "utc", outputFormat) : null));
      return { ...field, type: "string", values };
    }));
  });
