/** A column of texts written otherwise: upper case, trimmed, cut, … */

import { fieldNamed, withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface FormatString {
  stringField: string;
  outputFormat: string;
  substringStart: number;
  substringEnd: number;
}

const words = (text: string): string[] => text.match(/[\p{Lu}]?[\p{Ll}\p{N}]+|[\p{Lu}]+(?![\p{Ll}])|[\p{N}]+/gu) ?? [];
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

const FORMATS: Record<string, (text: string) => string> = {
  "Upper Case": (text) => text.toUpperCase(),
  "Lower Case": (text) => text.toLowerCase(),
  "Sentence Case": (text) => text.charAt(0).toUpperCase() + text.slice(1),
  "Title Case": (text) => text.split(" ").map(capital).join(" "),
  "Pascal Case": (text) => words(text).map(capital).join(""),
  "Camel Case": (text) => words(text).map((word, i) => (i ? capital(word) : word.toLowerCase())).join(""),
  "Snake Case": (text) => words(text).map((word) => word.toLowerCase()).join("_"),
  "Kebab Case": (text) => words(text).map((word) => word.toLowerCase()).join("-"),
  Trim: (text) => text.trim(),
};

/** See Grafana's "Format string". */
export const formatString: Transform<FormatString> = (frames, { stringField, outputFormat = "Upper Case", substringStart = 0, substringEnd = 100 }) => {
  const format = outputFormat === "Substring" ? (text: string) => text.substring(substringStart, substringEnd) : Object.hasOwn(FORMATS, outputFormat) ? FORMATS[outputFormat]! : null;
  if (!format) return frames;
  return frames.map((frame) => {
    const target = fieldNamed(frame, stringField, frames);
    if (!target) return frame;
    return withFields(frame, frame.fields.map((field) =>
      field === target ? { ...field, type: "string", values: field.values.map((value) => (value === null || value === undefined ? value : format(String(value)))) } : field,
    ));
  });
};
