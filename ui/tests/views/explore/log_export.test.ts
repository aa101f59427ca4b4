import { expect, test } from "vitest";
import type { LogRow } from "../../../src/panels/logs/log_rows.ts";
import { exported } from "../../../src/views/explore/log_export.ts";

const row = (line: string, labels: Record<string, string>): LogRow => ({ id: line, ms: 1_700_000_000_123, ns: "1700000000123456789", line, labels, origins: undefined, level: "info", refId: "A", repeats: 0 });
const rows = [row('a "quoted", line', { job: "x" }), row("=cmd()", { env: "p\nq" })];

test("text has a line for each", () => {
  expect(exported(rows, "txt")).toBe('2023-11-14T22:13:20.123Z\ta "quoted", line\n2023-11-14T22:13:20.123Z\t=cmd()\n');
});

test("JSON can be read again, with nanoseconds", () => {
  expect(JSON.parse(exported(rows, "json"))).toEqual([
    { timestamp: "1700000000123456789", date: "2023-11-14T22:13:20.123Z", line: 'a "quoted", line', labels: { job: "x" } },
    { timestamp: "1700000000123456789", date: "2023-11-14T22:13:20.123Z", line: "=cmd()", labels: { env: "p\nq" } },
  ]);
});

test("CSV has a column for each label, and no formulas", () => {
  expect(exported(rows, "csv")).toBe(
    'Date,Nanoseconds,Line,env,job\r\n2023-11-14T22:13:20.123Z,1700000000123456789,"a ""quoted"", line",,x\r\n2023-11-14T22:13:20.123Z,1700000000123456789,\'=cmd(),"p\nq",\r\n',
  );
});
