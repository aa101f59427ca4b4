/** Any dashboard: opened, scrolled through, and counted. */

import assert from "node:assert/strict";

/** Everything that stands on the page now: panels with what their boxes say of them, and headers of rows. */
const read = () => ({
  rows: [...document.querySelectorAll(".cell.rowhead")].map((one) => one.innerText.trim()),
  panels: [...document.querySelectorAll("section.panel")].map((one) => {
    const body = one.querySelector(".body");
    const text = body?.innerText ?? "";
    return {
      key: one.dataset.panel,
      type: one.dataset.type,
      title: one.getAttribute("aria-label") ?? "",
      // waiting, failed, empty, data
      state: one.dataset.loading === "true" ? "waiting" : one.dataset.state,
      placeholder: one.querySelector("[data-placeholder]")?.dataset.placeholder ?? null,
      fault: one.querySelector(".body .fault")?.innerText ?? "",
      notices: one.dataset.notices?.split("\n") ?? [],
      // A panel of one row of the grid may be all title.
      drawn: Boolean(body?.childElementCount) || (body?.clientHeight ?? 0) < 12,
      noData: Boolean(body?.querySelector(".no-data")),
      text: text.slice(0, 300),
    };
  }),
});

/** Whether all that is in view stands still. In the page itself, which costs less than asking from here. */
const steady = () => {
  if (document.querySelector(".cell.rowhead [aria-expanded=false]") || document.fonts.status !== "loaded") return false;
  const panels = [...document.querySelectorAll("section.panel")];
  const near = panels.filter((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  return near.every((one) => one.dataset.loading === "false" && one.dataset.state !== "waiting");
};

/**
 * Opens a dashboard, opens its rows, and scrolls through all of it, so that every panel was in view. Gives rows, panels, the
 * queries that were sent, those that the server refused, and the notices. With `picture` the first screen is kept as that file.
 */
export async function look(person, { url, settleMs = 15_000, height = 2400, width = 1280, picture = "" }) {
  // What our engine refuses is told to the caller with its reason.
  person.expect(/status 4\d\d: .*(query|series|label|values)/);
  person.expect(/Failed to load resource: .*status of 4\d\d/);
  const { page } = person;
  if (page.viewportSize().height !== height || page.viewportSize().width !== width) await page.setViewportSize({ width, height });
  await person.open(url);
  await page.locator("section.panel, .cell.rowhead, main [role=alert], main .none").first().waitFor();
  await person.rest();
  if (await page.locator(".cell.rowhead [aria-expanded=false]").count()) await person.keys("d", "Shift+E");
  for (let y = 0; ; y += height - 200) {
    await page.evaluate((to) => scrollTo(0, to), y);
    await page.waitForFunction(steady, null, { timeout: settleMs, polling: 50 }).catch(() => {});
    // Not before: rows that have been opened meanwhile made the page taller.
    if (y + height >= (await page.evaluate(() => document.documentElement.scrollHeight))) break;
  }
  const seen = await page.evaluate(read);
  if (picture) {
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: picture });
  }
  return {
    ...seen, title: await page.title(), ...(await answers(person)),
    notices: await page.locator("details.notices li, details.notices:not(:has(li)) summary").allInnerTexts(),
    alerts: await page.locator("main > * [role=alert]").count(),
  };
}

/** An answer without series is shorter; only such ones are read. */
const SHORT = 400;

/** Counts of the queries that were sent; those that the server refused, and those that it found nothing for, as they were sent. */
async function answers(person) {
  const queries = person.requests.filter((one) => /\/(query|query_range)(\?|$)/.test(one.url));
  const refused = [];
  const empty = [];
  for (const one of person.requests) {
    const asked = queries.includes(one);
    if (one.status < 400 && !(asked && one.status === 200)) continue;
    const response = await one.request.response();
    if (one.status < 400 && Number(response.headers()["content-length"] ?? SHORT) >= SHORT) continue;
    const text = await response.text().catch(() => "");
    const [path, query = ""] = one.url.split("?");
    const sent = { path, parameters: one.body || query, status: one.status };
    if (one.status >= 400) refused.push({ ...sent, reason: reasonOf(text) });
    else if (text.includes('"result":[]')) empty.push(sent);
  }
  return { queries: queries.length, refused, empty };
}

/** What the server says is wrong: `error` of JSON, else the text. */
function reasonOf(text) {
  try {
    const told = JSON.parse(text);
    return String(told.error ?? told.message ?? text);
  } catch {
    return text.trim();
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
