import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Panel } from "../../../src/core/model/dashboard.ts";

type Asked = Pick<Panel, "fieldConfig" | "options">;

function panel(unit?: string, more: { override?: string; mode?: string; options?: Record<string, unknown> } = {}): Asked {
  const properties = more.override ? [{ id: "unit", value: more.override }] : [];
  const defaults = { ...(unit === undefined ? {} : { unit }), ...(more.mode ? { color: { mode: more.mode } } : {}) };
  return { fieldConfig: { defaults, overrides: [{ matcher: { id: "byName", options: "a" }, properties }] }, options: more.options ?? {} } as unknown as Asked;
}

describe("units and colours that are fetched apart", () => {
  // As a page has it that has just been opened.
  let rare: typeof import("../../../src/core/frame/rare_names.ts"); // eslint-disable-line @typescript-eslint/consistent-type-imports
  beforeEach(async () => {
    vi.resetModules();
    rare = await import("../../../src/core/frame/rare_names.ts");
  });

  it("are not needed for what nearly all have", () => {
    for (const unit of [undefined, "", "short", "bytes", "percentunit", "s", "ms", "Bps", "reqps", "celsius", "dateTimeAsIso", "suffix:x", "time:YYYY"]) {
      expect(rare.needsRare(panel(unit)), unit).toBe(false);
    }
    expect(rare.needsRare(panel("short", { mode: "palette-classic", options: { mode: "continuous", text: "currencyUSD" } }))).toBe(false);
  });

  it("are for a rare unit wherever it stands, and for a rare colour", () => {
    for (const unit of ["currencyUSD", "currency:$", "hex", "conngm3", "nobody's", "$unit"]) expect(rare.needsRare(panel(unit)), unit).toBe(true);
    expect(rare.needsRare(panel("short", { override: "lux" }))).toBe(true);
    expect(rare.needsRare(panel("short", { options: { yAxis: { unit: "flops" } } }))).toBe(true);
    for (const mode of ["continuous-GrYlRd", "palette-colorblind", "palette-categorical-next"]) expect(rare.needsRare(panel("s", { mode })), mode).toBe(true);
  });

  it("are known once they are there", async () => {
    const { formatValue } = await import("../../../src/core/frame/units.ts");
    const { continuousScale } = await import("../../../src/core/frame/palettes.ts");
    expect(formatValue("currencyEUR", 3).prefix).toBeUndefined();
    expect(continuousScale("continuous-viridis", "dark")).toBeNull();
    await rare.loadRare();
    expect(rare.needsRare(panel("nobody's"))).toBe(false);
    expect(formatValue("currencyEUR", 3).prefix).toBe("€");
    expect(continuousScale("continuous-viridis", "dark")?.(0)).toMatch(/^rgb\(/);
  });
});
