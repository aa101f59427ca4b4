/** Looks for anything that ran, or could run, of what hostile people wrote. */

import assert from "node:assert/strict";

/** Fails where something ran or where the page holds what would run. */
async function clean(person, where) {
  const found = await person.page.evaluate(() => ({
    hit: window.hit,
    handlers: [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(({ name }) => /^on/i.test(name))).map((one) => one.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll("[href], [src], [action]")].flatMap((one) => [one.getAttribute("href"), one.getAttribute("src"), one.getAttribute("action")]).filter((url) => url && /^[\s\u0000-\u001f]*(j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|vbscript|data:text\/html)/i.test(url)),
    frames: document.querySelectorAll("iframe, object, embed, .markdown script").length,
  }));
  assert.equal(found.hit, undefined, `something ran: ${where}`);
  assert.deepEqual(found.handlers, [], where);
  assert.deepEqual(found.links, [], where);
  assert.equal(found.frames, 0, `${where}: frames`);
  assert.deepEqual(person.dialogs, [], where);
}

/**
 * What the page's policy stops is a fault as well: only a picture that is not there may fail, and the parser of the sanitiser,
 * in whose document nothing runs, may tell of handlers that it then takes away.
 */
function pictures(person) {
  person.expect(/status of 404.*\/x\)$|status 404: GET \S+\/x$/);
  person.expect(/Executing inline event handler .*\/assets\/(marked|purify|html)\S*\.js\)$/);
  person.expect(/status (of )?502.*\/uid\/down\//);
}

/** A dashboard whose every text is hostile: drawn, clicked through, and nothing runs. How many panels were drawn. */
export async function dashboard(person, { url, attack }) {
  pictures(person);
  await person.page.setViewportSize({ width: 1280, height: 2600 });
  try {
    await person.open(`${url}/d/hostile/x?var-attack=${encodeURIComponent(attack)}&var-texts=$__all`);
    await person.page.locator("section.panel").first().waitFor();
    await person.settled(12_000);
    await person.page.waitForTimeout(300);
    const drawn = await person.page.locator("section.panel .body > *").count();
    const faults = await person.page.locator("section.panel .body .fault").allInnerTexts();
    await clean(person, "drawn");
    const address = person.page.url();
    for (const info of await person.page.getByRole("button", { name: "About this panel" }).all()) {
      await info.click();
      await person.page.waitForTimeout(30);
      await person.keys("Escape");
    }
    await clean(person, "descriptions");
    for (const name of (await person.page.locator("button.name").all()).slice(0, 12)) await name.click();
    await clean(person, "legends");
    for (const over of (await person.page.locator(".u-over").all()).slice(0, 4)) {
      const box = await over.boundingBox();
      await person.page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2);
      await person.page.mouse.move(box.x + box.width * 0.97, box.y + box.height / 2);
      await person.page.waitForTimeout(60);
      await person.page.mouse.click(box.x + box.width * 0.97, box.y + box.height / 2);
      await person.page.waitForTimeout(60);
      await clean(person, "tooltips");
      await person.keys("Escape");
    }
    const lines = person.page.locator("section.panel [role=listitem] .line");
    for (const line of (await lines.all()).slice(0, 3)) await line.click();
    await clean(person, "lines");
    for (const menu of (await person.page.getByRole("button", { name: /^(Links|links)$/ }).all()).slice(0, 2)) {
      await menu.click();
      await clean(person, "links");
      await person.keys("Escape");
    }
    assert.equal(new URL(person.page.url()).pathname, new URL(address).pathname);
    return { drawn, faults };
  } finally {
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
}

/** Pages that list what others wrote. */
export async function pages(person, { url, paths }) {
  pictures(person);
  for (const path of paths) {
    await person.open(`${url}${path}`);
    await person.page.locator("main :is(h1, h2, section)").first().waitFor();
    await person.page.waitForTimeout(700);
    for (const folded of (await person.page.locator("main [aria-expanded=false]").all()).slice(0, 4)) await folded.click({ timeout: 1500 }).catch(() => {});
    await person.page.waitForTimeout(150);
    await clean(person, path);
  }
}

/** Each fault in its own panel, with words; the others draw. Titles to what they say. */
export async function broken(person, { url }) {
  person.expect(/status (4|5)\d\d/);
  person.expect(/status of (4|5)\d\d/);
  await person.page.setViewportSize({ width: 1280, height: 2600 });
  try {
    await person.open(`${url}/d/broken/x`);
    await person.page.locator("section.panel").first().waitFor();
    await person.settled(15_000);
    const panels = await person.page.evaluate(() => Object.fromEntries([...document.querySelectorAll("section.panel")].map((one) => [one.getAttribute("aria-label"), {
      fault: one.querySelector(".body .fault")?.innerText ?? "",
      text: one.querySelector(".body")?.innerText ?? "",
      plots: one.querySelectorAll("canvas").length,
    }])));
    return { panels, notices: (await person.page.locator("details.notices").allTextContents()).join("\n"), ink: await person.inked(person.panel("well")) };
  } finally {
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
}

/** A hundred thousand values, written and asked for: the list opens at once, is searched, and draws few of them. */
export async function manyValues(person, { url }) {
  const names = Array.from({ length: 100_000 }, (_, at) => `answer ${at}`);
  await person.page.route(/\/api\/v1\/label\/many\/values/, (route) => route.fulfill({ json: { status: "success", data: names } }));
  try {
    await person.open(`${url}/d/many-values/x`);
    await person.page.locator("section.panel .u-over").waitFor();
    const took = {};
    for (const [name, find, value] of [["own", "99999", "value 99999"], ["asked", "answer 54321", "answer 54321"]]) {
      const start = Date.now();
      await person.page.getByRole("button", { name: new RegExp(`^${name}:`) }).click();
      const list = person.page.getByRole("listbox", { name });
      await list.getByRole("option").nth(5).waitFor();
      assert.ok((await list.getByRole("option").count()) < 2000, "only a part of the list is drawn");
      await person.page.getByRole("combobox", { name: `Search ${name}` }).fill(find);
      await list.getByRole("option", { name: value }).first().click();
      await person.keys("Escape");
      await person.until("it is chosen", () => person.query.getAll(`var-${name}`).includes(value));
      took[name] = Date.now() - start;
    }
    return took;
  } finally {
    await person.page.unroute(/\/api\/v1\/label\/many\/values/);
  }
}

/** What is no dashboard is said to be none where one is imported. What was said, by text. */
export async function imports(person, { url, texts }) {
  await person.open(`${url}/dashboard/import`);
  const field = person.page.locator("main textarea").first();
  const said = {};
  for (const text of texts) {
    await field.fill("");
    await field.fill(text);
    await field.dispatchEvent("change");
    await person.page.waitForTimeout(60);
    said[text] = (await person.page.locator("main [role=alert]").allInnerTexts()).join(" ");
  }
  return said;
}
