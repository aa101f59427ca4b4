/** What people see who run much: ten thousand of everything, who keeps an alert quiet, and who may do what. */

import assert from "node:assert/strict";

const many = (count, make) => Array.from({ length: count }, (_, at) => make(at));
const now = () => new Date().toISOString();

const target = (at) => ({
  discoveredLabels: { __address__: `host-${at}:9100`, job: "big" }, labels: { instance: `host-${at}:9100`, job: "big" }, scrapePool: at < 9000 ? "big" : `small-${at % 100}`,
  scrapeUrl: `http://host-${at}:9100/metrics`, globalUrl: "", lastError: at === 7777 ? "context deadline exceeded" : "", lastScrape: now(), lastScrapeDuration: 0.02,
  health: at === 7777 ? "down" : "up", scrapeInterval: "15s", scrapeTimeout: "10s",
});
const rule = (group, at) => ({
  type: at % 2 ? "alerting" : "recording", name: `Rule_${group}_${at}`, query: `sum(rate(x{g="${group}"}[5m])) > ${at}`, health: "ok", evaluationTime: 0.001, lastEvaluation: now(),
  state: at % 2 ? "inactive" : undefined, labels: {}, annotations: {}, alerts: [], duration: 60,
});
const alert = (at) => ({
  fingerprint: `f${at}`, labels: { alertname: `Alert${at % 2000}`, instance: `host-${at}` }, annotations: { summary: "s" }, startsAt: now(), endsAt: now(), updatedAt: now(),
  receivers: [{ name: "team" }], status: { state: "active", silencedBy: [], inhibitedBy: [] },
});
const BIG = {
  "/targets": { api: /uid\/prometheus\/api\/v1\/targets\?/, json: () => ({ status: "success", data: { activeTargets: many(10_000, target), droppedTargets: [], droppedTargetCounts: {} } }), filter: "Filter targets", text: "host-7777:", finds: "context deadline exceeded" },
  "/rules?state=inactive": {
    api: /uid\/prometheus\/api\/v1\/rules$/, filter: "Filter rules", text: "Rule_199_23", finds: "Rule_199_23",
    json: () => ({ status: "success", data: { groups: many(200, (g) => ({ name: `group ${g}`, file: `${g}.yml`, interval: 30, evaluationTime: 0.02, lastEvaluation: now(), rules: many(25, (at) => rule(g, at)) })) } }),
  },
  "/alerts": {
    api: /\/api\/v2\/alerts\/groups/, filter: "Filter alerts by matchers", text: 'instance="host-9"', finds: "",
    json: () => many(2000, (g) => ({ labels: { alertname: `Alert${g}` }, receiver: { name: "team" }, alerts: many(5, (at) => alert(g + at * 2000)) })),
  },
};

/** Ten thousand targets and alerts, five thousand rules: only what is in view is in the page, wherever one scrolls. What took how long, ms. */
export async function big(person, { url }) {
  person.expect(/status (of )?502/);
  const { page } = person;
  const took = {};
  for (const [path, { api, json, filter, text, finds }] of Object.entries(BIG)) {
    const body = JSON.stringify(json());
    await page.route(api, (route) => route.fulfill({ contentType: "application/json", body }));
    try {
      const start = Date.now();
      await person.open(`${url}${path}`);
      const rows = page.locator("main [role=listitem] [role=listitem]");
      await rows.nth(8).waitFor();
      took[path] = { first: Date.now() - start };
      const state = () => page.evaluate(() => ({
        elements: document.querySelectorAll("main *").length, height: document.documentElement.scrollHeight, end: scrollY + innerHeight,
        seen: [...document.querySelectorAll("main [role=listitem]")].filter((one) => { const { top, bottom } = one.getBoundingClientRect(); return bottom > 60 && top < innerHeight - 60; }).length,
      }));
      const first = await state();
      assert.ok(first.elements < 3000, `${path}: ${first.elements} elements`);
      assert.ok(first.height > 100_000, `${path}: as high as all of it, not ${first.height} px`);
      for (const share of [0.5, 1, 0.2]) {
        await page.evaluate((at) => scrollTo(0, document.documentElement.scrollHeight * at), share);
        await page.waitForTimeout(120);
        const there = await state();
        assert.ok(there.seen >= 2 && there.elements < 3000, `${path}: rows are drawn at ${share}: ${JSON.stringify(there)}`);
      }
      await page.evaluate(() => scrollTo(0, 0));
      const typed = Date.now();
      await page.getByRole("searchbox", { name: filter }).fill(text);
      if (finds) {
        await page.getByText(finds).first().waitFor();
        await person.until("only what fits", async () => (await rows.count()) <= 2);
      }
      took[path].filter = Date.now() - typed;
    } finally {
      await page.unroute(api);
    }
  }
  return took;
}

/** Who may only look is offered nothing that the server would refuse. */
export async function viewer(person, { url, silence }) {
  const { page } = person;
  const act = /^(New silence|Silence|Silence all of these|Edit|Expire|1h|1d|Make anew)$/;
  for (const path of ["/silences", `/silences/${silence}`, "/alerts?silenced=true"]) {
    await person.open(`${url}${path}`);
    await page.locator("main [role=listitem], main .silence").first().waitFor();
    const offered = await page.locator("main").getByRole("button", { name: act }).or(page.locator("main").getByRole("link", { name: act })).allInnerTexts();
    assert.deepEqual(offered, [], `${path} offers what a viewer may not do`);
  }
  await person.open(`${url}/silences/new`);
  await page.getByRole("alert").getByText(/editors and administrators/).waitFor();
  assert.equal(await page.getByRole("form", { name: "Silence" }).count(), 0);
}

/** An alert that another keeps quiet says which; its route is drawn with where it ends. */
export async function quiet(person, { url, name, by }) {
  const { page } = person;
  await person.open(`${url}/alerts?inhibited=true&filter=${encodeURIComponent(`{alertname="${name}"}`)}`);
  await page.getByRole("link", { name: `inhibited by ${by}` }).first().waitFor();
  const card = page.locator(".alert", { has: page.getByText(`inhibited by ${by}`) }).first();
  await card.getByRole("link", { name: "Route" }).click();
  await person.until("the routes", () => person.path === "/alerts/routing");
  await page.locator(".route.lit.end").first().waitFor();
}
