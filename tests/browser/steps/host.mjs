/** The host dashboard: what people do with a dashboard. */

import assert from "node:assert/strict";

const HOST = "/d/watchkeeper-host/host";

async function open(person, url, query = "from=now-5m&to=now&refresh=off") {
  await person.open(`${url}${HOST}?${query}`);
  await person.page.locator("section.panel .u-over").first().waitFor();
  await person.settled();
}

/** Lines, not only axes, in at most 5 s from the address to the picture; they move on by themselves. */
export async function liveLines(person, { url }) {
  const start = Date.now();
  await person.open(`${url}${HOST}?from=now-5m&to=now&refresh=5s`);
  const load = person.panel("Load");
  await person.until("lines are drawn", async () => (await person.inked(load)) > 20, 5000);
  const took = Date.now() - start;
  await person.settled();
  const count = () => person.requests.filter((one) => /query_range/.test(one.url)).length;
  const before = count();
  await person.until("it asks again by itself", () => count() > before);
  // The list of intervals begins at the one that holds.
  await person.page.getByRole("button", { name: "Refresh by itself: 5s" }).press("Enter");
  await person.until("the interval", () => person.page.evaluate(() => document.activeElement?.textContent?.trim() === "5s"));
  await person.keys("Escape");
  return took;
}

/** A drag over one chart changes the range in the address, and all panels are asked for it; back undoes it. */
export async function dragZoom(person, { url }) {
  await open(person, url);
  person.requests.length = 0;
  await person.drag(person.panel("Load"), 0.55, 0.95);
  await person.until("the address says the range", () => /^\d{13}$/.test(person.query.get("from") ?? ""));
  const from = Number(person.query.get("from"));
  const to = Number(person.query.get("to"));
  assert.ok(to - from > 90_000 && to - from < 150_000, `the part dragged over is 40 % of 5 min, not ${to - from} ms`);
  await person.settled();
  const asked = person.requests.filter((one) => /query_range/.test(one.url)).map((one) => new URLSearchParams(one.body || one.url.split("?")[1]));
  assert.ok(asked.length >= 4, `all panels in view are asked, not ${asked.length} queries`);
  for (const query of asked) {
    const end = Number(query.get("end"));
    assert.ok(Math.abs(end * 1000 - to) <= 61_000, `a panel asked for another time: ${query}`);
  }
  await person.page.goBack();
  await person.until("back is the old range", () => person.query.get("from") === "now-5m");
  await person.settled();
  return asked.length;
}

