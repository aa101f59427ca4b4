import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/core/frame/frame.ts";
import { Held } from "../../../src/core/frame/held.ts";
import { fromSnapshotFrame, toSnapshotFrame } from "../../../src/core/frame/snapshot.ts";

const FRAME: Frame = {
  refId: "A", name: "load", length: 4, meta: { kind: "timeseries", executed: "node_load1", stepMs: 15_000 },
  fields: [
    { name: "Time", type: "time", values: [1000, 2000, 3000, 4000], config: {} },
    { name: "Value", type: "number", values: [1, NaN, Infinity, -Infinity], labels: { job: "node" }, config: { displayNameFromDS: "node" } },
    { name: "text", type: "string", values: ["a", null, "", "d"], config: {} },
  ],
};

const read = (json: unknown) => fromSnapshotFrame(JSON.parse(JSON.stringify(json)))!;

describe("frames of snapshots", () => {
  it("come back from JSON as they were, numbers without a form there too, but for the query", () => {
    expect(read(toSnapshotFrame(FRAME))).toEqual({ ...FRAME, meta: { kind: "timeseries", stepMs: 15_000 } });
    expect(JSON.stringify(toSnapshotFrame(FRAME))).not.toContain("node_load1");
  });

  it("are read where schema and data stand apart", () => {
    const json = {
      schema: { refId: "B", meta: { preferredVisualisationType: "logs" }, fields: [{ name: "Time", type: "time" }, { name: "v", type: "number", labels: { a: "b" } }] },
      data: { values: [[1, 2], [null, 5]], entities: [null, { NaN: [0] }] },
    };
    const frame = read(json);
    expect([frame.refId, frame.meta?.kind, frame.length]).toEqual(["B", "logs", 2]);
    expect(frame.fields.map((field) => [field.type, field.values, field.labels])).toEqual([["time", [1, 2], undefined], ["number", [NaN, 5], { a: "b" }]]);
  });

  it("are read of old tables and series", () => {
    const table = read({ columns: [{ text: "Time", type: "time" }, { text: "n" }], rows: [[1, "x"], [2, "y"]] });
    expect(table.fields.map((field) => [field.name, field.type, field.values])).toEqual([["Time", "time", [1, 2]], ["n", "string", ["x", "y"]]]);
    const series = read({ target: "cpu", datapoints: [[5, 1000], [null, 2000]] });
    expect(series.fields.map((field) => [field.type, field.values, field.config])).toEqual([["time", [1000, 2000], {}], ["number", [5, null], { displayNameFromDS: "cpu" }]]);
  });

  it("take a type that nobody knows from what is there", () => {
    const frame = read({ fields: [{ name: "time", values: [1000] }, { name: "n", type: "weird", values: [null, 3] }, { name: "ok", values: [true] }, { name: "o", values: [] }] });
    expect(frame.fields.map((field) => field.type)).toEqual(["time", "number", "boolean", "other"]);
  });

  it("are none of what is no frame", () => {
    for (const bad of [null, 3, "x", [], {}, { fields: 3 }, { schema: {} }]) expect(fromSnapshotFrame(bad)).toBeNull();
  });

  it("are no longer than they say, whatever places of numbers they name", () => {
    const frame = read({ fields: [{ name: "v", type: "number", values: [1, 2], entities: { NaN: [1e9, -1, "x", 1], Inf: {} } }] });
    expect(frame.fields[0]!.values).toEqual([1, NaN]);
    expect(frame.length).toBe(2);
  });

  it("are nothing in what tells queries apart", () => {
    expect(JSON.stringify({ snapshot: new Held([FRAME]) })).toBe('{"snapshot":null}');
  });
});
