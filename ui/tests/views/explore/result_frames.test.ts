import { expect, test } from "vitest";
import { csv } from "../../../src/core/frame/csv.ts";
import { framesOfPrometheus } from "../../../src/core/frame/from_prometheus.ts";
import { resultTables } from "../../../src/views/explore/result_frames.ts";

test("series of a query are one table by time, with gaps; others are as they are", () => {
  const matrix = framesOfPrometheus(
    { resultType: "matrix", result: [{ metric: { __name__: "up", job: "a" }, values: [[1, "1"], [2, "2"]] }, { metric: { __name__: "up", job: "b" }, values: [[2, "5"], [3, "NaN"]] }] },
    { refId: "A", expr: "up", legendFormat: "", severalTables: false, format: "time_series", stepMs: 1000 },
  );
  const vector = framesOfPrometheus({ resultType: "vector", result: [{ metric: { job: "a" }, value: [1, "1"] }] }, { refId: "A", expr: "up", legendFormat: "", severalTables: false, format: "table" });
  const tables = resultTables([...matrix, ...vector]);
  expect(tables.map(({ name }) => name)).toEqual(["A series by time", "A values"]);
  const lines = csv(tables[0]!.frame).trim().split("\r\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^Time,.*a.*,.*b/);
  expect(lines[1]).toMatch(/^1000,1,/);
  expect(lines[2]).toBe("2000,2,5");
  expect(resultTables([])).toEqual([]);
});
