/** Panels by themselves, with data that no server sends: the gallery of ui/tests/gallery, and what a dashboard does with what is chosen on them. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

const HOST = "http://gallery.test";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
let served = "";

/** Opens the gallery that is built in `folder`. */
async function open(person, folder, query) {
  if (served !== folder) {
    await person.page.route(`${HOST}/**`, async (route) => {
      const path = new URL(route.request().url()).pathname.replace(/\/$/, "/index.html");
      const body = await readFile(join(folder, path)).catch(() => null);
      return body === null ? route.fulfill({ status: path === "/favicon.ico" ? 204 : 404 }) : route.fulfill({ body, contentType: TYPES[extname(path)] ?? "application/octet-stream" });
    });
    served = folder;
  }
  await person.open(`${HOST}/?${query}`);
}

/** Every panel type with odd frames and odd options, at sizes down to none, and the same panels with other frames: nothing fails. */
export async function hostile(person, { folder }) {
  await open(person, folder, "hostile=3");
  const count = await person.until("panels", () => person.page.evaluate(() => window.hostile?.count() ?? 0));
  const painted = () => person.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  for (const [width, height] of [[20, 20], [0, 0], [300, 150]]) {
    await person.page.evaluate((size) => window.hostile.resize(...size), [width, height]);
    await painted();
  }
  await person.page.evaluate(() => window.hostile.turn());
  await painted();
  assert.deepEqual(await person.page.evaluate(() => window.hostile.faults), []);
  return count;
}

