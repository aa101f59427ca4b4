import { describe, expect, it } from "vitest";
import type { Dashboard } from "../../../src/core/model/dashboard.ts";
import { withBuiltIn } from "../../../src/views/dashboard/annotate/built_in.ts";
import { markedSpan, tagList } from "../../../src/views/dashboard/annotate/marked_span.ts";

const AREA = { left: 100, width: 1000 };
const SHOWN = { from: 1_700_000_000_000, to: 1_700_001_000_000 };

describe("the time that is marked on a chart", () => {
  it("is an instant for a click", () => {
    expect(markedSpan(AREA, 350, 353, SHOWN)).toEqual({ from: 1_700_000_250_000, to: 1_700_000_250_000 });
  });

  it("is a region for a drag, whichever way", () => {
    const region = { from: 1_700_000_200_000, to: 1_700_000_500_000 };
    expect(markedSpan(AREA, 300, 600, SHOWN)).toEqual(region);
    expect(markedSpan(AREA, 600, 300, SHOWN)).toEqual(region);
  });

  it("ends with the chart where the mouse left it", () => {
    expect(markedSpan(AREA, 600, 5000, SHOWN).to).toBe(SHOWN.to);
    expect(markedSpan(AREA, 600, -50, SHOWN).from).toBe(SHOWN.from);
  });

  it("is in whole seconds", () => {
    expect(markedSpan({ left: 0, width: 777 }, 100, 100, SHOWN).from % 1000).toBe(0);
  });
});

describe("tags", () => {
  it("are parted by commas, each once", () => expect(tagList(" deploy, incident ,,deploy")).toEqual(["deploy", "incident"]));
});

describe("the query for annotations that people keep", () => {
  const board = (list: unknown[]) => ({ annotations: { list } }) as unknown as Dashboard;

  it("is there where the JSON has none", () => {
    const { list } = withBuiltIn(board([{ name: "Deploys" }])).annotations;
    expect(list.map((one) => [one.name, one.builtIn, one.enable])).toEqual([["Annotations & Alerts", 1, true], ["Deploys", undefined, undefined]]);
  });

  it("stays as it is, switched off too", () => {
    const off = board([{ name: "Mine", builtIn: 1, enable: false }]);
    expect(withBuiltIn(off)).toBe(off);
  });
});
