/** For people who use keys, a screen reader, a narrow screen, or can't see weak colours. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const packages = createRequire(pathToFileURL(new URL("../../../ui/package.json", import.meta.url).pathname));
const AXE = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds to be serious or worse on the page as it is, a text for each; and what it does not look for. */
async function faultsOf(person, where, only = null) {
  if (!(await person.page.evaluate(() => "axe" in window))) await person.page.evaluate(AXE);
  return person.page.evaluate(async ([at, rules]) => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) });
    const found = violations.filter(({ impact }) => impact === "serious" || impact === "critical").map((one) => `${at}: [${one.impact}] ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
    // What a click does must be in reach of the keys.
    const reach = "a[href], button, input, select, textarea, label, summary, option, [tabindex], [role=option], [role=menuitem], canvas, .u-over, .u-axis";
    const lost = [...document.querySelectorAll("body *")].filter((one) => getComputedStyle(one).cursor === "pointer" && !one.closest(reach) && one.getClientRects().length);
    if (lost.length) found.push(`${at}: clicked, but out of the keys' reach: ${lost.slice(0, 3).map((one) => one.outerHTML.slice(0, 160)).join(" | ")}`);
    const headings = [...document.querySelectorAll("h1")].filter((one) => one.getClientRects().length);
    if (headings.length !== 1) found.push(`${at}: ${headings.length} headings of the first level: ${headings.map((one) => one.textContent).join(", ")}`);
    const wider = document.documentElement.scrollWidth - innerWidth;
    if (wider > 0) found.push(`${at}: wider than the window by ${wider} px`);
    return found;
  }, [where, only]);
}

/** What another width and another theme may change. */
const LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "button-name", "link-name", "label-content-name-mismatch"];

/** Every view, dark and wide, and light and narrow: what is wrong with them. */
export async function views(person, { url, paths }) {
  person.expect(/status (of )?(502|404)/);
  const found = [];
  try {
    for (const [theme, width, only] of [["dark", 1280, null], ["light", 390, LOOKS]]) {
      await person.page.setViewportSize({ width, height: 900 });
      await person.open(`${url}${paths[0]}`);
      await person.page.evaluate((name) => localStorage.setItem("watchkeeper.theme", name), theme);
      await person.page.reload();
      for (const path of paths) {
        await person.move(path);
        await person.page.locator("main :is(h1, h2, section, input)").first().waitFor();
        // Until what is asked for has come.
        await person.until("it stands still", () => person.page.evaluate(() => !document.querySelector("main [aria-busy=true], section.panel[data-loading=true]")), 5000).catch(() => {});
        await person.page.waitForTimeout(40);
        found.push(...(await faultsOf(person, `${path} ${theme} ${width}`, only)));
      }
    }
  } finally {
    await person.page.evaluate(() => localStorage.clear());
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
  return found;
}

/** What opens over a page: sound as well, has the focus, and gives it back. What is wrong. */
export async function windows(person, { url, board }) {
  const { page } = person;
  const found = [];
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? "");
  await person.open(`${url}${board}`);
  await page.locator("section.panel").first().waitFor();
  await person.settled();
  for (const [name, how] of [[/^Keyboard shortcuts/, "dialog"], [/^Search dashboards/, "dialog"], [/Last 5 minutes|time range/i, "popup"], [/^watchkeeper/, "popup"]]) {
    const button = page.getByRole("button", { name }).first();
    if (!(await button.count())) {
      found.push(`there is no button ${name}`);
      continue;
    }
    await button.focus();
    const before = await focused();
    await person.keys("Enter");
    const sheet = how === "dialog" ? page.locator("dialog[open]") : page.locator("[data-popup]");
    await sheet.first().waitFor();
    await page.waitForTimeout(150);
    found.push(...(await faultsOf(person, `${name} open`)).filter((text) => !/headings/.test(text)));
    if (how === "dialog" && !(await page.evaluate(() => Boolean(document.activeElement?.closest("dialog"))))) found.push(`${name}: the focus is not in it`);
    await person.keys("Escape");
    await person.until("it is closed", async () => (await sheet.count()) === 0);
    if ((await focused()) !== before) found.push(`${name}: the focus went to ${await focused()}, not back to ${before}`);
  }
  return found;
}

/** The first key leads past the navigation, the next ones through it; the drawer of narrow screens takes the focus and gives it back. */
export async function keys(person, { url }) {
  const { page } = person;
  await person.open(`${url}/targets`);
  await page.locator("main h1").waitFor();
  await person.keys("Tab");
  const skip = page.getByRole("link", { name: "Skip to the content" });
  assert.ok(await skip.evaluate((one) => one === document.activeElement), "the first stop leads past the navigation");
  assert.ok((await skip.boundingBox()).y >= 0, "and is seen");
  await person.keys("Enter");
  assert.ok(await page.evaluate(() => document.activeElement?.id === "main"), "the focus is in the page");
  // From there on every control of the page, in the order that is seen.
  const stops = [];
  for (let at = 0; at < 9; at++) {
    await person.keys("Tab");
    stops.push(await page.evaluate(() => {
      const { top, left } = document.activeElement.getBoundingClientRect();
      return { name: document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim(), inside: Boolean(document.activeElement.closest("main")), top, left };
    }));
  }
  assert.ok(stops.every(({ inside }) => inside), `the keys stay in the page: ${JSON.stringify(stops)}`);
  assert.ok(stops.some(({ name }) => /Filter targets/.test(name)), "the filter is reached");
  for (let at = 1; at < stops.length; at++) assert.ok(stops[at].top >= stops[at - 1].top - 40, `${stops[at].name} comes after ${stops[at - 1].name}`);
  // A page that was gone to by keys begins at its start.
  await person.rest();
  await person.keys("g", "s");
  await person.until("the focus is in the new page", () => page.evaluate(() => document.activeElement?.id === "main"));
  for (const time of ["first", "second"]) {
    await page.getByRole("link", { name: "Sign in" }).first().click();
    await person.until(`a page that begins with a field begins there the ${time} time`, () => page.evaluate(() => document.activeElement?.getAttribute("name") === "user"));
    await page.goBack();
    await page.locator("main h1").waitFor();
  }
  await page.setViewportSize({ width: 390, height: 800 });
  try {
    const menu = page.getByRole("button", { name: "Open the navigation" });
    await menu.focus();
    await person.keys("Enter");
    await person.until("the drawer has the focus", () => page.evaluate(() => Boolean(document.activeElement?.closest("nav[aria-label=Pages]"))));
    await person.keys("Escape");
    await person.until("the focus is back", () => menu.evaluate((one) => one === document.activeElement));
    assert.equal(await page.locator("nav.open").count(), 0, "the drawer is closed");
  } finally {
    await page.setViewportSize({ width: 1280, height: 900 });
  }
}

/** Who asked for less motion gets none. */
export async function stillness(person, { url, board }) {
  await person.page.emulateMedia({ reducedMotion: "reduce" });
  try {
    await person.open(`${url}${board}`);
    await person.page.locator("section.panel").first().waitFor();
    const moving = await person.page.evaluate(() => document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration) > 1).length);
    assert.equal(moving, 0);
  } finally {
    await person.page.emulateMedia({ reducedMotion: null });
  }
}
