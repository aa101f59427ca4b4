import { describe, expect, it } from "vitest";
import { agentFiles, behind } from "../../../src/views/logs/agent_files.ts";
import { one, type Reading } from "../../../src/views/parts/readings.ts";

const reading = (values: Record<string, number>): Reading => ({ rows: Object.entries(values).map(([path, value]) => ({ labels: { path }, value })), fault: null });

describe("files of the agent", () => {
  it("are those that are furthest behind first, put together by path", () => {
    const files = agentFiles({ size: reading({ "/a": 100, "/b": 500 }), read: reading({ "/a": 100, "/b": 200, "/c": 7 }), lines: reading({ "/a": 3 }), rate: reading({}) });
    expect(files.map((file) => [file.path, behind(file), file.lines])).toEqual([["/b", 300, 0], ["/a", 0, 3], ["/c", 0, 0]]);
    expect(behind({ size: 5, read: 9 })).toBe(0);
  });

  it("are none where nothing is scraped", () => {
    const none = reading({});
    expect(agentFiles({ size: none, read: none, lines: none, rate: none })).toEqual([]);
    expect(one(none)).toBe(null);
    expect(one(reading({ "": 4 }))).toBe(4);
  });
});