/** A legend by mouse and keys: series stand out, colours are chosen, long ones hold what is in view. */
export async function legend(person, { folder }) {
  const { page } = person;
  await open(person, folder, "only=timeseries");
  const panel = page.locator("section", { hasText: "Lines, legend list" });
  await panel.locator(".u-over").waitFor();
  const names = panel.locator(".legend .name");
  const ink = () => person.inked(panel);
  const all = await person.until("lines", ink);
  await names.nth(1).hover();
  await person.until("the others are dimmed", async () => (await ink()) < all * 0.7);
  await person.rest();
  await person.until("all are lit again", async () => Math.abs((await ink()) - all) < all * 0.02);
  await panel.getByRole("button", { name: "Colour of web" }).click();
  const colours = page.getByRole("dialog", { name: "Colour of web" });
  await colours.waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.match(await page.title(), /^Lines, legend list: web semi-dark-green$/);
  await person.until("the focus is back", () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") === "Colour of web"));
  const off = () => names.evaluateAll((list) => list.map((one) => one.getAttribute("aria-pressed") === "false"));
  await names.nth(0).focus();
  await page.keyboard.press("Control+Enter");
  await person.until("one is off", async () => JSON.stringify(await off()) === "[true,false,false,false,false]");
  await page.keyboard.press("Enter");
  await person.until("it is alone", async () => JSON.stringify(await off()) === "[false,true,true,true,true]");
  const long = page.locator("section", { hasText: "Two hundred series" });
  await long.scrollIntoViewIfNeeded();
  assert.ok((await long.locator(".legend .name").count()) < 60, "a long legend has what is in view");
  await long.locator(".legend").last().evaluate((one) => one.scrollTo(0, 1e6));
  await person.until("its end is there", async () => (await long.locator(".legend .name").last().innerText()) === "pod-199");
  const top = long.getByRole("columnheader", { name: /Last/ });
  await top.getByRole("button").click();
  await person.until("sorted", async () => (await top.getAttribute("aria-sort")) === "descending");
}

/** The chart by keys: the crosshair moves, what it tells is heard, pinned and copied; a click elsewhere lets go. */
export async function tooltip(person, { folder }) {
  const { page } = person;
  await open(person, folder, "only=timeseries");
  const box = page.locator("section", { hasText: "Lines, legend list" }).locator(".plot-box");
  await box.waitFor();
  assert.match(await box.getAttribute("aria-label"), /^Lines, legend list: 5 series, api [\d.]+%, web/);
  await box.focus();
  await page.keyboard.press("ArrowLeft");
  const said = box.locator("[aria-live]");
  const first = await person.until("it is said", () => said.textContent());
  await page.keyboard.press("ArrowLeft");
  await person.until("the next is said", async () => ![first, ""].includes(await said.textContent()));
  await page.keyboard.press("Enter");
  const pinned = page.locator(".tooltip[role=dialog]");
  await pinned.getByRole("button", { name: "Copy" }).click();
  await pinned.getByRole("button", { name: "Copied" }).waitFor();
  await page.mouse.click(3, 3);
  await person.until("it is let go", async () => (await pinned.count()) === 0);
  // Exemplars lie over the chart, with the way to their trace.
  const marked = page.locator("section", { hasText: "Exemplars" });
  await marked.scrollIntoViewIfNeeded();
  await marked.locator(".exemplar").nth(5).click();
  assert.match(await pinned.innerText(), /trace_id/);
  assert.equal(await pinned.getByRole("link", { name: "Open the trace" }).getAttribute("href"), "https://traces.example/4bf92f3577b34da6a3ce929d0e0e475");
}

/** Fingers: a tap tells, one that goes across chooses a range, two zoom, and one that goes up leaves the page to scroll. */
export async function touch(person, { folder }) {
  const { page } = person;
  const devtools = await page.context().newCDPSession(page);
  await page.setViewportSize({ width: 390, height: 800 });
  await devtools.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 5 });
  const fingers = async (...stages) => {
    for (const points of stages) {
      const type = points.length === 0 ? "touchEnd" : stages.indexOf(points) === 0 ? "touchStart" : "touchMove";
      await devtools.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
      await page.waitForTimeout(16);
    }
  };
  try {
    await open(person, folder, "only=timeseries");
    const over = page.locator(".u-over").first();
    await over.waitFor();
    await page.waitForLoadState("networkidle");
    const { x, y } = await over.boundingBox();
    const span = async () => (await page.locator("#zooms").textContent()).split(" ").map(Number);
    const [, from, to] = await span();
    await fingers([[x + 90, y + 50]], []);
    await page.locator(".tooltip[role=dialog]").waitFor();
    await page.keyboard.press("Escape");
    await fingers([[x + 60, y + 60]], [[x + 90, y + 61]], [[x + 130, y + 62]], [[x + 180, y + 62]], []);
    await person.until("a range is chosen", async () => (await span())[0] === 1);
    const [, left, right] = await span();
    assert.ok(left > from && right < to, "it is a part of the old one");
    await fingers([[x + 100, y + 60], [x + 140, y + 60]], [[x + 80, y + 60], [x + 160, y + 60]], [[x + 60, y + 60], [x + 180, y + 60]], []);
    await person.until("two fingers zoom", async () => (await span())[0] === 2);
    const [, near, far] = await span();
    assert.ok(Math.abs((far - near) / (right - left) - 1 / 3) < 0.05, `a third of the range, not ${(far - near) / (right - left)}`);
    await fingers([[x + 150, y + 160]], [[x + 151, y + 120]], [[x + 151, y + 60]], [[x + 151, y - 20]], []);
    await person.until("the page scrolls", () => page.evaluate(() => scrollY > 40));
    assert.equal((await span())[0], 2, "and the range stays");
  } finally {
    await devtools.send("Emulation.setTouchEmulationEnabled", { enabled: false });
    await page.setViewportSize({ width: 1280, height: 900 });
    await devtools.detach();
  }
}

