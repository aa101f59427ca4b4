/** What people do who run the stack: targets, rules, alerts, silences, status. */

import assert from "node:assert/strict";

/** A target that is down says why; the filter finds it. */
export async function targets(person, { url }) {
  await person.open(`${url}/targets`);
  const gone = person.page.getByRole("region", { name: "gone" });
  await gone.getByText(/refused|connect/i).first().waitFor();
  await person.page.getByRole("searchbox", { name: "Filter targets" }).fill("hostile");
  await person.until("only what fits", async () => (await person.page.getByRole("region", { name: "gone" }).count()) === 0);
  await person.page.getByRole("button", { name: /^Details of/ }).first().click();
  await person.until("discovered labels", async () => /__address__/.test(await person.page.locator("main").innerText()));
  await person.open(`${url}/service-discovery`);
  await person.until("jobs", async () => /watchkeeper/.test(await person.page.locator("main").innerText()));
}

/** Rules with how long they took, and the alerts they raise. */
export async function rules(person, { url }) {
  // One of the data sources is down: its rules are missing, those of the others are not.
  person.expect(/status (of )?502/);
  await person.open(`${url}/rules`);
  await person.page.getByRole("region", { name: "browser" }).getByText("PagesAreLookedAt").first().waitFor();
  await person.page.getByRole("searchbox", { name: "Filter rules" }).fill("browser:up");
  await person.until("only what fits", async () => (await person.page.getByText("PagesAreLookedAt").count()) === 0);
  await person.page.getByRole("button", { name: "Details of browser:up:sum" }).click();
  await person.page.getByText(/sum\(up\)/).first().waitFor();
}

/** The alert arrives in the Alertmanager; it is silenced with a preview, seen to be silent, and the silence expires. */
export async function silence(person, { url, alertname }) {
  await person.open(`${url}/alerts`);
  await person.until("the alert is there", async () => (await person.page.locator("main").innerText()).includes(alertname));
  await person.open(`${url}/silences/new?filter=${encodeURIComponent(`{alertname="${alertname}"}`)}`);
  const form = person.page.getByRole("form", { name: "Silence" });
  await form.waitFor();
  assert.ok(await form.getByLabel("Why").evaluate((one) => one === document.activeElement), "what is still to be said has the keys");
  if ((await form.getByLabel("Value 1").inputValue()) !== alertname) {
    await form.getByLabel("Label 1").fill("alertname");
    await form.getByLabel("Value 1").fill(alertname);
  }
  await person.page.getByRole("heading", { name: "Silences 1 alert now" }).waitFor();
  await form.getByRole("button", { name: "Silence", exact: true }).click();
  await form.getByRole("alert").waitFor();
  await form.getByLabel("Who").fill("a person");
  await form.getByLabel("Why").fill("it is looked at");
  await form.getByRole("button", { name: "Silence", exact: true }).click();
  await person.until("it has a page", () => /^\/silences\/[0-9a-f-]{36}$/.test(person.path));
  await person.page.getByText("it is looked at").first().waitFor();
  await person.button("Expire").first().click();
  const sure = person.page.getByRole("dialog").getByRole("button", { name: /Expire/ });
  await sure.click();
  await person.page.getByText("expired", { exact: true }).first().waitFor();
  await person.open(`${url}/silences?state=expired`);
  await person.page.getByText("it is looked at").first().waitFor();
}

/** Status pages say what runs. */
export async function status(person, { url, paths }) {
  for (const path of paths) {
    await person.open(`${url}${path}`);
    await person.page.locator("main :is(h2, table, dl, pre)").first().waitFor();
    await person.page.waitForTimeout(300);
    const text = await person.page.locator("main").innerText();
    assert.ok(text.length > 120, `${path} says something`);
    assert.doesNotMatch(text, /\b(undefined|NaN|Invalid Date|\[object Object\])\b/, path);
    assert.equal(await person.page.locator("main .notice.error").count(), 0, path);
  }
}
