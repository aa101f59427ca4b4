/** Frames as snapshots of dashboards keep them, in Grafana's forms of every age. */

import type { Field, FieldType, Frame, FrameMeta } from "./frame.ts";
import type { FieldConfig } from "./config.ts";

type Json = Record<string, unknown>;

/** Places of numbers that JSON has no form for. */
interface Entities {
  NaN?: number[];
  Inf?: number[];
  NegInf?: number[];
}

const TYPES: readonly FieldType[] = ["time", "number", "string", "boolean", "other"];
const KINDS: Record<string, FrameMeta["kind"]> = { graph: "timeseries", table: "table", logs: "logs" };

const record = (value: unknown): Json => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** A frame as a snapshot keeps it: without the query that it came of, which is not for whoever has the link. */
export function toSnapshotFrame(frame: Frame): Json {
  const { kind, stepMs, notices } = frame.meta ?? {};
  const shown = Object.entries(KINDS).find(([, each]) => each === kind)?.[0];
  return {
    ...(frame.name !== undefined ? { name: frame.name } : {}),
    ...(frame.refId !== undefined ? { refId: frame.refId } : {}),
    meta: {
      ...(shown ? { preferredVisualisationType: shown } : {}),
      ...(notices?.length ? { notices } : {}),
      custom: { kind, stepMs },
    },
    fields: frame.fields.map(({ name, type, values, labels, config }) => {
      const entities = entitiesOf(values);
      return { name, type, config, ...(labels ? { labels } : {}), values: [...values], ...(entities ? { entities } : {}) };
    }),
    length: frame.length,
  };
}

function entitiesOf(values: readonly unknown[]): Entities | null {
  const found: Required<Entities> = { NaN: [], Inf: [], NegInf: [] };
  values.forEach((value, at) => {
    if (typeof value !== "number" || Number.isFinite(value)) return;
    (Number.isNaN(value) ? found.NaN : value > 0 ? found.Inf : found.NegInf).push(at);
  });
  return found.NaN.length + found.Inf.length + found.NegInf.length ? found : null;
}

/** The frame of a snapshot's JSON: `fields` with values, `schema` and `data`, a table of `columns` and `rows`, or `datapoints`. Null for what is none. */
export function fromSnapshotFrame(json: unknown): Frame | null {
  const all = record(json);
  if (Array.isArray(all.fields)) return made(all, all.fields.map((field) => fieldOf(field, list(record(field).values), record(field).entities)));
  const schema = record(all.schema);
  if (Array.isArray(schema.fields)) {
    const data = record(all.data);
    const values = list(data.values);
    const entities = list(data.entities);
    return made(schema, schema.fields.map((field, at) => fieldOf(field, list(values[at]), entities[at])));
  }
  if (Array.isArray(all.columns)) {
    const rows = list(all.rows).map(list);
    return made(all, all.columns.map((column, at) => fieldOf({ ...record(column), name: text(record(column).text) }, rows.map((row) => row[at] ?? null))));
  }
  if (Array.isArray(all.datapoints)) {
    const points = all.datapoints.map(list);
    const name = text(all.target) || text(all.title) || "Value";
    return made(all, [fieldOf({ name: "Time", type: "time" }, points.map((point) => point[1] ?? null)), fieldOf({ name: "Value", type: "number", config: { displayNameFromDS: name } }, points.map((point) => point[0] ?? null))]);
  }
  return null;
}

function made(said: Json, fields: Field[]): Frame {
  const meta = record(said.meta);
  const custom = record(meta.custom);
  const kind = (text(custom.kind) as FrameMeta["kind"]) || KINDS[text(meta.preferredVisualisationType)];
  const notices = list(meta.notices) as NonNullable<FrameMeta["notices"]>;
  return {
    ...(text(said.name) ? { name: text(said.name) } : {}),
    ...(text(said.refId) ? { refId: text(said.refId) } : {}),
    fields,
    length: fields.reduce((most, field) => Math.max(most, field.values.length), 0),
    meta: {
      ...(kind ? { kind } : {}),
      ...(text(meta.executedQueryString) ? { executed: text(meta.executedQueryString) } : {}),
      ...(typeof custom.stepMs === "number" ? { stepMs: custom.stepMs } : {}),
      ...(notices.length ? { notices } : {}),
    },
  };
}

function fieldOf(json: unknown, given: readonly unknown[], entities?: unknown): Field {
  const said = record(json);
  const name = text(said.name);
  const type = TYPES.find((each) => each === said.type) ?? guessed(name, given);
  const values = restored(type === "time" ? given.map(instant) : given, record(entities));
  const labels = Object.fromEntries(Object.entries(record(said.labels)).map(([key, value]) => [key, String(value)]));
  return { name, type, values, config: record(said.config) as FieldConfig, ...(said.labels ? { labels } : {}) };
}

function restored(values: readonly unknown[], entities: Entities): readonly unknown[] {
  if (!entities.NaN && !entities.Inf && !entities.NegInf) return values;
  const whole = [...values];
  const put = (places: unknown, value: number) => {
    for (const at of list(places)) if (typeof at === "number" && at >= 0 && at < values.length) whole[at] = value;
  };
  put(entities.NaN, NaN);
  put(entities.Inf, Infinity);
  put(entities.NegInf, -Infinity);
  return whole;
}

function instant(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

function guessed(name: string, values: readonly unknown[]): FieldType {
  const first = values.find((value) => value !== null && value !== undefined);
  if (/^time$/i.test(name) && typeof first === "number") return "time";
  return typeof first === "number" ? "number" : typeof first === "boolean" ? "boolean" : typeof first === "string" ? "string" : "other";
}
