import { describe, expect, it } from "vitest";
import { cellStyle, gridHeight } from "../../../src/views/dashboard/cells.ts";
import { lineDiff } from "../../../src/views/dashboard/edit/line_diff.ts";
import { optionSchema, PANEL_TYPES } from "../../../src/views/dashboard/edit/option_schema.ts";
import { readPath } from "../../../src/views/dashboard/edit/read_path.ts";
import { matching, MOST_SHOWN } from "../../../src/views/dashboard/option_search.ts";
import { monthDays } from "../../../src/page/time/month.ts";

describe("cells", () => {
  it("fill the width with gaps of 8 px", () => {
    expect(cellStyle({ x: 0, y: 0, w: 24, h: 1 }, 1000, false)).toBe("width:1000px;height:30px;transform:translate(0px,0px)");
    expect(cellStyle({ x: 12, y: 2, w: 12, h: 2 }, 1000, false)).toBe("width:496px;height:68px;transform:translate(504px,76px)");
    expect(gridHeight([{ gridPos: { x: 0, y: 3, w: 1, h: 2 } }])).toBe(182);
    expect(gridHeight([])).toBe(0);
  });
});

describe("lineDiff", () => {
  it("tells what went and came with what stands around it", () => {
    const before = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    const after = before.with(10, "changed").toSpliced(15, 1);
    const lines = lineDiff(before.join("\n"), after.join("\n"));
    expect(lines.filter((line) => line.kind !== "same").map((line) => `${line.kind} ${line.text}`)).toEqual([
      "skipped 7 lines", "removed line 10", "added changed", "removed line 15",
    ]);
    expect(lineDiff("a\nb", "a\nb")).toEqual([]);
  });
});

describe("matching", () => {
  const options = Array.from({ length: 100_000 }, (_, at) => ({ text: `pod-${at}`, value: `pod-${at}` }));
  it("puts beginnings first and stops in time", () => {
    expect(matching([{ text: "x web", value: "1" }, { text: "web", value: "2" }], "web").map((one) => one.value)).toEqual(["2", "1"]);
    expect(matching(options, "")).toHaveLength(MOST_SHOWN);
    expect(matching(options, "99999")[0]!.value).toBe("pod-99999");
  });
});

describe("optionSchema", () => {
  it("has controls for every type that can be made, each once", () => {
    for (const [type] of PANEL_TYPES) {
      const paths = optionSchema(type).map((spec) => spec.path);
      expect(paths.length, type).toBeGreaterThan(0);
      expect(new Set(paths).size, type).toBe(paths.length);
    }
  });
  it("is read by path, own keys alone", () => {
    expect(readPath({ a: { b: [1, { c: 2 }] } }, "a.b.1.c")).toBe(2);
    expect(readPath({}, "constructor.name")).toBeUndefined();
  });
});

describe("monthDays", () => {
  it("begins with the week and knows the month's own days", () => {
    const days = monthDays(2026, 11, "UTC", "monday");
    expect(days[0]).toMatchObject({ day: 26, inMonth: false });
    expect(days.filter((day) => day.inMonth)).toHaveLength(30);
    expect(days[6]!.end - days[6]!.at).toBe(86_399_999);
  });
});
