/** Any dashboard: opened, scrolled through, and counted. */

import assert from "node:assert/strict";

/** Each panel of the page as it is now: title, type by its body, what it says went wrong. */
const read = (page) => page.evaluate(() => [...document.querySelectorAll("section.panel")].map((one) => ({
  key: one.dataset.panel,
  title: one.getAttribute("aria-label") ?? "",
  loading: one.dataset.loading === "true",
  // A panel of one row of the grid may be all title.
  drawn: Boolean(one.querySelector(".body")?.childElementCount) || (one.querySelector(".body")?.clientHeight ?? 0) < 12,
  fault: one.querySelector(".body .fault")?.innerText ?? "",
  warned: one.querySelector("header .bad")?.getAttribute("aria-label") ?? "",
  placeholder: /is not known|no panel of type|can’t be drawn|cannot be drawn|not drawn here/i.test(one.querySelector(".body")?.innerText ?? ""),
  text: (one.querySelector(".body")?.innerText ?? "").slice(0, 200),
})));

/**
 * Opens a dashboard, opens its rows, and looks at every panel. A window as tall as all of it shows all panels at once.
 * Gives panels, the number of queries, those that the server refused, and the notices.
 */
export async function look(person, { url, rows = true, settleMs = 15_000, height = 9000 }) {
  // What our engine refuses is told to the caller with its reason.
  person.expect(/status 4\d\d: .*(query|series|label|values)/);
  person.expect(/Failed to load resource: .*status of 4\d\d/);
  await person.page.setViewportSize({ width: 1280, height });
  try {
    await person.open(url);
    await person.page.locator("section.panel, .cell.rowhead, main [role=alert], main .none").first().waitFor();
    if (rows) {
      await person.rest();
      await person.keys("d", "Shift+E");
      await person.page.waitForTimeout(120);
    }
    const refused = [];
    const tall = await person.page.evaluate(() => document.documentElement.scrollHeight);
    if (tall > height) await person.page.setViewportSize({ width: 1280, height: Math.min(tall + 100, 30_000) });
    let last = [];
    const end = Date.now() + settleMs;
    do {
      await person.page.waitForTimeout(120);
      last = await read(person.page);
    } while (Date.now() < end && last.some((one) => one.loading || !one.drawn));
    for (const one of person.requests.filter((request) => request.status >= 400)) {
      const response = await one.request.response();
      const query = new URLSearchParams(one.body || one.url.split("?")[1]).get("query") ?? one.url;
      refused.push({ query, status: one.status, reason: (await response.text().catch(() => "")).slice(0, 300) });
    }
    const notices = await person.page.locator("details.notices").allInnerTexts();
    return {
      title: await person.page.title(),
      panels: last,
      queries: person.requests.filter((one) => /\/(query|query_range)(\?|$)/.test(one.url)).length,
      refused,
      notices,
      alerts: await person.page.locator("main > * [role=alert]").count(),
    };
  } finally {
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
}

/** A new dashboard as an administrator: signed in by the one-time link, made, saved, found again. */
export async function signIn(person, { link, user, password }) {
  person.expect(/status 404: .*first/);
  await person.open(link);
  const form = person.page.locator("form").first();
  await form.waitFor();
  const name = form.locator("input:not([type=password]):not([type=hidden])").first();
  await name.fill(user);
  for (const field of await form.locator("input[type=password]").all()) await field.fill(password);
  await form.locator("button").first().click();
  await person.page.waitForURL((to) => !/login/.test(to.pathname));
  await person.page.getByRole("button", { name: /^User menu/ }).waitFor();
}

export async function make(person, { url, title }) {
  await person.open(`${url}/dashboard/new?from=now-5m&to=now`);
  await person.button("Add a panel").click();
  await person.until("the panel's editor", () => person.query.has("editPanel"));
  const editor = person.page.getByRole("textbox", { name: /Query A|Query/ }).first();
  await editor.click();
  await person.page.keyboard.type("sum(up) by (job)", { delay: 5 });
  await person.keys("Escape");
  await person.keys("Control+Enter");
  const panel = person.page.locator("section.panel").first();
  await person.until("the picture is live", async () => (await person.inked(panel)) > 10);
  await person.page.locator("aside").getByLabel("Title").first().fill("Up by job");
  await person.until("the title is live", async () => (await panel.locator("h2").innerText()) === "Up by job");
  await person.button("Save").first().click();
  const dialog = person.page.getByRole("dialog");
  await dialog.getByLabel(/Title|Name/).first().fill(title);
  await dialog.getByRole("button", { name: /^Save/ }).click();
  await person.until("it has an address", () => person.path.startsWith("/d/"));
  await person.page.reload();
  await person.until("it is still there", async () => (await person.page.locator("section.panel h2").first().innerText()) === "Up by job");
  await person.settled();
  return person.path;
}