/** Lines that come while one is open: it stays open and goes down with the others. */
export async function lines(person, { folder }) {
  const { page } = person;
  await open(person, folder, "only=logs");
  const line = page.locator(".line").nth(3);
  await line.waitFor();
  const text = await line.locator(".text").innerText();
  await line.focus();
  await page.keyboard.press("Enter");
  const opened = page.locator(".line.open");
  await opened.waitFor();
  const place = async () => Number(await opened.evaluate((one) => one.closest("[data-index]").dataset.index));
  const before = await place();
  for (let count = 1; count <= 6; count++) {
    await page.evaluate(() => new Promise((done) => {
      window.moreLines(1);
      // Once more before the list has looked again: old and new places beside each other.
      queueMicrotask(() => window.moreLines(1));
      requestAnimationFrame(() => requestAnimationFrame(done));
    }));
  }
  await person.until("it went down", async () => (await place()) === before + 12);
  assert.equal(await opened.locator(".text").innerText(), text);
  const boxes = await page.locator("[data-index]").evaluateAll((all) => all.map((one) => [Number(one.dataset.index), one.getBoundingClientRect().top, one.getBoundingClientRect().bottom]).sort((a, b) => a[0] - b[0]));
  for (let at = 1; at < boxes.length; at++) assert.ok(boxes[at][1] >= boxes[at - 1][2] - 1, `row ${boxes[at][0]} lies over the one before`);
}

/** A table: pages are turned, rows sorted by several columns, a value is looked into by keys, and cells hold no markup of others. */
export async function table(person, { folder }) {
  const { page } = person;
  // The pictures of its cells are nowhere.
  person.expect(/(status (of )?404).*(favicon\.svg|gallery\.test\/x)/);
  await open(person, folder, "only=options");
  const paged = page.locator("section", { hasText: "row in colour, pages" });
  await paged.scrollIntoViewIfNeeded();
  const first = () => paged.locator(".row .cell").first().innerText();
  assert.equal(await first(), "row 9", "by value downwards, then by name");
  await paged.getByRole("button", { name: "Next page" }).click();
  await person.until("the next page", async () => (await first()) === "row 59");
  await paged.getByRole("button", { name: "Last page" }).click();
  await person.until("the last page", async () => (await paged.getByRole("navigation").innerText()).includes("of 95") && (await paged.getByRole("button", { name: "Next page" }).isDisabled()));
  const cells = page.locator("section", { hasText: "cells" }).first();
  await cells.scrollIntoViewIfNeeded();
  await cells.locator(".markdown strong", { hasText: "bold" }).waitFor();
  assert.equal(await cells.locator("img[onerror], img[src^='javascript']").count(), 0);
  await cells.getByRole("button", { name: "Look into json" }).nth(1).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "json" });
  assert.match(await dialog.locator("pre").innerText(), /"b": \[\s+2/);
  await page.keyboard.press("Escape");
  await person.until("it is closed", async () => (await dialog.count()) === 0);
}

