/** Looks for anything that ran, or could run, or asked elsewhere, of what hostile people wrote. */

import assert from "node:assert/strict";

const IMG = "<img src=x onerror=window.__xss=1>";

/** Fails where something ran or where the page holds what would run. */
async function clean(person, where) {
  const found = await person.page.evaluate(() => ({
    hit: window.__xss,
    handlers: [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(({ name }) => /^on/i.test(name))).map((one) => one.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll("*")].flatMap((one) => ["href", "xlink:href", "src", "action", "formaction", "poster", "srcset", "data"].flatMap((name) => one.getAttribute(name) ?? []))
      .filter((url) => {
        const to = new URL(url, document.baseURI);
        const picture = to.protocol === "data:" && /^data:image\/(png|gif|jpeg|webp|svg\+xml,%3Csvg xmlns)/.test(url);
        return !(["http:", "https:", "mailto:"].includes(to.protocol) || picture) || /logout/.test(to.pathname);
      }),
    elements: document.querySelectorAll("iframe, object, embed, base:not(head > base), main script, main style, main meta, main link, .markdown :is(form, input, button, [style*='url'])").length,
    base: document.baseURI,
  }));
  assert.equal(found.hit, undefined, `something ran: ${where}`);
  assert.deepEqual(found.handlers, [], where);
  assert.deepEqual(found.links, [], where);
  assert.equal(found.elements, 0, `${where}: elements that could run or ask`);
  assert.equal(found.base, `${person.origin}/`, where);
  assert.deepEqual(person.dialogs, [], where);
}

/** A picture of this host that is not there may fail; nothing else may: what the page's policy had to stop is a fault as well. */
function pictures(person) {
  person.expect(/status of 404.*127\.0\.0\.1:\d+(\/d\/hostile)?\/[\w.:]+\)$|status 404: GET http:\/\/127\.0\.0\.1:\d+(\/d\/hostile)?\/[\w.:]+$/);
  person.expect(/status (of )?502.*\/uid\/(down|lies)\//);
}

