import { expect, test } from "vitest";
import { framesOfLoki, type LokiData } from "../../../src/core/frame/from_loki.ts";

const data: LokiData = {
  resultType: "streams",
  result: [
    { stream: { app: "a" }, values: [["1700000000000000001", "one"], ["1700000000000000001", "one"]] },
    { stream: { app: "b" }, values: [["1700000000000000003", "three", { structuredMetadata: { trace: "t" }, parsed: { level: "info" } }], ["1700000000000000002", "two"]] },
  ],
};

test("lines of all streams, newest first or oldest first", () => {
  const [frame] = framesOfLoki(data, { refId: "A", expr: "{}" });
  const column = (name: string) => frame!.fields.find((field) => field.name === name)!.values;
  expect(column("Line")).toEqual(["three", "two", "one", "one"]);
  expect(column("Time")).toEqual([1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000]);
  expect(column("tsNs")[0]).toBe("1700000000000000003");
  expect(column("labels")[0]).toEqual({ app: "b", trace: "t", level: "info" });
  expect(column("labelTypes")[0]).toEqual({ app: "I", trace: "S", level: "P" });
  expect(new Set(column("id")).size).toBe(4);
  expect(framesOfLoki(data, { refId: "A", expr: "{}", direction: "forward" })[0]!.fields[2]!.values).toEqual(["one", "one", "two", "three"]);
  expect(framesOfLoki({ resultType: "streams", result: [] }, { refId: "A", expr: "{}" })).toEqual([]);
});

test("metrics are as Prometheus has them", () => {
  const [frame] = framesOfLoki({ resultType: "matrix", result: [{ metric: { level: "info" }, values: [[1, "2"]] }] }, { refId: "A", expr: "sum by (level) (rate({}[1m]))" });
  expect(frame!.name).toBe('{level="info"}');
});
