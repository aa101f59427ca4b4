/** Which requests go now: a few at a time, what is in view first, equal ones once, and none that nobody waits for. */

interface Waiter {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  signal: AbortSignal | undefined;
  onAbort: () => void;
}

interface Job {
  key: string;
  priority: number;
  order: number;
  start: (signal: AbortSignal) => Promise<unknown>;
  waiters: Waiter[];
  stop: AbortController;
  running: boolean;
}

/** Browsers open six connections to a host: one stays free for what the person does meanwhile. */
const AT_A_TIME = 5;

export class Scheduler {
  readonly #limit: number;
  readonly #waiting: Job[] = [];
  readonly #jobs = new Map<string, Job>();
  #running = 0;
  #order = 0;

  constructor(limit = AT_A_TIME) {
    this.#limit = limit;
  }

  /** How many requests are on their way or wait to be. */
  get pending(): number {
    return this.#jobs.size;
  }

  /**
   * What `start` gives. A job with the same key that is not done yet is shared; it is called off when nobody who asked for
   * it waits any more. The lowest `priority` goes first, equal ones as they came.
   */
  run<T>(key: string, priority: number, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      let job = this.#jobs.get(key);
      if (!job) {
        job = { key, priority, order: this.#order++, start, waiters: [], stop: new AbortController(), running: false };
        this.#jobs.set(key, job);
        this.#waiting.push(job);
      }
      job.priority = Math.min(job.priority, priority);
      const shared = job;
      const waiter: Waiter = { resolve: resolve as (value: unknown) => void, reject, signal, onAbort: () => this.#leave(shared, waiter) };
      shared.waiters.push(waiter);
      signal?.addEventListener("abort", waiter.onAbort, { once: true });
      // All that ask in one go are sorted before the first starts.
      queueMicrotask(() => this.#next());
    });
  }

  #leave(job: Job, waiter: Waiter): void {
    job.waiters = job.waiters.filter((other) => other !== waiter);
    waiter.reject(waiter.signal?.reason);
    if (job.waiters.length) return;
    this.#forget(job);
    job.stop.abort();
  }

  #forget(job: Job): void {
    if (this.#jobs.get(job.key) === job) this.#jobs.delete(job.key);
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #next(): void {
    while (this.#running < this.#limit && this.#waiting.length) {
      let best = 0;
      for (let at = 1; at < this.#waiting.length; at++) {
        const one = this.#waiting[at]!;
        const than = this.#waiting[best]!;
        if (one.priority < than.priority || (one.priority === than.priority && one.order < than.order)) best = at;
      }
      const job = this.#waiting.splice(best, 1)[0]!;
      void this.#start(job);
    }
  }

  async #start(job: Job): Promise<void> {
    this.#running++;
    job.running = true;
    try {
      const value = await job.start(job.stop.signal);
      this.#done(job, (waiter) => waiter.resolve(value));
    } catch (error) {
      this.#done(job, (waiter) => waiter.reject(error));
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #done(job: Job, tell: (waiter: Waiter) => void): void {
    this.#forget(job);
    for (const waiter of job.waiters) {
      waiter.signal?.removeEventListener("abort", waiter.onAbort);
      tell(waiter);
    }
  }
}

/** The one of the page. */
export const scheduler = new Scheduler();
