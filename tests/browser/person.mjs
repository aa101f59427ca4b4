/** Who sits before the pages: looks, clicks, types, and notes what the browser complains of. */

import assert from "node:assert/strict";

export class Person {
  /** What went wrong that nobody expected, as text. */
  faults = [];
  /** Texts of dialogs that opened. Nobody's label or log line may open one. */
  dialogs = [];
  /** Requests of the step: method, path below the host, and status once it is answered. */
  requests = [];
  #expected = [];
  #origin = "";

  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(30_000);
    page.on("console", (message) => {
      if (message.type() === "error") this.#fault(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#fault(`error: ${error.stack ?? error}`));
    page.on("request", (request) => {
      const url = request.url();
      if (/^(data|blob|about):/.test(url)) return;
      this.requests.push({ method: request.method(), url: url.replace(this.#origin, ""), status: 0, body: request.postData() ?? "", request });
      if (this.#origin && !url.startsWith(`${this.#origin}/`)) this.#fault(`request to another host: ${url}`);
    });
    page.on("requestfailed", (request) => {
      const text = request.failure()?.errorText ?? "";
      // A query that nobody waits for any more is called off: that is wanted.
      if (text !== "net::ERR_ABORTED") this.#fault(`request failed: ${text} ${request.url()}`);
    });
    page.on("response", (response) => {
      const found = this.requests.findLast((one) => one.request === response.request());
      if (found) found.status = response.status();
      if (response.status() >= 400) this.#fault(`status ${response.status()}: ${response.request().method()} ${response.url()}`);
    });
    page.on("dialog", (dialog) => {
      if (dialog.type() !== "beforeunload") this.dialogs.push(`${dialog.type()}: ${dialog.message()}`);
      void dialog.accept();
    });
  }

  /** A new step begins with a clean sheet. */
  begin() {
    this.faults = [];
    this.dialogs = [];
    this.requests = [];
    this.#expected = [];
  }

  /** A complaint that fits is no fault in this step. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  #fault(text) {
    if (!this.#expected.some((pattern) => pattern.test(text))) this.faults.push(text);
  }

  /** Opens a page by its address, as from a bookmark. */
  async open(url) {
    const { origin } = new URL(url);
    // The page of another server would go on asking it meanwhile.
    if (this.#origin && origin !== this.#origin) await this.page.goto("about:blank");
    this.#origin = origin;
    await this.page.goto(url, { waitUntil: "load" });
  }

  /** Goes to another page of ours as the back button does, without loading it anew. */
  async move(path) {
    await this.page.evaluate((to) => {
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
  }

  /** Host and port of the pages. */
  get origin() {
    return this.#origin;
  }

  /** The query of the address bar. */
  get query() {
    return new URL(this.page.url()).searchParams;
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  /** Asks again and again until the answer is true; fails with `what` after `ms`. */
  async until(what, ask, ms = 30_000) {
    const end = Date.now() + ms;
    let last;
    for (;;) {
      try {
        last = await ask();
        if (last) return last;
      } catch (error) {
        last = error;
      }
      if (Date.now() > end) assert.fail(`${what} did not happen within ${ms} ms; last: ${last?.stack ?? JSON.stringify(last)}`);
      await this.page.waitForTimeout(40);
    }
  }

  /** A panel by its title. */
  panel(title) {
    return this.page.locator("section.panel", { has: this.page.locator("h2", { hasText: new RegExp(`^${title}$`) }) }).first();
  }

  button(name, within = this.page) {
    return within.getByRole("button", { name });
  }

  /** Until no panel in view waits for an answer. */
  async settled(ms = 30_000) {
    await this.until("all panels answered", () => this.page.evaluate(() => {
      const panels = [...document.querySelectorAll("section.panel")].filter((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
      return panels.length > 0 && panels.every((one) => one.dataset.loading === "false" && one.querySelector(".body")?.childElementCount);
    }), ms);
  }

  /** Pixels with a colour in the first canvas of a panel: lines have one, the grid and the axes are grey. */
  async inked(panel) {
    return panel.evaluate((element) => {
      const canvas = element.querySelector("canvas");
      if (!canvas || !canvas.width || !canvas.height) return 0;
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b, a] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
        if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 45) count++;
      }
      return count;
    });
  }

  /** The plotting area of a panel's chart. */
  async plot(panel) {
    const over = panel.locator(".u-over").first();
    await over.waitFor();
    await over.scrollIntoViewIfNeeded();
    return over.boundingBox();
  }

  /** Drags over a part of a chart, shares of its width. */
  async drag(panel, from, to) {
    const box = await this.plot(panel);
    const y = box.y + box.height / 2;
    await this.page.mouse.move(box.x + box.width * from, y);
    await this.page.mouse.down();
    for (let at = 1; at <= 5; at++) await this.page.mouse.move(box.x + box.width * (from + ((to - from) * at) / 5), y);
    await this.page.mouse.up();
  }

  /** Keys one after the other, as a sequence of shortcuts. */
  async keys(...names) {
    for (const name of names) await this.page.keyboard.press(name);
  }

  /** Takes the mouse and the focus away from everything. */
  async rest() {
    await this.page.mouse.move(2, 2);
    await this.page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  }

  /** How far the page is wider than its window, px. */
  async overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  }
}
