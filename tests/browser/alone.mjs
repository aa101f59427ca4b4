/**
 * A browser that nobody watches but for its memory. What drives the other one listens to the network, and a page keeps all that
 * came for who listens: a hundred megabytes that no person's browser has.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage", "--window-size=1280,900"];

export class Alone {
  #process;
  #folder;
  #socket;
  #next = 0;
  #waiting = new Map();

  /** Opens `url` in the Chromium at `path`. */
  static async open(path, url) {
    const one = new Alone();
    one.#folder = mkdtempSync(join(tmpdir(), "alone-"));
    one.#process = spawn(path, [...FLAGS, "--remote-debugging-port=0", `--user-data-dir=${one.#folder}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
    const address = await new Promise((done, failed) => {
      let text = "";
      one.#process.stderr.on("data", (chunk) => {
        const found = /DevTools listening on ws:\/\/([^/]+)\//.exec((text += chunk));
        if (found) done(found[1]);
      });
      one.#process.once("exit", () => failed(new Error(`chromium has ended: ${text.slice(-500)}`)));
    });
    const targets = await (await fetch(`http://${address}/json`)).json();
    one.#socket = new WebSocket(targets.find(({ type }) => type === "page").webSocketDebuggerUrl);
    await new Promise((done, failed) => {
      one.#socket.onopen = done;
      one.#socket.onerror = failed;
    });
    one.#socket.onmessage = ({ data }) => {
      const { id, result, error } = JSON.parse(data);
      const waiting = one.#waiting.get(id);
      one.#waiting.delete(id);
      if (error) waiting?.[1](new Error(error.message));
      else waiting?.[0](result);
    };
    await one.#send("Page.navigate", { url });
    const isThere = () => one.evaluate(() => location.protocol !== "about:" && document.readyState === "complete").catch(() => false);
    while (!(await isThere())) await new Promise((done) => setTimeout(done, 50));
    return one;
  }

  #send(method, params = {}) {
    return new Promise((...ends) => {
      this.#waiting.set(++this.#next, ends);
      this.#socket.send(JSON.stringify({ id: this.#next, method, params }));
    });
  }

  /** What a function of the page gives for an argument. */
  async evaluate(run, argument) {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", { expression: `(${run})(${JSON.stringify(argument) ?? ""})`, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** MB of the page's heap, garbage taken away, and of the process that draws it: all, and what it shares with nobody. */
  async memory() {
    await this.#send("Performance.enable");
    await this.#send("HeapProfiler.collectGarbage");
    const { metrics } = await this.#send("Performance.getMetrics");
    const of = (name) => metrics.find((one) => one.name === name)?.value ?? 0;
    const mb = (bytes) => Math.round(bytes / 1e5) / 10;
    return { heap_mb: mb(of("JSHeapUsedSize")), heap_taken_mb: mb(of("JSHeapTotalSize")), ...this.#renderer(mb), nodes: of("Nodes"), listeners: of("JSEventListeners") };
  }

  #renderer(mb) {
    const parents = new Map();
    const renderers = [];
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        parents.set(pid, /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
        if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) renderers.push(pid);
      } catch {
        // It has ended meanwhile.
      }
    }
    const isOurs = (pid) => pid === String(this.#process.pid) || (parents.has(pid) && isOurs(parents.get(pid)));
    const sizes = renderers.filter(isOurs).map((pid) => {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0) * 1024;
      return { process_mb: mb(bytes("Rss")), process_own_mb: mb(bytes("Private_Clean") + bytes("Private_Dirty")) };
    });
    return sizes.sort((a, b) => b.process_own_mb - a.process_own_mb)[0] ?? {};
  }

  async close() {
    this.#socket.close();
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
