/** All columns of all frames side by side, short ones filled up with nulls. */

import { frameName, VALUE_NAME } from "../display_name.ts";
import { type Field, frame as makeFrame } from "../frame.ts";
import type { Transform } from "./transformation.ts";

interface Concatenate {
  frameNameMode: "drop" | "field" | "label";
  frameNameLabel: string;
}

/** See Grafana's "Concatenate fields": names of frames go before the columns', into a label, or away. */
export const concatenate: Transform<Concatenate> = (frames, { frameNameMode = "field", frameNameLabel = "frame" }) => {
  if (frames.length < 2) return frames;
  const length = Math.max(...frames.map((frame) => frame.length));
  const fields = frames.flatMap((frame) => {
    const name = frameName(frame, frames);
    return frame.fields.map((field): Field => {
      const values = frame.length < length ? [...field.values, ...Array<null>(length - frame.length).fill(null)] : field.values;
      const copy: Field = { ...field, values };
      if (frameNameMode === "field" && name) copy.name = field.name === VALUE_NAME ? name : `${name} · ${field.name}`;
      if (frameNameMode === "label" && name) copy.labels = { ...field.labels, [frameNameLabel]: name };
      return copy;
    });
  });
  return [makeFrame(fields)];
};
