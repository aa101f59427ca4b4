/** A line or a curve through points, by least squares. */

import { type Field, frame as makeFrame } from "../frame.ts";
import { column, fieldNamed } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Regression {
  modelType: "linear" | "polynomial";
  degree: number;
  predictionCount: number;
  xFieldName: string;
  yFieldName: string;
}

const MOST_POINTS = 10_000;

/** Coefficients of 1, x, x², … that come closest to the points; null where they do not determine them. */
function fit(xs: readonly number[], ys: readonly number[], degree: number): number[] | null {
  const size = degree + 1;
  const powers = Array<number>(2 * degree + 1).fill(0);
  const right = Array<number>(size).fill(0);
  xs.forEach((x, i) => {
    for (let p = 0, power = 1; p < powers.length; p++, power *= x) {
      powers[p]! += power;
      if (p < size) right[p]! += power * ys[i]!;
    }
  });
  const rows = right.map((value, row) => [...Array.from({ length: size }, (_, i) => powers[row + i]!), value]);
  for (let pivot = 0; pivot < size; pivot++) {
    let best = pivot;
    for (let row = pivot + 1; row < size; row++) if (Math.abs(rows[row]![pivot]!) > Math.abs(rows[best]![pivot]!)) best = row;
    [rows[pivot], rows[best]] = [rows[best]!, rows[pivot]!];
    const own = rows[pivot]!;
    if (Math.abs(own[pivot]!) < 1e-12) return null;
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / own[pivot]!;
      for (let i = pivot; i <= size; i++) rows[row]![i]! -= factor * own[i]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

/** See Grafana's "Regression analysis" (trendline): the frames, and one more with points of the curve. */
export const regression: Transform<Regression> = (frames, { modelType = "linear", degree = 2, predictionCount = 100, xFieldName, yFieldName }) => {
  const find = (name: string | undefined, type: Field["type"], but?: Field): Field | null => {
    for (const frame of frames) {
      const found = name ? fieldNamed(frame, name, frames) : frame.fields.find((field) => field.type === type && field !== but);
      if (found) return found;
    }
    return null;
  };
  const x = find(xFieldName, "time") ?? find(undefined, "number");
  const y = x && find(yFieldName, "number", x);
  if (!x || !y) return frames;
  const points = x.values.map((value, i) => [value, y.values[i]]).filter((pair): pair is [number, number] => pair.every((value) => typeof value === "number" && Number.isFinite(value)));
  if (points.length < 2) return frames;
  let [min, max] = [Infinity, -Infinity];
  for (const [at] of points) [min, max] = [Math.min(min, at), Math.max(max, at)];
  // Times are large: moved to -1…1, so that their powers can be added up.
  const [middle, half] = [(min + max) / 2, (max - min) / 2 || 1];
  const curve = modelType === "polynomial" ? Math.max(1, Math.min(5, Math.floor(Number(degree)) || 2)) : 1;
  const coefficients = fit(points.map(([at]) => (at - middle) / half), points.map(([, value]) => value), curve);
  if (!coefficients) return frames;
  const count = Math.max(2, Math.min(MOST_POINTS, Math.floor(Number(predictionCount)) || 100));
  const ats = Array.from({ length: count }, (_, i) => min + ((max - min) * i) / (count - 1));
  const values = ats.map((at) => coefficients.reduceRight((sum, coefficient) => sum * ((at - middle) / half) + coefficient, 0));
  const name = curve === 1 ? "Linear regression" : "Polynomial regression";
  return [...frames, makeFrame([column(x.name, x.type, ats), column(name, "number", values)], { name })];
};
