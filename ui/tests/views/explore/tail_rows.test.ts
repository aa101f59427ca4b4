import { describe, expect, it } from "vitest";
import type { LogRow } from "../../../src/panels/logs/log_rows.ts";
import { joined } from "../../../src/views/explore/tail_rows.ts";

const row = (id: string): LogRow => ({ id, ms: 0, ns: undefined, line: id, labels: {}, origins: undefined, level: "info", refId: "A", repeats: 0 });
const ids = (rows: readonly LogRow[]) => rows.map(({ id }) => id);

describe("followed lines", () => {
  it("come before older ones, each once, and push the oldest out", () => {
    const rows = [row("b"), row("a")];
    expect(ids(joined(rows, [row("d"), row("c"), row("c"), row("b")]))).toEqual(["d", "c", "b", "a"]);
    expect(ids(joined(rows, [row("c")], 2))).toEqual(["c", "b"]);
    expect(joined(rows, [row("a")])).toBe(rows);
  });
});
