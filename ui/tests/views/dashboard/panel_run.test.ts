import { beforeEach, describe, expect, it, vi } from "vitest";
import { frame } from "../../../src/core/frame/frame.ts";
import { addPanel, newDashboard } from "../../../src/core/model/edit.ts";
import type { PanelAnswer } from "../../../src/query/context.ts";
import { Board } from "../../../src/views/dashboard/board.svelte.ts";
import { PanelRun } from "../../../src/views/dashboard/panel_run.svelte.ts";
import type { RunInput } from "../../../src/views/dashboard/panel_run.svelte.ts";

const { queryPanel } = vi.hoisted(() => ({ queryPanel: vi.fn() }));
vi.mock("../../../src/query/panel_query.ts", () => ({ queryPanel }));

const found: PanelAnswer = { frames: [frame([], { name: "found" })], faults: [], notices: [], executed: [] };
const refused: PanelAnswer = { frames: [], faults: [{ refId: "A", text: "the server can't be reached", position: null }], notices: [], executed: [] };

describe("what a panel shows when asking again fails", () => {
  let board: Board;
  let run: PanelRun;
  let input: RunInput;
  beforeEach(async () => {
    board = new Board();
    const { dashboard } = addPanel(newDashboard("Board"), "timeseries");
    board.open({ ...dashboard, uid: "u" }, {}, "stored");
    run = new PanelRun(board);
    input = { panel: { ...dashboard.panels[0]!, targets: [{ refId: "A", expr: "up" }] }, scope: board.scope, range: board.range, width: 600, priority: 0 };
    await ask(found);
  });

  async function ask(answer: PanelAnswer | Error, more: Partial<RunInput> = {}) {
    queryPanel.mockImplementationOnce(() => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)));
    board.ticks++;
    run.run({ ...input, ...more });
    await vi.waitFor(() => expect(run.loading).toBe(false));
  }

  it("stays, with what went wrong, and goes on once there is an answer", async () => {
    await ask(refused);
    expect(run.answer).toMatchObject({ frames: found.frames, faults: refused.faults });
    await ask(refused);
    expect(run.answer?.frames).toBe(found.frames);
    await ask({ ...found, frames: [] });
    expect(run.answer).toMatchObject({ frames: [], faults: [] });
  });

  it("stays when all of it failed", async () => {
    await ask(new Error("too much"));
    expect(run.fault).toBe("too much");
    expect(run.answer).toBe(found);
  });

  it("is said to be called off where it was before there was anything", async () => {
    queryPanel.mockImplementation((_, { signal }: { signal: AbortSignal }) => new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(signal.reason as Error))));
    run.run({ ...input, panel: { ...input.panel, targets: [{ refId: "A", expr: "slow" }] } });
    run.callOff();
    await vi.waitFor(() => expect(run.loading).toBe(false));
    expect([run.fault, run.answer]).toEqual(["", found]);
    const first = new PanelRun(board);
    first.run(input);
    first.callOff();
    await vi.waitFor(() => expect(first.loading).toBe(false));
    expect(first.fault).toBe("Called off before there was an answer.");
  });

  it("is not what another query or another range gave", async () => {
    await ask(refused, { panel: { ...input.panel, targets: [{ refId: "A", expr: "down" }] } });
    expect(run.answer?.frames).toEqual([]);
    await ask(found);
    await ask(new Error("too much"), { range: { ...input.range, raw: { from: "now-30d", to: "now" } } });
    expect(run.answer).toBeNull();
  });
});
