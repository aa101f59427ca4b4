/** Explore: queries with completion, lines that come in, two panes. */

import assert from "node:assert/strict";

const editorOf = (person, at = 0) => person.page.locator(".cm-content").nth(at);

/** A metric by completion, its label by completion, run by keys: lines and a table; a fault is marked with the server's words. */
export async function metrics(person, { url }) {
  await person.open(`${url}/explore`);
  const editor = editorOf(person);
  await editor.click();
  await person.page.keyboard.type("sum by (mode) (rate(node_cpu_sec", { delay: 15 });
  const options = person.page.locator(".cm-tooltip-autocomplete li");
  await options.filter({ hasText: "node_cpu_seconds_total" }).first().waitFor();
  await person.page.waitForTimeout(120);
  await person.keys("Enter");
  await person.until("the metric is taken", async () => /node_cpu_seconds_total/.test(await editor.innerText()));
  await person.page.keyboard.type("{mo", { delay: 30 });
  await options.filter({ hasText: "mode" }).first().waitFor();
  await person.keys("Escape");
  await person.keys("Control+a");
  await person.page.keyboard.type("sum by (mode) (rate(node_cpu_seconds_total[1m]))", { delay: 2 });
  await person.keys("Escape");
  await person.keys("Control+Enter");
  const pane = person.page.locator("section.pane");
  await person.until("lines", async () => (await person.inked(pane)) > 20);
  assert.match(decodeURIComponent(person.page.url()), /node_cpu_seconds_total/);
  await editor.click();
  await person.keys("Control+a");
  await person.page.keyboard.type("sum(rate(node_load1))", { delay: 2 });
  await person.page.locator(".cm-lintRange-error, .cm-lint-marker-error, .cm-diagnostic").first().waitFor();
  await person.keys("Escape");
  // Until here nothing was wrong: what is being typed is no error of the page. What is run is one.
  person.expect(/status (of )?400/);
  await person.keys("Control+Enter");
  await person.page.getByRole("alert").filter({ hasText: /parse error/ }).first().waitFor();
  return true;
}

/** Split, and back to one. */
export async function split(person, { url }) {
  await person.open(`${url}/explore?left=${encodeURIComponent(JSON.stringify(["now-5m", "now", "Prometheus", { expr: "node_load1" }]))}`);
  await person.until("lines", async () => (await person.inked(person.page.locator("section.pane").first())) > 20);
  await person.button("Split").click();
  await person.until("two panes draw", async () => (await person.page.locator("section.pane").count()) === 2 && (await person.inked(person.page.locator("section.pane").nth(1))) > 20);
  await person.page.reload();
  await person.until("two panes after a reload", async () => (await person.page.locator("section.pane").count()) === 2);
  await person.button("Copy a link").first().click();
  await person.page.getByRole("menuitem", { name: "Short link, times as now" }).click();
  await person.page.getByText("The link was copied").waitFor();
  const link = await person.page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\/goto\//);
  await person.button("Close").first().click();
  await person.until("one pane", async () => (await person.page.locator("section.pane").count()) === 1);
  await person.open(link);
  await person.until("two panes with times from a short link", () => Object.values(JSON.parse(person.query.get("panes") ?? "{}")).filter(({ range }) => /^\d+$/.test(range.from)).length === 2);
}

/** Lines of a stream; with the live switch one that is pushed later comes by itself. */
export async function openLogs(person, { url, expr }) {
  const panes = { one: { datasource: "loki", queries: [{ refId: "A", expr, datasource: { type: "loki", uid: "loki" } }], range: { from: "now-15m", to: "now" } } };
  await person.open(`${url}/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`);
  const list = person.page.getByRole("list", { name: "Log lines" });
  await list.getByRole("listitem").first().waitFor();
  const first = await list.innerText();
  await list.getByRole("button").first().click();
  await list.locator(".details").first().waitFor();
  await list.getByRole("button").first().click();
  await person.button("Live").click();
  await person.page.getByRole("status").filter({ hasText: /^\s*live/ }).first().waitFor();
  return first;
}

