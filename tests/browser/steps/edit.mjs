/** Dashboards changed by hand: layout, transformations, field settings, variables, rows, and what others saved meanwhile. */

import assert from "node:assert/strict";

const PROMETHEUS = { type: "prometheus", uid: "prometheus" };
const BOARD = {
  title: "Worked on", uid: "worked-on", schemaVersion: 41, time: { from: "now-5m", to: "now" },
  templating: { list: [{ name: "job", type: "query", query: "label_values(up, job)", datasource: PROMETHEUS, refresh: 1, sort: 1, includeAll: true, multi: true }] },
  panels: [
    { id: 1, type: "stat", title: "Sum", gridPos: { x: 0, y: 0, w: 6, h: 5 }, datasource: PROMETHEUS, targets: [{ refId: "A", expr: 'sum(up{job=~"$job"})' }] },
    { id: 2, type: "table", title: "Targets", gridPos: { x: 6, y: 0, w: 12, h: 8 }, datasource: PROMETHEUS, targets: [{ refId: "A", expr: 'up{job="node"}', format: "table", instant: true }] },
    { id: 3, type: "row", title: "Upper", gridPos: { x: 0, y: 8, w: 24, h: 1 }, collapsed: false, panels: [] },
    { id: 4, type: "text", title: "In upper", gridPos: { x: 0, y: 9, w: 6, h: 3 }, options: { mode: "markdown", content: "text" } },
    { id: 5, type: "row", title: "Lower", gridPos: { x: 0, y: 12, w: 24, h: 1 }, collapsed: false, panels: [] },
    { id: 6, type: "text", title: "In lower", gridPos: { x: 0, y: 13, w: 6, h: 3 }, options: { mode: "markdown", content: "text" } },
  ],
};

/** Asks the API as the person does; the answer's JSON. */
const api = (person, path, body) => person.page.evaluate(async ([to, sent]) => {
  const answer = await fetch(to, sent ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) } : {});
  return answer.json();
}, [path, body ?? null]);

const titles = (person) => person.page.locator("section.panel h2").allInnerTexts();
/** Titles of rows and panels from top to bottom. */
const order = (person) => person.page.evaluate(() => [...document.querySelectorAll(".grid .cell h2")]
  .map((one) => ({ title: one.innerText, top: one.getBoundingClientRect().top })).sort((a, b) => a.top - b.top).map((one) => one.title));
