/** The home page, and what is everywhere: navigation, theme, help, search, keys. */

import assert from "node:assert/strict";

/** It shows a dashboard with panels. How long that took, ms. */
export async function opens(person, { url }) {
  const start = Date.now();
  await person.open(`${url}/`);
  await person.page.locator("section.panel").first().waitFor();
  const took = Date.now() - start;
  assert.match(await person.page.title(), /watchkeeper/);
  await person.settled();
  return took;
}

/** Every page of the navigation opens, has a heading and is no wider than the window. Their names. */
export async function allPages(person) {
  // The page of rules asks every data source, and one of them is down.
  person.expect(/status (of )?502.*\/uid\/down\//);
  const links = person.page.getByRole("navigation", { name: "Pages" }).locator("li a");
  const names = [];
  for (const link of await links.all()) {
    const name = (await link.innerText()).trim();
    await link.click();
    await person.until(`${name} opens`, async () => (await link.getAttribute("aria-current")) === "page");
    await person.page.locator("main :is(h1, h2, section, [role=textbox], textarea, p)").first().waitFor();
    await person.page.waitForTimeout(250);
    const text = await person.page.locator("main").innerText();
    assert.doesNotMatch(text, /\b(undefined|NaN|\[object Object\])\b/, `${name} shows a value that is none`);
    assert.ok((await person.overflow()) <= 0, `${name} is wider than its window by ${await person.overflow()} px`);
    names.push({ name, unfinished: /not here yet/.test(text) });
  }
  return names;
}

/** Dark and light by key; it stays over a reload. */
export async function theme(person, { url }) {
  await person.open(`${url}/targets`);
  const background = () => person.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await person.page.locator("main h1, main h2").first().waitFor();
  await person.rest();
  const before = await background();
  await person.keys("c", "t");
  const after = await person.until("another background", async () => (await background()) !== before && background());
  await person.page.reload();
  await person.page.locator("main h1, main h2").first().waitFor();
  assert.equal(await background(), after);
  await person.rest();
  await person.keys("c", "t");
  await person.until("the first background", async () => (await background()) === before);
}

/** Keys that go to pages, the sheet of them, and none while the person types. */
export async function keyboard(person, { url }) {
  await person.open(`${url}/`);
  await person.page.locator("section.panel").first().waitFor();
  const goes = async (keys, path) => {
    await person.rest();
    // Explore puts the person into its editor, where keys are text.
    await person.until(`${keys.join(" ")} goes to ${path}`, async () => {
      await person.page.evaluate(() => document.activeElement?.blur());
      await person.keys(...keys);
      return person.path === path;
    });
  };
  await goes(["g", "d"], "/dashboards");
  await goes(["g", "t"], "/targets");
  await goes(["g", "s"], "/silences");
  await goes(["g", "a"], "/alerts");
  await goes(["g", "e"], "/explore");
  await goes(["g", "h"], "/");
  await person.rest();
  await person.page.keyboard.type("?");
  const help = person.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await help.waitFor();
  assert.match(await help.innerText(), /Search/);
  await person.keys("Escape");
  await help.waitFor({ state: "hidden" });
  await person.keys("Control+k");
  const field = person.page.getByRole("dialog").locator("input").first();
  await field.waitFor();
  await field.fill("gd host");
  await field.fill("Stack");
  await person.page.getByRole("option").first().waitFor();
  assert.equal(person.path, "/", "what is typed is no shortcut");
  await person.keys("Enter");
  await person.until("the search opens a dashboard", () => person.path.startsWith("/d/"));
}
