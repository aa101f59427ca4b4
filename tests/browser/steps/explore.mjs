/** Explore: queries with completion, lines that come in, two panes. */

import assert from "node:assert/strict";

const editorOf = (person, at = 0) => person.page.locator(".cm-content").nth(at);

/** A metric by completion, its label by completion, run by keys: lines and a table; a fault is marked with the server's words. */
export async function metrics(person, { url }) {
  person.expect(/status (of )?400/);
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
  await person.button("Close").first().click();
  await person.until("one pane", async () => (await person.page.locator("section.pane").count()) === 1);
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
  await list.getByText(line).first().waitFor({ timeout: 8000 });
  await person.button("Stop").click();
  await person.button("Live").waitFor();
}
