import { describe, expect, it } from "vitest";
import { Scheduler } from "../../src/query/scheduler.ts";

/** A job that ends when told to. */
function held<T>(value: T) {
  let end = () => undefined as void;
  let fail = (_: Error) => undefined as void;
  const state = { started: 0, aborted: false };
  const start = (signal: AbortSignal) => {
    state.started++;
    signal.addEventListener("abort", () => (state.aborted = true));
    return new Promise<T>((resolve, reject) => {
      end = () => resolve(value);
      fail = reject;
    });
  };
  return { start, state, end: () => end(), fail: (error: Error) => fail(error) };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("Scheduler", () => {
  it("starts the most urgent first, as many as it may", async () => {
    const order: string[] = [];
    const scheduler = new Scheduler(1);
    const run = (name: string, priority: number) =>
      scheduler.run(name, priority, async () => {
        order.push(name);
      });
    await Promise.all([run("late", 3), run("b", 0), run("c", 0), run("first", -10)]);
    expect(order).toEqual(["first", "b", "c", "late"]);
  });

  it("asks equal ones once", async () => {
    const job = held(7);
    const scheduler = new Scheduler();
    const both = Promise.all([scheduler.run("k", 0, job.start), scheduler.run("k", 0, job.start)]);
    await turn();
    job.end();
    expect(await both).toEqual([7, 7]);
    expect(job.state.started).toBe(1);
    expect(scheduler.pending).toBe(0);
  });

  it("is called off when the last who waits leaves, not before", async () => {
    const job = held(1);
    const scheduler = new Scheduler();
    const [a, b] = [new AbortController(), new AbortController()];
    const first = scheduler.run("k", 0, job.start, a.signal).catch((error: Error) => error.name);
    const second = scheduler.run("k", 0, job.start, b.signal).catch((error: Error) => error.name);
    await turn();
    a.abort();
    expect(await first).toBe("AbortError");
    expect(job.state.aborted).toBe(false);
    b.abort();
    expect(await second).toBe("AbortError");
    expect(job.state.aborted).toBe(true);
  });

  it("never starts what was called off while it waited", async () => {
    const [running, waiting] = [held(1), held(2)];
    const scheduler = new Scheduler(1);
    const done = scheduler.run("a", 0, running.start);
    const stop = new AbortController();
    const left = scheduler.run("b", 0, waiting.start, stop.signal).catch(() => "left");
    await turn();
    stop.abort();
    running.end();
    expect(await left).toBe("left");
    await done;
    await turn();
    expect(waiting.state.started).toBe(0);
  });

  it("tells a failure to all and goes on", async () => {
    const job = held(1);
    const scheduler = new Scheduler(1);
    const failed = scheduler.run("a", 0, job.start).catch((error: Error) => error.message);
    await turn();
    job.fail(new Error("down"));
    expect(await failed).toBe("down");
    expect(await scheduler.run("b", 0, async () => 2)).toBe(2);
  });
});