/** The line that was pushed meanwhile. */
export async function tail(person, { line }) {
  const list = person.page.getByRole("list", { name: "Log lines" });
  await list.getByText(line).first().waitFor();
  await person.button("Stop").click();
  await person.button("Live").waitFor();
}

const panesUrl = (url, panes) => `${url}/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
const logPane = (expr, more = {}) => ({ datasource: "loki", queries: [{ refId: "A", expr, datasource: { type: "loki", uid: "loki" }, ...more }], range: { from: "now-15m", to: "now" } });
const metricPane = (expr) => ({ datasource: "prometheus", queries: [{ refId: "A", expr, datasource: { type: "prometheus", uid: "prometheus" } }], range: { from: "now-5m", to: "now" } });
const paneOf = (person, at = 0) => person.page.locator("section.pane").nth(at);
const statusOf = (person) => person.page.getByRole("region", { name: "Lines", exact: true }).getByRole("status").innerText();
/** The queries and ranges that the address keeps, in the order of the panes. */
const kept = (person) => Object.values(JSON.parse(person.query.get("panes") ?? "{}"));

/** A link of Prometheus' own page with four expressions; the calendar; what the editor hints at. */
export async function links(person, { url }) {
  const exprs = ["node_load1", "node_load5", "node_load15", "count(up)"];
  await person.open(`${url}/graph?${exprs.map((expr, at) => `g${at}.expr=${encodeURIComponent(expr)}&g${at}.tab=0&g${at}.range_input=5m`).join("&")}`);
  await person.until("four queries", async () => (await person.page.locator(".cm-content").count()) === 4);
  await person.until("lines", async () => (await person.inked(paneOf(person))) > 20);
  assert.deepEqual(await person.page.locator(".cm-content").allInnerTexts(), exprs);
  await person.page.getByRole("button", { name: /^Time range/ }).click();
  await person.button("Pick from the calendar").click();
  const days = person.page.getByRole("group", { name: "Days" }).getByRole("button");
  await days.nth(10).click();
  await days.nth(12).click();
  await person.button("Apply").click();
  await person.until("the range of three days", () => {
    const { from, to } = kept(person)[0].range;
    return Math.round((Number(to) - Number(from)) / 86_400_000) === 3;
  });

  await person.open(panesUrl(url, { one: metricPane("node_cpu_seconds_total") }));
  const mark = person.page.locator(".cm-lintRange-info").first();
  await mark.waitFor();
  await mark.hover();
  await person.page.getByRole("button", { name: "Add rate()" }).click();
  await person.until("the rate", async () => (await editorOf(person).innerText()) === "rate(node_cpu_seconds_total[$__rate_interval])");
  await editorOf(person).click();
  await person.keys("Control+/");
  assert.match(await editorOf(person).innerText(), /^# rate/);
  await person.keys("Control+/", "Shift+Enter");
  await person.until("it ran", () => kept(person)[0].queries[0].expr.startsWith("rate("));
}

/** Lines: pages as one scrolls, fields in their place, marked words, levels, a filter, a file, a link to one line, and those around it. */
export async function lines(person, { url, job, many }) {
  await person.open(panesUrl(url, { one: logPane("") }));
  await person.button("Labels").click();
  const labels = person.page.getByRole("dialog", { name: "Labels of the lines" });
  await labels.getByRole("button", { name: "job", exact: true }).click();
  await labels.getByLabel("Find a value").fill(job);
  await labels.getByRole("checkbox", { name: job, exact: true }).check();
  await labels.getByText(/^1 streams?, /).waitFor();
  await labels.getByRole("button", { name: "Show the lines" }).click();
  await person.until("the selector", async () => (await editorOf(person).innerText()) === `{job="${job}"}`);
  await person.open(panesUrl(url, { one: logPane(`{job="${job}"} |= "turn"`, { maxLines: 100 }) }));
  const list = person.page.getByRole("list", { name: "Log lines" });
  await list.locator("mark").first().waitFor();
  assert.match(await statusOf(person), /^100/);
  await person.until("all pages", async () => {
    await list.evaluate((element) => (element.scrollTop = element.scrollHeight));
    return (await statusOf(person)) === String(many);
  });
  await list.evaluate((element) => (element.scrollTop = 0));
  await person.page.getByRole("region", { name: "Lines over time" }).getByRole("button", { name: /^error/ }).click();
  await person.until("errors are left out", async () => /shown/.test(await statusOf(person)) && (await list.locator(".row.error").count()) === 0);
  await person.page.getByRole("region", { name: "Lines over time" }).getByRole("button", { name: /^error/ }).click();

  await list.getByRole("button", { name: new RegExp(`turn.*${many - 3}`) }).first().click();
  const details = list.locator(".details").first();
  await details.getByRole("button", { name: "Copy a link to it" }).click();
  await person.page.getByText("The link to the line was copied").waitFor();
  const link = await person.page.evaluate(() => navigator.clipboard.readText());
  await details.getByRole("button", { name: "Show n in the line's place" }).click();
  await list.getByText(`n=${many - 3}`).first().waitFor();
  await person.button("The whole line").click();
  await details.getByRole("button", { name: "Lines around it" }).click();
  const dialog = person.page.getByRole("dialog", { name: "Around the line" });
  await dialog.getByRole("list", { name: "Lines before" }).getByText(`"n":${many - 4},`).waitFor();
  await dialog.getByRole("list", { name: "Lines after" }).getByText(`"n":${many - 2},`).waitFor();
  await dialog.locator("footer").getByRole("button", { name: "Close" }).click();

  const file = person.page.waitForEvent("download");
  await person.button("Download the lines").click();
  await person.page.getByRole("menuitem", { name: "CSV" }).click();
  assert.equal((await file).suggestedFilename(), "lines.csv");
  await details.getByRole("button", { name: `Filter for n ${many - 3}` }).click();
  await person.until("one line", async () => (await statusOf(person)) === "1");
  assert.equal(kept(person)[0].queries[0].expr, `{job="${job}"} |= "turn" | json | n="${many - 3}"`);

  await person.open(link);
  await list.locator(".row.marked").getByText(`"n":${many - 3},`).waitFor();
}

/** Two data sources in one pane; two panes with one range; a broken link and one of a source that is down keep to their pane. */
export async function several(person, { url, job }) {
  person.expect(/502|uid\/down|query=%24gone/);
  const good = JSON.stringify({ datasource: "prometheus", queries: [{ refId: "A", expr: "$gone + node_load1" }], range: { from: "now-5m", to: "now" } });
  await person.open(`${url}/explore?left={broken&right=${encodeURIComponent(good)}`);
  await paneOf(person).getByRole("alert").filter({ hasText: /“left” is no JSON/ }).waitFor();
  await paneOf(person, 1).getByText("Explore has no value for $gone").waitFor();
  await person.open(panesUrl(url, { one: { ...metricPane("up"), datasource: "down" }, two: metricPane("node_load1") }));
  await paneOf(person).getByRole("alert").filter({ hasText: "can't be reached" }).waitFor();
  await person.until("the other pane draws", async () => (await person.inked(paneOf(person, 1))) > 20);
  // The editor asks too, a moment later: its answer belongs to this step, and not to its end.
  await person.until("the editor was answered", () => person.requests.some(({ url: path, status }) => /uid\/down\/check$/.test(path) && status === 200));

  const mixed = { datasource: "-- Mixed --", queries: [...metricPane("node_load1").queries, { ...logPane(`{job="${job}"}`).queries[0], refId: "B" }], range: { from: "now-15m", to: "now" } };
  await person.open(panesUrl(url, { one: mixed }));
  await person.until("lines of both kinds", async () => (await person.inked(paneOf(person))) > 20 && (await person.page.getByRole("list", { name: "Log lines" }).getByRole("listitem").count()) > 3);
  await person.button("Split").click();
  await person.until("two panes", async () => (await person.page.locator("section.pane").count()) === 2);
  await paneOf(person).getByRole("button", { name: "One time range for all panes" }).click();
  await paneOf(person).getByRole("button", { name: "Zoom out" }).click();
  await person.until("both ranges", () => {
    const [one, two] = kept(person).map(({ range }) => range);
    return /^\d+$/.test(one.from) && one.from === two.from && one.to === two.to;
  });
  assert.deepEqual(kept(person)[1].queries.map((query) => query.datasource.uid), ["prometheus", "loki"]);
}

/** How a query for lines is worked out, on a small screen too; a Loki that is none of ours has no plan. */
export async function plan(person, { url, job }) {
  person.expect(/status (of )?404/);
  await person.open(panesUrl(url, { one: logPane(`sum by (level) (count_over_time({job="${job}"} | json |= "turn" [1m]))`) }));
  await person.button("Inspect").click();
  const dialog = person.page.getByRole("dialog", { name: "Inspect" });
  await dialog.getByRole("button", { name: "Plan" }).click();
  const items = dialog.getByRole("listitem");
  await items.filter({ hasText: "grouped while samples are taken" }).waitFor();
  const said = await items.allInnerTexts();
  assert.deepEqual(said.map((text) => /^(sum by \(level\)|count_over_time\(\)|\{job=.*over 60s|\|= "turn"|\| json)/.test(text)), [true, true, true, true, true], said.join("\n"));
  assert.match(said[4], /makes level/);
  const { width, height } = person.page.viewportSize();
  await person.page.setViewportSize({ width: 390, height: 800 });
  const edges = await dialog.evaluate((element) => [element, ...element.querySelectorAll("button, li")].map((one) => one.getBoundingClientRect().right));
  assert.ok(edges.every((right) => right <= edges[0]), `the plan fits: ${edges}`);
  await person.page.setViewportSize({ width, height });

  const path = "**/loki/api/v1/parse_query";
  await person.page.route(path, (route) => route.fulfill({ status: 404, body: "404 page not found" }));
  await dialog.getByRole("button", { name: "Requests" }).click();
  await dialog.getByRole("button", { name: "Plan" }).click();
  await dialog.getByRole("alert").filter({ hasText: "tells no plans" }).waitFor();
  await person.page.unroute(path);
}

/** What has most series, down to the values of a label, and from there to Explore. */
export async function cardinality(person, { url }) {
  await person.open(`${url}/explore/cardinality?selector=${encodeURIComponent("node_cpu_seconds_total")}`);
  const region = (name) => person.page.locator("section.card", { has: person.page.getByRole("heading", { name, exact: true }) });
  await region("Labels").getByRole("button", { name: "mode", exact: true }).click();
  await region("Values of mode").getByRole("button", { name: "idle", exact: true }).click();
  await person.until("one value", async () => (await person.page.locator("p.big code").innerText()) === '{__name__="node_cpu_seconds_total", mode="idle"}');
  await region("Metrics").getByRole("link", { name: "node_cpu_seconds_total in Explore" }).click();
  await person.until("its series in Explore", async () => person.path === "/explore" && (await editorOf(person).innerText()).includes('mode="idle"'));
}

/** A query becomes a panel of a new dashboard. The path of the dashboard. */
export async function addToDashboard(person, { url, title }) {
  await person.open(panesUrl(url, { one: metricPane("node_load1") }));
  await person.button("Add to dashboard").click();
  const dialog = person.page.getByRole("dialog", { name: "Add to a dashboard" });
  await dialog.getByLabel("Title of the panel").fill("Load");
  await dialog.getByLabel("Title of the dashboard").fill(title);
  await dialog.getByRole("button", { name: "Add and open it" }).click();
  await person.until("the panel draws", async () => person.path.startsWith("/d/") && (await person.inked(person.panel("Load"))) > 10);
  return person.path;
}