/** More series than are drawn: the panel says so, and draws all when asked; its long legend leaves the chart most of the room, on a telephone too. */
export async function many(person, { folder }) {
  const { page } = person;
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await open(person, folder, "only=timeseries");
    const panel = page.locator("section", { hasText: "Too many series" });
    await panel.scrollIntoViewIfNeeded();
    const box = panel.locator(".plot-box");
    await person.until("the legend", () => panel.locator(".legend .name").count());
    const [chart, whole] = await Promise.all([box, panel.locator(".framed")].map((one) => one.evaluate((element) => element.clientHeight)));
    assert.ok(chart >= whole * 0.6, `the chart has ${chart} of ${whole} px`);
    if (width === 390) continue;
    const told = panel.getByRole("status");
    assert.match(await told.innerText(), /^400 more series are not drawn/);
    await told.getByRole("button", { name: "Draw all" }).click();
    await person.until("all are drawn", async () => /: 1400 series/.test(await box.getAttribute("aria-label")));
    assert.equal(await told.count(), 0);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** A line of logs in the colours of its sequences: nothing but text, which is copied as it came. */
export async function colours(person, { folder }) {
  const { page } = person;
  await open(person, folder, "only=logs");
  const line = page.locator(".line", { hasText: "dark grey" }).first();
  const part = (text) => line.locator(".text span", { hasText: new RegExp(`^${text}$`) });
  await part("404").waitFor();
  assert.equal(await line.locator(".text").innerText(), "GET /api 404 dark grey on red turned end");
  const look = (text, name) => part(text).evaluate((one, key) => getComputedStyle(one)[key], name);
  assert.equal(await look("404", "color"), "rgb(255, 135, 0)");
  assert.equal(await look("GET", "fontWeight"), "700");
  assert.match(await look("/api", "textDecorationLine"), /underline/);
  assert.notEqual(await look("on red", "backgroundColor"), "rgba(0, 0, 0, 0)");
  assert.notEqual(await look("dark grey", "color"), "rgb(20, 20, 20)", "it can be read on a dark page");
  await line.click();
  await page.evaluate(() => document.addEventListener("copy", () => (window.copied = document.activeElement.value ?? String(getSelection()))));
  await page.getByRole("button", { name: "Copy line" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.match(await page.evaluate(() => window.copied), /^\u001b\[1;32mGET\u001b\[0m/);
}

/** Options that few panels have: code in colours, rich gauges, a bar gauge's legend, columns that stay, tooltips from other columns. */
export async function rare(person, { folder }) {
  const { page } = person;
  person.expect(/(status (of )?404).*(favicon\.svg|gallery\.test\/x)/);
  await open(person, folder, "only=options");
  const panel = (name) => page.locator(`section[data-panel="${name}"]`);
  const code = panel("code json");
  await code.locator(".keyword", { hasText: "true" }).waitFor();
  assert.deepEqual(await code.locator(".line").evaluateAll((lines) => lines.map((line) => line.dataset.number)), ["1", "2", "3", "4", "5"]);
  assert.equal(await panel("code html").locator("script, a").count(), 0);
  const meter = panel("gauge of segments, from 5").getByRole("meter").first();
  await meter.waitFor();
  assert.ok((await meter.locator("path").count()) >= 12);
  const bars = panel("bars with a legend, sizes");
  await bars.getByRole("meter").first().waitFor();
  await bars.locator(".legend .name", { hasText: "b" }).click();
  await person.until("one bar alone", async () => (await bars.getByRole("meter").count()) === 1);
  const cells = panel("cells");
  await cells.scrollIntoViewIfNeeded();
  const first = cells.locator(".row .cell").first();
  assert.equal(await first.getAttribute("title"), "2", "the value of another column");
  const left = () => first.evaluate((one) => one.getBoundingClientRect().left);
  const before = await left();
  await cells.locator(".scroll").evaluate((one) => (one.style.width = "500px"));
  await cells.locator(".scroll").evaluate((one) => one.scrollTo(300, 0));
  await person.until("the others went", async () => (await cells.locator(".row .cell").nth(1).evaluate((one) => one.getBoundingClientRect().left)) < before);
  assert.equal(await left(), before);
  const nested = panel("nested tables");
  await nested.scrollIntoViewIfNeeded();
  const opener = nested.getByRole("button", { name: "Rows of the group" });
  const below = () => opener.nth(1).evaluate((one) => one.getBoundingClientRect().top);
  const closed = await below();
  await opener.first().focus();
  await page.keyboard.press("Enter");
  await nested.locator(".nested .row", { hasText: "api-2" }).waitFor();
  await person.until("the next row goes down", async () => (await below()) > closed + 90);
  await page.keyboard.press("Enter");
  await person.until("and comes back", async () => (await nested.locator(".nested").count()) === 0 && (await below()) === closed);
}

/** The colour that is chosen in a legend is the panel's, for who looks, without a dashboard that is to be saved. */
export async function recolor(person, { url }) {
  const { page } = person;
  await person.open(`${url}/d/watchkeeper-host/host?from=now-5m&to=now&refresh=off`);
  const panel = person.panel("Load");
  const swatch = panel.getByRole("button", { name: /^Colour of/ }).first();
  const colour = (of) => of.evaluate((one) => getComputedStyle(one).backgroundColor);
  await swatch.click();
  const wanted = page.getByRole("dialog").getByRole("button", { name: "dark-purple", exact: true });
  const chosen = await colour(wanted);
  await wanted.click();
  await person.until("it has the colour", async () => (await colour(swatch.locator("i"))) === chosen);
  await page.reload();
  await swatch.waitFor();
  assert.notEqual(await colour(swatch.locator("i")), chosen);
}