const place = async (person, title) => (await person.panel(title).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
const editor = (person) => person.page.locator("aside");

/** Opens the dashboard as it is stored, in edit mode. */
async function begin(person, url) {
  await person.open(`${url}/d/worked-on/x`);
  await person.button("Edit", person.page.getByRole("toolbar", { name: "Dashboard" })).click();
  await person.button("Undo").waitFor();
  await person.settled();
}

/** Back to what is stored. */
async function undoAll(person) {
  for (let step = 0; step < 20 && (await person.button("Undo").isEnabled()); step++) await person.button("Undo").click();
}

async function editPanel(person, title) {
  await person.panel(title).locator("h2").hover();
  await person.keys("e");
  await person.page.getByRole("tab", { name: /^Queries/ }).waitFor();
}

/** Makes the dashboard, moves and copies panels by keys, and goes back and forth through it. */
export async function undo(person, { url }) {
  await person.open(`${url}/dashboards`);
  assert.equal((await api(person, "/api/dashboards/db", { dashboard: BOARD, overwrite: true })).status, "success");
  await begin(person, url);
  await person.panel("Sum").locator("h2").hover();
  await person.keys("p", "d");
  await person.until("a copy beside it", async () => (await titles(person)).filter((one) => one === "Sum").length === 2);
  await person.rest();
  await person.keys("Control+z");
  await person.until("the copy is undone", async () => (await titles(person)).filter((one) => one === "Sum").length === 1);
  assert.equal(await person.button("Save").first().isDisabled(), true, "nothing is changed any more");
  await person.keys("Control+Shift+z");
  await person.until("and done again", async () => (await titles(person)).filter((one) => one === "Sum").length === 2);
  await person.keys("Control+z");
  const before = await place(person, "Sum");
  await person.button(/^Move Sum/).focus();
  await person.keys("ArrowDown", "Shift+ArrowRight");
  // A panel falls up as far as it can: what is left is its size.
  await person.until("it is wider", async () => (await place(person, "Sum")).width > before.width + 20);
  await person.button("Undo").click();
  await person.until("it is as it was", async () => Math.abs((await place(person, "Sum")).width - before.width) < 2);
}

/** A panel by mouse: dragged to the right, and larger by its corner. */
export async function drag(person, { url }) {
  await begin(person, url);
  const before = await place(person, "Sum");
  const mouse = person.page.mouse;
  await mouse.move(before.x + 60, before.y + 12);
  await mouse.down();
  await mouse.move(before.x + 400, before.y + 300, { steps: 6 });
  await mouse.up();
  await person.until("it is elsewhere", async () => Math.abs((await place(person, "Sum")).x - before.x) > 200);
  const moved = await place(person, "Sum");
  await mouse.move(moved.x + moved.width - 5, moved.y + moved.height - 5);
  await mouse.down();
  await mouse.move(moved.x + moved.width + 90, moved.y + moved.height + 80, { steps: 5 });
  await mouse.up();
  await person.until("it is larger", async () => (await place(person, "Sum")).height > moved.height + 30);
  const boxes = await Promise.all((await titles(person)).map((title) => place(person, title)));
  for (const a of boxes) for (const b of boxes) if (a !== b) assert.ok(a.x + a.width <= b.x + 1 || b.x + b.width <= a.x + 1 || a.y + a.height <= b.y + 1 || b.y + b.height <= a.y + 1, "no panel lies on another");
  await person.button("Undo").click();
  await person.button("Undo").click();
  await person.until("two steps back all is as it was", async () => Math.abs((await place(person, "Sum")).x - before.x) < 2);
}

/** A transformation by its form, a look at the data before and behind, and another put before it. */
export async function transformation(person, { url }) {
  await begin(person, url);
  await editPanel(person, "Targets");
  await person.page.getByRole("tab", { name: /^Transformations/ }).click();
  const add = async (name) => {
    await person.button("Add a transformation").click();
    await person.page.getByRole("searchbox", { name: "Find a transformation" }).fill(name);
    await person.keys("Enter");
  };
  await add("group by");
  const form = person.page.getByRole("listitem", { name: "1. Group by" });
  const column = (name) => form.getByRole("group", { name, exact: true });
  await column("job").getByLabel("Use").selectOption("groupby");
  await column("Value").getByLabel("Use").selectOption("aggregate");
  await column("Value").locator("summary").click();
  await column("Value").getByLabel("Total").check();
  const heads = () => person.panel("Targets").getByRole("columnheader").allInnerTexts();
  await person.until("the table has two columns", async () => (await heads()).map((one) => one.trim()).join() === "job,Value (sum)");
  await form.getByRole("button", { name: "Data before and behind" }).click();
  await form.getByRole("region", { name: "Before" }).getByRole("columnheader", { name: "instance" }).waitFor();
  await form.getByRole("region", { name: "Behind" }).getByRole("columnheader", { name: "Value (sum)" }).waitFor();
  await add("organize");
  const organize = person.page.getByRole("listitem", { name: "2. Organize fields by name" });
  await organize.getByLabel("Name for Value (sum)").fill("Alive");
  await organize.getByLabel("Name for Value (sum)").press("Tab");
  await person.until("the column has its name", async () => (await heads()).join().includes("Alive"));
  await organize.getByRole("button", { name: "Switch off" }).click();
  await person.until("and loses it", async () => (await heads()).join().includes("Value (sum)"));
  await organize.getByRole("button", { name: /^Move Organize/ }).focus();
  await person.keys("ArrowUp");
  await person.page.getByRole("listitem", { name: "1. Organize fields by name" }).waitFor();
  await undoAll(person);
  await person.until("all is undone", async () => (await heads()).join().includes("instance"));
}

/** A unit for one column by an override, a text for a value by a mapping. */
export async function fields(person, { url }) {
  await begin(person, url);
  await editPanel(person, "Targets");
  const aside = editor(person);
  const cells = () => person.panel("Targets").locator(".body").innerText();
  await aside.getByRole("button", { name: "Override", exact: true }).click();
  const rule = aside.getByRole("listitem", { name: "Override 1" });
  await rule.getByLabel("Columns").selectOption("byRegexp");
  await rule.getByLabel("Expression").fill("/^Val/");
  await rule.getByLabel("Expression").press("Tab");
  await rule.getByLabel("Add a setting").selectOption("unit");
  await rule.getByRole("button", { name: /^Unit:/ }).click();
  await person.page.getByRole("searchbox", { name: "Find a unit" }).fill("hertz");
  await person.keys("Enter");
  await person.until("the column has its unit", async () => /1 Hz/.test(await cells()));
  await aside.locator("summary", { hasText: "Value mappings" }).click();
  await aside.getByRole("group", { name: "Add a rule" }).first().getByRole("button", { name: "Value" }).click();
  const mapping = aside.getByRole("list", { name: "Value mappings" }).getByRole("listitem").first();
  await mapping.getByLabel("Value", { exact: true }).fill("1");
  await mapping.getByLabel("Text").fill("alive");
  await mapping.getByLabel("Text").press("Tab");
  await person.until("the value has a text", async () => /alive/.test(await cells()));
  await aside.getByRole("button", { name: /^Panel type/ }).click();
  await person.page.getByRole("searchbox", { name: "Find a panel type" }).fill("large numbers");
  await person.keys("Enter");
  await person.until("numbers with the same text", async () => /alive/.test(await cells()) && (await person.panel("Targets").getByRole("columnheader").count()) === 0);
  await person.button("Undo").click();
  await person.until("a table again", async () => (await person.panel("Targets").getByRole("columnheader").count()) > 2);
  await aside.getByRole("searchbox", { name: "Find an option" }).fill("row colour");
  await person.until("options are found by words", async () => (await aside.locator("details:visible").count()) <= 2);
}

/** A slip in a query is told with its column; an expression follows when its query is called otherwise; escape closes the inspector alone. */
export async function queries(person, { url }) {
  person.expect(/status (of )?400/);
  await begin(person, url);
  await editPanel(person, "Sum");
  const query = (name) => person.page.getByRole("listitem", { name: `Query ${name}`, exact: true });
  await query("A").locator(".cm-content").click();
  await person.keys("Control+a");
  await person.page.keyboard.insertText('sum(up{job=~"$job"}))');
  await person.keys("Control+Enter");
  await query("A").getByText(/^Line 1, column 21/).waitFor();
  await person.rest();
  await person.button("Undo").click();
  await query("A").getByText(/^Line 1/).waitFor({ state: "hidden" });
  await person.button("Expression").click();
  await query("B").getByLabel("Operation").selectOption("math");
  await query("B").getByLabel("Expression B").fill("$A * 1000");
  await query("B").getByLabel("Expression B").press("Tab");
  await person.until("a thousand times as much", async () => /\d{4}|\d K/.test(await person.panel("Sum").locator(".body").innerText()));
  await query("A").getByLabel("Name of the query").fill("total");
  await query("A").getByLabel("Name of the query").press("Tab");
  await person.until("the expression says so", async () => (await query("B").getByLabel("Expression B").inputValue()) === "$total * 1000");
  await query("B").getByRole("button", { name: /^Move query B/ }).focus();
  await person.keys("ArrowUp");
  await person.until("it is the first", async () => (await person.page.getByRole("listitem", { name: /^Query/ }).first().getAttribute("aria-label")) === "Query B");
  await person.button("Inspect").click();
  const inspector = person.page.getByRole("dialog", { name: /^Inspect/ });
  await inspector.getByText(/sum\(up/).first().waitFor();
  await person.keys("Escape");
  await inspector.waitFor({ state: "hidden" });
  assert.ok(person.query.has("editPanel"), "the editor is still there");
}

/** A variable is called otherwise and so is what uses it; another is made with a look at its values. */
export async function variables(person, { url }) {
  await begin(person, url);
  await person.rest();
  await person.keys("d", "s");
  await person.page.getByRole("tab", { name: "Variables" }).click();
  await person.button(/^job$/).click();
  const values = person.page.getByRole("region", { name: "Preview of values" });
  await values.getByText("watchkeeper", { exact: true }).waitFor();
  await person.page.getByRole("region", { name: "Used by" }).getByText("queries").waitFor();
  await person.page.getByLabel("Name", { exact: true }).fill("team");
  await person.page.getByLabel("Name", { exact: true }).press("Tab");
  await person.page.getByLabel("Regex").fill("/^(w.*)/");
  await person.page.getByLabel("Regex").press("Tab");
  await person.until("one value is left", async () => /1 value\b/.test(await values.innerText()));
  await person.button("All variables").click();
  await person.button(/^Variable$/).click();
  await person.page.getByLabel("Type").selectOption("custom");
  await person.page.getByLabel(/^Values, with commas/).fill("a, b, Nice : c");
  await person.page.getByLabel(/^Values, with commas/).press("Tab");
  await person.until("three values", async () => /3 values/.test(await values.innerText()));
  await person.page.getByRole("tab", { name: /^JSON/ }).click();
  const json = person.page.getByLabel("JSON of the dashboard");
  const text = await json.inputValue();
  assert.match(text, /job=~\\"\$team\\"/);
  await json.fill(text.replace('"tags": [],', '"tags": [}'));
  await person.page.getByRole("alert").getByText(/^Line \d+, column \d+: "\}" is no value/).waitFor();
  await person.button("Take back").click();
  await undoAll(person);
  assert.match(await json.inputValue(), /job=~\\"\$job\\"/, "undone to what is stored");
  assert.equal(await person.button("Save").first().isDisabled(), true);
}

/** A row goes past another with its panels, is folded, and one is added. */
export async function rows(person, { url }) {
  await begin(person, url);
  await person.button(/^Move the row Lower/).focus();
  await person.keys("ArrowUp");
  await person.until("the row went up with its panel", async () => (await order(person)).join() === "Sum,Targets,Lower,In lower,Upper,In upper");
  await person.page.getByRole("button", { name: /^Lower/ }).click();
  await person.until("it is folded", async () => !(await titles(person)).includes("In lower"));
  await person.button("Add to the dashboard").click();
  await person.page.getByRole("menuitem", { name: "Row" }).click();
  await person.button("Change the row Row title").click();
  await person.page.getByRole("dialog", { name: "Row" }).getByLabel("Title").fill("A third");
  await person.page.getByRole("dialog", { name: "Row" }).getByRole("button", { name: "Apply" }).click();
  await person.until("the row has its name", async () => (await order(person)).at(-1) === "A third");
  await person.panel("Sum").locator("h2").hover();
  await person.keys("p", "c");
  await person.button("Add to the dashboard").click();
  await person.page.getByRole("menuitem", { name: "Paste panel" }).click();
  await person.until("the panel is pasted", async () => (await titles(person)).filter((one) => one === "Sum").length === 2);
  await person.button("Remove the row Upper").click();
  await person.until("its panels stay", async () => !(await order(person)).includes("Upper") && (await titles(person)).includes("In upper"));
}

/** Leaves with changes (asked), stays; somebody else saves; chooses theirs, takes the own back, and overwrites. */
export async function conflict(person, { url }) {
  person.expect(/status (of )?412/);
  await begin(person, url);
  await person.panel("Sum").locator("h2").hover();
  await person.keys("p", "r");
  await person.until("it is gone", async () => !(await titles(person)).includes("Sum"));
  await person.page.getByRole("navigation").getByRole("link", { name: "Explore" }).first().click();
  const asked = person.page.getByRole("dialog", { name: "Changes that are not saved" });
  await asked.getByText("panel “Sum” removed").waitFor();
  await asked.getByRole("button", { name: "Keep editing" }).click();
  assert.match(person.path, /^\/d\/worked-on/);
  const { dashboard } = await api(person, "/api/dashboards/uid/worked-on");
  await api(person, "/api/dashboards/db", { dashboard: { ...dashboard, title: "Worked on by somebody else" } });
  await person.rest();
  await person.keys("Control+s");
  const save = person.page.getByRole("dialog", { name: "Save the dashboard" });
  await save.getByText("panel “Sum” removed").waitFor();
  await save.getByRole("textbox").first().fill("without the sum");
  await save.getByRole("button", { name: "Save", exact: true }).click();
  const choice = person.page.getByRole("dialog", { name: "Somebody else has saved it" });
  await choice.getByRole("region", { name: "Their changes" }).getByText("title changed").waitFor();
  await choice.getByRole("button", { name: "Load theirs" }).click();
  await person.until("theirs is shown", async () => (await titles(person)).includes("Sum"));
  await person.button("Undo").click();
  await person.until("ours is back", async () => !(await titles(person)).includes("Sum"));
  await api(person, "/api/dashboards/db", { dashboard: { ...dashboard, title: "Once more" }, overwrite: true });
  await person.keys("Control+s");
  await save.getByRole("button", { name: "Save", exact: true }).click();
  await choice.getByRole("button", { name: "Overwrite theirs" }).click();
  await choice.waitFor({ state: "hidden" });
  const stored = await api(person, "/api/dashboards/uid/worked-on");
  assert.deepEqual(stored.dashboard.panels.filter((panel) => panel.type !== "row").map((panel) => panel.title).sort(), ["In lower", "In upper", "Targets"]);
  await person.button("Done").click();
  await person.button("Edit", person.page.getByRole("toolbar", { name: "Dashboard" })).waitFor();
}

/** A link to a panel's editor opens it; a session that ends, or a server that goes away, takes nothing that is on the page. */
export async function gone(person, { url }) {
  await person.open(`${url}/d/worked-on/x?editPanel=2`);
  const title = editor(person).getByLabel("Title").first();
  await title.waitFor();
  await title.fill("Renamed");
  await person.settled();
  person.expect(/401|ERR_FAILED|ERR_CONNECTION/);
  const { page } = person;
  await page.route("**/api/dashboards/db", (route) => route.fulfill({ status: 401, json: { message: "Unauthorized" } }));
  await person.keys("Control+s");
  const save = page.getByRole("dialog", { name: "Save the dashboard" });
  await person.until("the keys are in the first field", () => save.locator("textarea").evaluate((one) => one === document.activeElement));
  await save.getByRole("button", { name: "Save", exact: true }).click();
  await save.getByText("sign in in another tab").waitFor();
  assert.match(person.path, /^\/d\/worked-on/);
  await person.keys("Escape");
  await page.unroute("**/api/dashboards/db");
  await person.button("Back").click();
  await undoAll(person);
  await person.button("Done").click();
  const data = () => page.locator('section.panel[data-state="data"]').count();
  await person.settled();
  const before = await data();
  assert.ok(before > 0);
  await page.route(/\/(query|query_range|assets\/Help[^/]*)(\?|$)/, (route) => route.abort("connectionrefused"));
  await person.rest();
  await person.keys("?");
  await page.getByRole("alert").getByText("can't be reached").waitFor();
  await person.keys("d", "r");
  await page.getByRole("button", { name: "A fault in this panel" }).first().waitFor();
  assert.equal(await data(), before, "what was there stays");
  await page.unrouteAll();
  await person.keys("d", "r");
  await person.until("the faults are gone", async () => (await page.getByRole("button", { name: "A fault in this panel" }).count()) === 0);
  await person.keys("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await person.keys("Escape");
}

/** A panel is put into the library, kept there alone, and used a second time. */
export async function library(person, { url }) {
  await begin(person, url);
  await editPanel(person, "Targets");
  await person.button("Put into the library…").click();
  const name = `Targets ${Date.now()}`;
  await person.page.getByRole("dialog").getByLabel("Name").fill(name);
  await person.page.getByRole("dialog").getByRole("button", { name: "Put it there" }).click();
  await editor(person).getByText(`“${name}” of the library`).waitFor();
  await person.button("Back").click();
  await person.keys("Control+s");
  await person.page.getByRole("dialog", { name: "Save the dashboard" }).getByRole("button", { name: "Save", exact: true }).click();
  await person.until("it is saved", async () => person.button("Save").first().isDisabled());
  await editPanel(person, "Targets");
  await editor(person).getByLabel("Title").first().fill("Shared targets");
  await person.keys("Control+s");
  const save = person.page.getByRole("dialog", { name: "Save the dashboard" });
  await save.getByText("changed on all dashboards that use it").waitFor();
  await save.getByRole("button", { name: "Save", exact: true }).click();
  await save.waitFor({ state: "hidden" });
  await person.button("Back").click();
  await person.button("Add to the dashboard").click();
  await person.page.getByRole("menuitem", { name: /^Panel of the library/ }).click();
  await person.page.getByRole("dialog").getByRole("button", { name: new RegExp(name) }).first().click();
  await person.until("there are two, as the library has them", async () => (await titles(person)).filter((one) => one === "Shared targets").length === 2);
  await undoAll(person);
  const { result } = await api(person, `/api/library-elements?searchString=${encodeURIComponent(name)}`);
  assert.equal(result.elements[0].model.title, "Shared targets");
}

/** One in a file says why it can't be saved, and gives its JSON. */
export async function provisioned(person, { url, path }) {
  await person.open(url + path);
  await person.button("Edit", person.page.getByRole("toolbar", { name: "Dashboard" })).click();
  await person.button("Undo").waitFor();
  await person.rest();
  await person.keys("Control+s");
  const dialog = person.page.getByRole("dialog", { name: "Save as a new dashboard" });
  await dialog.getByText(/can't be saved here/).waitFor();
  await dialog.getByRole("button", { name: "Copy JSON" }).click();
  const copied = await person.page.evaluate(() => navigator.clipboard.readText());
  assert.ok(JSON.parse(copied).panels.length > 0);
  await person.keys("Escape");
  await dialog.waitFor({ state: "hidden" });
  await person.button("Done").click();
}