/** Another value of a variable: the address says it, all panels ask for it. */
export async function variable(person, { url, value }) {
  await open(person, url);
  const control = person.page.getByRole("button", { name: /^Host/ }).first();
  await control.click();
  person.requests.length = 0;
  await person.page.getByRole("combobox").fill(value.slice(0, 5));
  await person.page.getByRole("option", { name: value }).click();
  await person.until("the address says the value", () => person.query.get("var-instance") === value);
  await person.settled();
  const asked = person.requests.filter((one) => /query/.test(one.url)).map((one) => new URLSearchParams(one.body || one.url.split("?")[1]).get("query") ?? "");
  const others = asked.filter((query) => /instance="/.test(query) && !query.includes(`instance="${value}"`));
  assert.ok(asked.some((query) => query.includes(`instance="${value}"`)), "panels ask for the new value");
  assert.deepEqual(others, [], "no panel asks for the old value");
}

/** A click on a name shows that series alone, another click all; with ctrl it takes one away. */
export async function legend(person, { url }) {
  await open(person, url);
  const panel = person.panel("Load");
  await panel.scrollIntoViewIfNeeded();
  const names = panel.getByRole("group", { name: "Legend" }).locator("button.name");
  const pressed = () => names.evaluateAll((all) => all.map((one) => one.getAttribute("aria-pressed") === "true"));
  assert.deepEqual(await pressed(), [true, true, true, true]);
  const all = await person.inked(panel);
  await names.nth(1).click();
  await person.until("only one is on", async () => JSON.stringify(await pressed()) === "[false,true,false,false]");
  await person.rest();
  await person.until("less is drawn", async () => { const now = await person.inked(panel); return now > 0 && now < all; });
  await names.nth(1).click();
  await person.until("all are on", async () => JSON.stringify(await pressed()) === "[true,true,true,true]");
  await names.nth(0).click({ modifiers: ["Control"] });
  await person.until("one is off", async () => JSON.stringify(await pressed()) === "[false,true,true,true]");
  await names.nth(0).click({ modifiers: ["Control"] });
  await person.until("all are on again", async () => JSON.stringify(await pressed()) === "[true,true,true,true]");
}

/** The pointer in one chart: a tooltip there, a crosshair at the same time in the others. */
export async function crosshair(person, { url }) {
  await open(person, url);
  const load = person.panel("Load");
  const box = await person.plot(load);
  await person.page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await person.page.mouse.move(box.x + box.width * 0.6, box.y + 40);
  const shared = await person.until("a crosshair in another chart", () => person.page.evaluate(() => {
    const all = [...document.querySelectorAll(".u-over")].map((over) => {
      const line = over.querySelector(".u-cursor-x");
      const at = line ? new DOMMatrix(getComputedStyle(line).transform).e : -10;
      return at / over.clientWidth;
    });
    const shown = all.filter((at) => Math.abs(at - 0.6) < 0.03);
    return shown.length >= 2 ? shown.length : 0;
  }));
  await person.page.mouse.move(box.x + box.width * 0.97, box.y + 40);
  const tooltip = person.page.locator(".tooltip, [role=tooltip]").first();
  await tooltip.waitFor();
  const text = await tooltip.innerText();
  assert.match(text, /1 min|5 min|15 min|1m|5m|15m/, "the tooltip names series");
  await person.rest();
  return { shared, text };
}

/** The time picker: a quick range, texts, nonsense that is said to be none, zoom and shift by button and key. */
export async function timePicker(person, { url }) {
  await open(person, url);
  const button = () => person.page.getByRole("button", { name: /^Time range/ });
  await button().click();
  await person.page.getByRole("button", { name: "Last 15 minutes" }).click();
  await person.until("the quick range", () => person.query.get("from") === "now-15m" && person.query.get("to") === "now");
  await button().click();
  const sheet = person.page.getByRole("dialog", { name: /^Time range/ });
  await sheet.locator("form input").nth(0).fill("last tuesday");
  await sheet.getByText("The start can't be read.").waitFor();
  assert.ok(await sheet.getByRole("button", { name: "Apply" }).isDisabled());
  await sheet.locator("form input").nth(0).fill("now-30m");
  await sheet.locator("form input").nth(1).fill("now-1m");
  await sheet.getByRole("button", { name: "Apply" }).click();
  await person.until("the texts", () => person.query.get("from") === "now-30m" && person.query.get("to") === "now-1m");
  await person.settled();
  await person.rest();
  const span = () => Number(person.query.get("to")) - Number(person.query.get("from"));
  await person.keys("t", "a");
  await person.until("absolute", () => span() > 0);
  const first = span();
  await person.keys("t", "z");
  await person.until("zoomed out", () => Math.abs(span() - first * 2) < 3000);
  const from = Number(person.query.get("from"));
  await person.keys("t", "ArrowLeft");
  await person.until("shifted by half", () => Number(person.query.get("from")) < from - first / 2);
  await person.page.getByRole("button", { name: /^Zoom out/ }).click();
  await person.until("zoomed out by the button", () => Math.abs(span() - first * 4) < 6000);
  await person.settled();
}

/** One panel alone by key and back, inspect, and the menu. */
export async function viewPanel(person, { url }) {
  await open(person, url);
  const load = person.panel("Load");
  await load.scrollIntoViewIfNeeded();
  await load.hover();
  await person.keys("v");
  await person.until("the address says the panel", () => person.query.has("viewPanel"));
  await person.until("it is alone", async () => (await person.page.locator("section.panel").count()) === 1);
  await person.settled();
  await person.page.locator("section.panel .u-over").waitFor();
  assert.ok((await person.inked(load)) > 20);
  await person.page.reload();
  await person.page.locator("section.panel .u-over").waitFor();
  assert.equal(await person.page.locator("section.panel").count(), 1, "a reload shows it alone too");
  await person.rest();
  await person.keys("Escape");
  await person.until("all panels again", async () => !person.query.has("viewPanel") && (await person.page.locator("section.panel").count()) > 5);
  await load.scrollIntoViewIfNeeded();
  await load.hover();
  await load.getByRole("button", { name: /^Menu of the panel/ }).click();
  await person.page.getByRole("menuitem", { name: /^Explore/ }).click();
  await person.until("Explore has the query", () => person.path === "/explore" && decodeURIComponent(person.page.url()).includes("node_load1"));
}

/** A wall screen, legends and rows by key. */
export async function keys(person, { url }) {
  await open(person, url);
  await person.rest();
  await person.keys("d", "k");
  await person.until("no navigation", async () => (await person.page.getByRole("navigation", { name: "Pages" }).count()) === 0);
  await person.keys("Escape");
  await person.until("navigation", async () => (await person.page.getByRole("navigation", { name: "Pages" }).count()) === 1);
  const rows = person.page.locator("button.fold[aria-expanded]");
  const before = await person.page.locator("section.panel").count();
  await person.rest();
  await person.keys("d", "Shift+C");
  await person.until("rows are folded", async () => (await person.page.locator("section.panel").count()) < before);
  await person.keys("d", "Shift+E");
  await person.until("rows are open", async () => (await person.page.locator("section.panel").count()) >= before);
  await rows.first().click();
  await person.until("one row is folded", async () => (await rows.first().getAttribute("aria-expanded")) === "false");
  await rows.first().click();
  await person.settled();
  person.requests.length = 0;
  await person.rest();
  await person.keys("d", "r");
  await person.until("asked again", () => person.requests.some((one) => /query_range/.test(one.url)));
  await person.settled();
}

/** On a telephone: nothing is cut off, the drawer opens, panels stand below each other. */
export async function narrow(person, { url, paths }) {
  person.expect(/status (of )?502.*\/uid\/down\//);
  await person.page.setViewportSize({ width: 390, height: 780 });
  try {
    await person.open(`${url}${HOST}?from=now-5m&to=now&refresh=off`);
    await person.page.locator("section.panel").first().waitFor();
    const load = person.panel("Load");
    await load.scrollIntoViewIfNeeded();
    await person.until("lines are drawn", async () => (await person.inked(load)) > 20);
    assert.ok((await person.overflow()) <= 0, `the dashboard is wider than 390 px by ${await person.overflow()}`);
    const charts = await person.page.locator("section.panel:has(.u-over)").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
    assert.ok(charts.length && charts.every((width) => width > 370), `charts are as wide as the window, not ${charts}`);
    await person.page.getByRole("button", { name: "Open the navigation" }).click();
    const link = person.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Targets" });
    await link.click();
    await person.until("the drawer's link goes", () => person.path === "/targets");
    const wide = [];
    for (const path of paths) {
      await person.open(`${url}${path}`);
      await person.page.waitForTimeout(500);
      const over = await person.overflow();
      if (over > 0) wide.push(`${path} by ${over} px`);
    }
    assert.deepEqual(wide, [], "pages that are wider than 390 px");
  } finally {
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
}