async function tall(person, run) {
  await person.page.setViewportSize({ width: 1280, height: 3600 });
  try {
    return await run();
  } finally {
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
}

/** The policy that the pages are served with. */
export async function policy(person, { url }) {
  const response = await person.page.request.get(`${url}/`, { headers: { Accept: "text/html" } });
  return response.headers()["content-security-policy"] ?? "";
}

/** A dashboard whose every text is hostile: drawn, clicked through, and nothing runs. How many panels were drawn, and what they say went wrong. */
export async function dashboard(person, { url, attack }) {
  pictures(person);
  // What people wrote at a chart, who wrote it, and its tags.
  const written = { id: 7, time: Date.now() - 60_000, timeEnd: Date.now() - 50_000, text: `${IMG} <a href="${attack}">a</a> [b](${attack})`, tags: [IMG, attack], login: IMG, email: IMG, avatarUrl: attack };
  await person.page.route(/\/api\/annotations\?/, (route) => route.fulfill({ json: [written] }));
  return tall(person, async () => {
    await person.open(`${url}/d/hostile/x?var-attack=${encodeURIComponent(attack)}&var-texts=$__all`);
    await person.page.locator("section.panel").first().waitFor();
    await person.settled();
    await person.page.waitForTimeout(200);
    const drawn = await person.page.locator("section.panel .body > *").count();
    const faults = await person.page.locator("section.panel .body .fault").allInnerTexts();
    await clean(person, "drawn");
    const address = person.page.url();
    for (const info of (await person.page.getByRole("button", { name: "About this panel" }).all()).slice(0, 4)) {
      await info.click();
      await person.page.locator(".markdown, [role=tooltip], [role=dialog]").first().waitFor();
      await clean(person, "descriptions");
      await person.keys("Escape");
    }
    for (const name of (await person.page.locator("button.name").all()).slice(0, 6)) await name.click();
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
    const mark = person.page.getByRole("button", { name: /^Annotation .*<img src=x[^>]*> <a href=/ }).first();
    await mark.focus();
    await person.page.locator("[role=tooltip], [role=dialog]").filter({ hasText: "<img src=x" }).first().waitFor();
    await clean(person, "annotations of people");
    await mark.blur();
    for (const line of (await person.page.locator("section.panel [role=listitem] .line").all()).slice(0, 3)) await line.click();
    await clean(person, "lines");
    for (const menu of (await person.page.getByRole("button", { name: /^(Links|links)$/ }).all()).slice(0, 2)) {
      await menu.click();
      await clean(person, "links");
      await person.keys("Escape");
    }
    for (const variable of (await person.page.locator(".variables button[aria-haspopup], .variable button[aria-haspopup]").all()).slice(0, 3)) {
      await variable.click({ timeout: 1500 }).catch(() => {});
      await clean(person, "variables");
      await person.keys("Escape");
    }
    assert.equal(new URL(person.page.url()).pathname, new URL(address).pathname);
    return { drawn, faults };
  }).finally(() => person.page.unroute(/\/api\/annotations\?/));
}

/** Each panel of a dashboard with what it says of its fault; nothing of that runs either. */
export async function faults(person, { url, uid }) {
  person.expect(/status (of )?[45]\d\d/);
  return tall(person, async () => {
    await person.open(`${url}/d/${uid}/x`);
    await person.page.locator("section.panel").first().waitFor();
    await person.settled();
    await person.page.waitForTimeout(100);
    await clean(person, "faults");
    const panels = await person.page.evaluate(() => Object.fromEntries([...document.querySelectorAll("section.panel")].map((one) => [one.getAttribute("aria-label"), {
      fault: one.querySelector(".body .fault")?.innerText ?? "",
      warned: one.querySelector("header .bad, header .hint[aria-label^='Notices']")?.getAttribute("aria-label") ?? "",
      text: one.querySelector(".body")?.innerText ?? "",
      plots: one.querySelectorAll("canvas").length,
    }])));
    return { panels, notices: (await person.page.locator("details.notices").allTextContents()).join("\n"), ink: uid === "broken" ? await person.inked(person.panel("well")) : 0 };
  });
}

/** Pages that list what others wrote; `odd` are addresses that somebody may send, with which a page may find nothing. */
export async function pages(person, { url, paths, odd = [] }) {
  pictures(person);
  const look = async (path) => {
    await person.page.locator("main :is(h1, h2, section, input, [role=alert])").first().waitFor();
    await person.page.waitForTimeout(120);
    await clean(person, path);
    // What is folded away is unfolded: the first three of a page.
    const unfolded = await person.page.evaluate(() => [...document.querySelectorAll("main [aria-expanded=false]:not([aria-haspopup])")].slice(0, 3).map((one) => one.click()).length);
    if (!unfolded) return;
    await person.page.waitForTimeout(80);
    await clean(person, `${path}, unfolded`);
  };
  await person.open(`${url}${paths[0]}`);
  await look(paths[0]);
  for (const path of paths.slice(1)) {
    await person.move(path);
    await look(path);
  }
  person.expect(/status (of )?4\d\d/);
  for (const [at, path] of odd.entries()) {
    // Some are read as the page starts.
    if (at % 4 === 1) await person.open(`${url}${path}`);
    else await person.move(path);
    await look(path);
  }
  await person.page.evaluate(() => localStorage.clear());
}

/** Names of people, folders and dashboards, and messages, where a server tells hostile ones. */
export async function names(person, { url }) {
  pictures(person);
  // The server knows nothing of the person that the page is told of.
  person.expect(/status (of )?(400|401)/);
  const { page } = person;
  const folder = { id: 1, uid: "evil", title: IMG, url: "/dashboards/f/evil/x" };
  await page.route(/\/api\/search\b/, (route) => route.fulfill({ json: [
    { ...folder, type: "dash-folder", tags: [], isStarred: false },
    { id: 2, uid: `"><img src=x>`, title: IMG, url: `/d/"><img src=x>`, type: "dash-db", tags: [IMG], isStarred: true, folderUid: "evil", folderTitle: IMG, folderUrl: "/dashboards/f/evil/x" },
  ] }));
  await page.route(/\/api\/folders\b/, (route) => route.fulfill({ json: [folder] }));
  await page.route(/\/api\/v2\/silences$/, (route) => (route.request().method() === "POST" ? route.fulfill({ status: 400, json: { message: IMG, error: IMG } }) : route.fallback()));
  await page.route(`${url}/**`, async (route) => {
    if (route.request().resourceType() !== "document") return route.fallback();
    const response = await route.fetch();
    const user = { isSignedIn: true, id: 1, login: IMG, name: IMG, email: IMG, role: "Admin", orgName: IMG };
    const escaped = JSON.stringify(user).replace(/</g, "\\u003c");
    const text = (await response.text()).replace(/"user":\s*\{[^{}]*\}/, () => `"user":${escaped}`);
    assert.ok(text.includes(escaped), "the page is told of another person");
    await route.fulfill({ response, body: text });
  });
  try {
    await person.open(`${url}/dashboards`);
    await page.getByText(IMG).first().waitFor();
    await clean(person, "folders");
    await page.getByRole("button", { name: /^User menu/ }).click();
    await page.getByRole("menuitem").first().waitFor();
    await clean(person, "who is there");
    await person.keys("Escape", "Control+k");
    await page.getByRole("dialog").locator("input").fill("img");
    await page.getByRole("option").first().waitFor();
    await clean(person, "search");
    await person.keys("Escape");
    await person.open(`${url}/profile`);
    await page.locator("main h1").waitFor();
    await clean(person, "profile");
    await person.open(`${url}/silences/new?filter=${encodeURIComponent(`{alertname="x"}`)}`);
    const form = page.getByRole("form", { name: "Silence" });
    await form.getByLabel("Why").fill(IMG);
    await form.getByRole("button", { name: "Silence", exact: true }).click();
    await page.locator(".toast", { hasText: IMG }).waitFor();
    await clean(person, "messages");
  } finally {
    await page.unrouteAll({ behavior: "ignoreErrors" });
  }
}

/** Where a person is after they signed in by a link of somebody else's. Paths by what the link said. */
export async function redirects(person, { url, targets }) {
  person.expect(/status (of )?4\d\d/);
  await person.page.route(/\/login$/, (route) => (route.request().method() === "POST" ? route.fulfill({ json: { message: "Logged in" } }) : route.fallback()));
  try {
    const found = {};
    await person.open(`${url}/profile`);
    for (const target of targets) {
      await person.move(`/login?redirect=${encodeURIComponent(target)}&redirectTo=${encodeURIComponent(target)}`);
      await person.page.getByLabel("Name or e-mail").fill("ann");
      await person.page.getByLabel("Password").fill("a password");
      await person.page.getByRole("button", { name: "Sign in" }).click();
      await person.until("they are signed in", () => person.path !== "/login");
      await person.page.waitForTimeout(60);
      assert.equal(new URL(person.page.url()).origin, person.origin, target);
      await clean(person, target);
      found[target] = person.path;
    }
    return found;
  } finally {
    await person.page.unrouteAll({ behavior: "ignoreErrors" });
  }
}

/** Texts of a million letters and things within things: the page stays quick. How long it took to be drawn and to answer a key, ms. */
export async function huge(person, { url }) {
  person.expect(/status (of )?(4\d\d|502)/);
  return tall(person, async () => {
    const start = Date.now();
    await person.open(`${url}/d/huge/x?from=now-5m&to=now`);
    await person.page.locator("section.panel .u-over").first().waitFor({ timeout: 20_000 });
    await person.settled(60_000);
    const drawn = Date.now() - start;
    const panels = await person.page.evaluate(() => Object.fromEntries([...document.querySelectorAll("section.panel")].map((one) => [(one.getAttribute("aria-label") ?? "").slice(0, 40), {
      fault: (one.querySelector(".body .fault")?.innerText ?? "").slice(0, 300), text: (one.querySelector(".body")?.innerText ?? "").slice(0, 300), wide: one.scrollWidth > one.clientWidth + 1,
    }])));
    assert.ok((await person.overflow()) <= 0, "no wider than the window");
    await person.rest();
    const asked = Date.now();
    await person.page.keyboard.type("?");
    await person.page.getByRole("dialog").waitFor();
    const answered = Date.now() - asked;
    await person.keys("Escape");
    return { panels, drawn, answered, ink: await person.inked(person.panel("well")) };
  });
}

/** A hundred thousand values, written and asked for: the list opens at once, is searched at once, and draws few of them. Times in ms. */
export async function manyValues(person, { url }) {
  const names = Array.from({ length: 100_000 }, (_, at) => `answer ${at}`);
  await person.page.route(/\/api\/v1\/label\/many\/values/, (route) => route.fulfill({ json: { status: "success", data: names } }));
  try {
    await person.open(`${url}/d/many-values/x`);
    await person.page.locator("section.panel .u-over").waitFor();
    const took = {};
    for (const [name, find, value] of [["own", "99999", "value 99999"], ["asked", "answer 54321", "answer 54321"]]) {
      const list = person.page.getByRole("listbox", { name });
      const click = person.page.getByRole("button", { name: new RegExp(`^${name}:`) });
      await click.scrollIntoViewIfNeeded();
      const start = Date.now();
      await click.click();
      await list.getByRole("option").nth(5).waitFor();
      const opened = Date.now();
      assert.ok((await list.getByRole("option").count()) < 400, "only a part of the list is drawn");
      const asked = Date.now();
      await person.page.getByRole("combobox", { name: `Search ${name}` }).fill(find);
      await list.getByRole("option", { name: value }).first().waitFor();
      took[name] = { open: opened - start, search: Date.now() - asked };
      await list.getByRole("option", { name: value }).first().click();
      await person.keys("Escape");
      await person.until("it is chosen", () => person.query.getAll(`var-${name}`).includes(value));
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
    said[text.slice(0, 60)] = (await person.page.locator("main [role=alert]").allInnerTexts()).join(" ");
  }
  return said;
}

/** A dashboard that is not there, or whose file is broken: the page says so, with words. */
export async function missing(person, { url, uid }) {
  person.expect(/status (of )?404/);
  await person.open(`${url}/d/${uid}/x`);
  const alert = person.page.locator("main [role=alert]").first();
  await alert.waitFor();
  return alert.innerText();
}
