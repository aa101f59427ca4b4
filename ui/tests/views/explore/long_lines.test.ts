import { expect, test } from "vitest";
import { framesOfStreams } from "../../../src/core/frame/from_loki.ts";
import { dedupRows, detectedFields, logRows, prettyLine } from "../../../src/panels/logs/log_rows.ts";

const MOST_MS = 1500;

test.each([["one word", "x".repeat(1_000_000)], ["brackets", "{".repeat(500_000)], ["escapes", "\u001b]".repeat(300_000)], ["quotes", 'a="'.repeat(300_000)], ["equals", "a=".repeat(300_000)]])("a line of %s is read in time", (_, line) => {
  const started = performance.now();
  const rows = logRows(framesOfStreams([{ stream: { a: "b" }, values: [["1700000000000000000", line]] }], "A"), true);
  detectedFields(rows[0]!.line, {});
  prettyLine(rows[0]!.line);
  for (const how of ["exact", "numbers", "signature"] as const) dedupRows([...rows, ...rows], how);
  expect(performance.now() - started).toBeLessThan(MOST_MS);
});
