/** What administrators and editors do for others: users, tokens, teams, permissions, annotations, snapshots, playlists, data sources. */

import assert from "node:assert/strict";

const menu = (person) => person.page.getByRole("button", { name: /^User menu/ });
const dialog = (person, name) => person.page.getByRole("dialog", name ? { name } : undefined);

/** Asks the API as the person does. */
const api = (person, path, body, method) => person.page.evaluate(async ([to, sent, how]) => {
  const response = await fetch(to, { method: how ?? (sent ? "POST" : "GET"), headers: { "Content-Type": "application/json" }, ...(sent ? { body: JSON.stringify(sent) } : {}) });
  return response.json();
}, [path, body ?? null, method ?? null]);

/** Signs in, unless this very user is. */
export async function signIn(person, { url, link, user, password }) {
  person.expect(/status 404: .*first/);
  await person.open(`${url}/profile`);
  await person.page.locator("main h1").first().waitFor();
  if (await menu(person).count()) {
    if ((await menu(person).getAttribute("aria-label")).endsWith(`: ${user}`)) return;
    await api(person, "/logout", {});
  }
  await person.open(link ?? `${url}/login`);
  const form = person.page.locator("form").first();
  await form.waitFor();
  await form.locator("input:not([type=password]):not([type=hidden])").first().fill(user);
  for (const field of await form.locator("input[type=password]").all()) await field.fill(password);
  await form.locator("button").first().click();
  await person.page.waitForURL((to) => !/login/.test(to.pathname));
  await menu(person).waitFor();
}

/** A new user with a password that is told once, another role, and a team with them in it. The password. */
export async function users(person, { url, login }) {
  await person.open(`${url}/org/users`);
  await person.button("New user").click();
  await dialog(person).getByLabel("Sign-in name").fill(login);
  await dialog(person).getByRole("button", { name: "Create" }).click();
  const told = await dialog(person, "The user is there").getByRole("textbox").inputValue();
  const password = /Password: (\S+)/.exec(told)[1];
  await person.button("Done").click();
  const row = person.page.getByRole("row", { name: login });
  await row.getByRole("combobox").selectOption("Editor");
  await person.page.getByText(`${login} has the role Editor.`).waitFor();
  await row.getByRole("combobox").selectOption("Viewer");
  await person.page.getByText(`${login} has the role Viewer.`).waitFor();
  assert.doesNotMatch(await person.page.content(), new RegExp(password), "the password is told once");
  await person.open(`${url}/org/teams`);
  await person.button("New team").click();
  await dialog(person).getByLabel("Name").fill(`Team of ${login}`);
  await dialog(person).getByRole("button", { name: "Create" }).click();
  await person.page.getByLabel("User to add").fill(login);
  await person.button("Add").click();
  await person.page.getByRole("list", { name: "Members" }).getByText(login).first().waitFor();
  return password;
}

/** A service account with a token; the token. Afterwards it is to be revoked by `revoke`. */
export async function token(person, { url, name }) {
  await person.open(`${url}/org/serviceaccounts`);
  await person.button("New service account").click();
  await dialog(person).getByLabel("Name").fill(name);
  await dialog(person).getByRole("button", { name: "Create" }).click();
  await person.button("New token").click();
  await dialog(person).getByRole("button", { name: "Make it" }).click();
  const made = dialog(person, "The token is made");
  await made.getByRole("button", { name: "Copy: Token" }).click();
  const key = await person.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(await made.getByRole("textbox").inputValue(), key);
  await person.button("Done").click();
  await person.page.getByText("expires in 30 days").waitFor();
  return key;
}

export async function revoke(person) {
  await person.button(/^Revoke token-1/).click();
  await dialog(person).getByRole("button", { name: "Revoke" }).click();
  await person.page.getByText("It has no tokens yet.").waitFor();
}

/** Folders: two dashboards are moved at once, the folder is closed to viewers and opened to a user. */
export async function browse(person, { url, login }) {
  await person.open(`${url}/dashboards`);
  for (const title of ["Bulk one", "Bulk two"]) await api(person, "/api/dashboards/db", { dashboard: { title, panels: [] } });
  await person.page.reload();
  await person.button("New folder").click();
  await dialog(person).getByLabel("Name").fill("Shared things");
  await dialog(person).getByRole("button", { name: "Make it" }).click();
  for (const title of ["Bulk one", "Bulk two"]) await person.page.getByRole("checkbox", { name: `Choose ${title}` }).check();
  await person.page.getByRole("toolbar", { name: "Chosen" }).getByRole("button", { name: "Move" }).click();
  await dialog(person).getByLabel("To the folder").selectOption({ label: "Shared things" });
  await dialog(person).getByRole("button", { name: "Move" }).click();
  const folder = person.page.getByRole("region", { name: "Shared things" });
  await folder.getByRole("link", { name: "Bulk two" }).waitFor();
  await person.button("More for the folder Shared things").click();
  await person.page.getByRole("menuitem", { name: "Permissions" }).click();
  await dialog(person).getByRole("button", { name: "Take it from Everybody with the role Viewer" }).click();
  await dialog(person).getByLabel("Kind").selectOption("user");
  await dialog(person).getByLabel("Who", { exact: true }).fill(login);
  await dialog(person).getByRole("button", { name: "Add" }).click();
  await dialog(person).getByRole("button", { name: "Save" }).click();
  await dialog(person).waitFor({ state: "hidden" });
}

/** A dashboard with one chart, for what follows; its uid. */
export async function board(person, { url, title }) {
  await person.open(`${url}/dashboards`);
  const made = await api(person, "/api/dashboards/db", {
    dashboard: {
      title,
      panels: [
        { id: 1, type: "timeseries", title: "Load", gridPos: { x: 0, y: 0, w: 24, h: 9 }, targets: [{ refId: "A", expr: "node_load1" }] },
        { id: 2, type: "timeseries", title: "Lately", timeFrom: "1m", gridPos: { x: 0, y: 9, w: 24, h: 7 }, targets: [{ refId: "A", expr: "node_load1" }] },
      ],
    },
  });
  return made.uid;
}

/** Annotations: at a point by ctrl and click, over a region by a drag, changed and deleted at their marks. */
export async function annotate(person, { url, uid }) {
  await person.open(`${url}/d/${uid}?from=now-5m&to=now`);
  await person.settled();
  const panel = person.panel("Load");
  const marks = panel.getByRole("button", { name: /^Annotation / });
  const box = await person.plot(panel);
  await person.page.keyboard.down("Control");
  await person.page.mouse.click(box.x + box.width * 0.75, box.y + 40);
  await person.page.keyboard.up("Control");
  await dialog(person).getByLabel("Text").fill("A deployment");
  await dialog(person).getByLabel("Tags, with commas").fill("deploy, web");
  await dialog(person).getByRole("button", { name: "Save" }).click();
  await person.until("the mark is drawn", async () => (await marks.count()) === 1);
  assert.equal(person.query.get("from"), "now-5m", "ctrl and click zooms nothing");
  await person.page.keyboard.down("Control");
  await person.drag(panel, 0.2, 0.5);
  await person.page.keyboard.up("Control");
  assert.notEqual(await dialog(person).getByLabel(/^To/).inputValue(), "");
  await dialog(person).getByLabel("Text").fill("An outage");
  await dialog(person).getByRole("button", { name: "Save" }).click();
  await person.until("the region is drawn", async () => (await marks.count()) === 2);
  await marks.filter({ hasNotText: "x" }).and(person.page.getByRole("button", { name: /A deployment/ })).click();
  await person.page.getByRole("button", { name: "Change", exact: true }).click();
  await dialog(person).getByLabel("Text").fill("Another deployment");
  await dialog(person).getByRole("button", { name: "Save" }).click();
  await panel.getByRole("button", { name: /Another deployment/ }).click();
  await person.page.getByRole("button", { name: "Change", exact: true }).click();
  await dialog(person).getByRole("button", { name: "Delete" }).click();
  await dialog(person).getByRole("button", { name: "Yes, delete it" }).click();
  await person.until("the mark is gone", async () => (await marks.count()) === 1);
  // By keys: where the crosshair was moved to.
  await panel.getByRole("application").focus();
  for (let at = 0; at < 3; at++) await person.keys("ArrowLeft");
  await person.keys("p", "a");
  await dialog(person, "Annotation on Load").waitFor();
  assert.notEqual(await dialog(person).getByLabel("From").inputValue(), "");
  await person.keys("Escape");
  // By the menu, without a mouse on the chart.
  await panel.hover();
  await panel.getByRole("button", { name: "Menu of the panel Load" }).click();
  await person.page.getByRole("menuitem", { name: "Add an annotation" }).click();
  await dialog(person, "Annotation on Load").waitFor();
  await person.keys("Escape");
}

/** A snapshot is taken, shown without a query, listed and deleted. */
export async function snapshot(person, { url, uid }) {
  await person.open(`${url}/d/${uid}?from=now-5m&to=now`);
  await person.settled();
  await person.button("Share the dashboard").click();
  await person.page.getByRole("tab", { name: "Snapshot" }).click();
  await dialog(person).getByLabel("Name").fill("As it was");
  await person.button("Take the snapshot").click();
  const link = await dialog(person).getByLabel("Link to the snapshot", { exact: true }).inputValue();
  person.requests = [];
  await person.open(link);
  await person.settled();
  await person.until("the picture is there", async () => (await person.inked(person.panel("Load"))) > 10);
  await person.page.getByText("A snapshot: it shows the data of").waitFor();
  assert.match(await person.panel("Lately").innerText(), /Last 1 minute/, "a range of its own stays");
  assert.deepEqual(person.requests.filter((one) => /\/(proxy|query|annotations)\b/.test(one.url)).map((one) => one.url), [], "a snapshot asks nothing");
  await person.open(`${url}/dashboard/snapshots`);
  await person.button("Delete As it was").click();
  await dialog(person).getByRole("button", { name: "Delete" }).click();
  await person.until("it is gone", async () => (await person.button("Delete As it was").count()) === 0);
}

/** Panels of the library: where one is used, and that it stays as long; another one is renamed, moved and deleted. */
export async function library(person, { url }) {
  await person.open(`${url}/dashboards`);
  for (const [uid, name] of [["used", "Used panel"], ["free", "Free panel"]]) {
    await api(person, "/api/library-elements", { uid, name, kind: 1, model: { type: "stat", description: `It is ${uid}.` } });
  }
  await api(person, "/api/folders", { uid: "shelf", title: "Shelf" });
  await api(person, "/api/dashboards/db", { dashboard: { title: "User of the library", panels: [{ id: 1, gridPos: { x: 0, y: 0, w: 6, h: 4 }, libraryPanel: { uid: "used", name: "Used panel" } }] } });
  await person.page.getByRole("link", { name: "Library panels" }).click();
  const row = (name) => person.page.getByRole("row", { name });
  const pick = async (name, what) => {
    await person.button(`More for ${name}`).click();
    await person.page.getByRole("menuitem", { name: what }).click();
  };
  await row("Used panel").getByRole("button", { name: "one dashboard" }).click();
  await dialog(person, "Where Used panel is used").getByRole("link", { name: "User of the library" }).waitFor();
  await person.keys("Escape");
  await pick("Used panel", "Delete");
  await dialog(person).getByText(/^It is used by one dashboard\./).waitFor();
  await dialog(person).getByRole("link", { name: "User of the library" }).waitFor();
  await dialog(person).getByRole("button", { name: "Close", exact: true }).last().click();
  await person.page.getByRole("searchbox").fill("is free");
  await person.until("one is found", async () => (await person.page.locator("main tbody tr").count()) === 1);
  await pick("Free panel", "Rename");
  await dialog(person).getByLabel("Name").fill("Renamed panel");
  await dialog(person).getByRole("button", { name: "Rename" }).click();
  await row("Renamed panel").waitFor();
  await pick("Renamed panel", "Move");
  await dialog(person).getByLabel("To the folder").selectOption({ label: "Shelf" });
  await dialog(person).getByRole("button", { name: "Move" }).click();
  await row("Renamed panel").getByRole("link", { name: "Shelf" }).waitFor();
  await pick("Renamed panel", "Delete");
  await dialog(person).getByRole("button", { name: "Delete" }).click();
  await person.page.getByText("No panel of the library fits.").waitFor();
}

/** Of one dashboard more may be seen than the role None gives: it, and no page besides. An Admin makes no users. */
export async function roles(person, { url, uid, login, password }) {
  const { id } = await api(person, "/api/admin/users", { login, password, role: "None" });
  const held = await api(person, `/api/dashboards/uid/${uid}/permissions`);
  const items = [...held.map(({ role, permission }) => ({ role, permission })), { userId: id, permission: 1 }];
  await api(person, `/api/dashboards/uid/${uid}/permissions`, { items });
  await signIn(person, { url, user: login, password });
  await person.open(`${url}/`);
  const pages = person.page.getByRole("navigation", { name: "Pages" });
  await person.page.locator("main").getByRole("link", { name: "One chart" }).first().click();
  await person.settled();
  await person.until("it has its line", async () => (await person.inked(person.panel("Load"))) > 10);
  const links = (await pages.getByRole("link").allInnerTexts()).map((text) => text.trim());
  assert.deepEqual(links, ["watchkeeper", "Home", "Dashboards"]);
  return id;
}

/** An Admin who does not administer the server: gives roles, makes no users. */
export async function boss(person, { url, login }) {
  await person.open(`${url}/org/users`);
  await person.page.getByText("Administrators of the server make users").waitFor();
  assert.equal(await person.button("New user").count(), 0);
  assert.equal(await person.button(`More for ${login}`).count(), 0, "nobody takes themselves away");
  assert.equal(await person.button("More for admin").count(), 0, "nor who administers the server");
}

/** A playlist of a dashboard and a tag is made and goes on by hand. */
export async function playlist(person, { url, title }) {
  await person.open(`${url}/playlists/new`);
  await person.page.getByLabel("Name").fill("For the wall");
  const find = person.page.getByRole("searchbox", { name: "Find a dashboard or a tag to add" });
  await find.fill(title);
  await person.page.getByRole("list", { name: "Found" }).getByRole("button", { name: title }).click();
  await find.fill("host");
  await person.page.getByRole("list", { name: "Found" }).getByRole("button", { name: "All with the tag host" }).click();
  await person.button("Save").click();
  await person.page.getByRole("listitem", { name: "For the wall" }).getByRole("link", { name: "Play", exact: true }).click();
  await person.until("the first is shown", async () => (await person.page.title()).startsWith(title));
  await person.button("Next").click();
  await person.until("the next is shown", async () => (await person.page.title()).startsWith("Host"));
  await person.button("Pause").click();
  await person.rest();
  await person.keys("ArrowLeft");
  await person.until("the first again", async () => (await person.page.title()).startsWith(title));
  assert.equal(person.query.get("var-instance"), null, "variables of the one before are none of this one's");
}

/** Data sources say how they are. */
export async function sources(person, { url }) {
  person.expect(/status (of )?400.*uid\/down\/health/);
  await person.open(`${url}/connections/datasources`);
  const down = person.page.getByRole("listitem", { name: "Down" });
  await down.getByRole("button", { name: "Test Down" }).click();
  await down.getByText(/can't be reached/).waitFor();
  const own = person.page.getByRole("listitem", { name: "Prometheus" });
  await own.getByRole("button", { name: "Test Prometheus" }).click();
  await own.getByText(/Successfully queried/).waitFor();
}

/** An export with inputs becomes a dashboard. */
export async function importing(person, { url }) {
  await person.open(`${url}/dashboard/import`);
  const text = JSON.stringify({
    __inputs: [{ name: "DS_P", label: "Metrics", type: "datasource", pluginId: "prometheus" }, { name: "VAR_JOB", label: "Job", type: "constant", value: "nothing" }],
    title: "Brought along", schemaVersion: 39,
    panels: [{ id: 1, type: "stat", title: "Up", gridPos: { x: 0, y: 0, w: 12, h: 6 }, datasource: { type: "prometheus", uid: "${DS_P}" }, targets: [{ refId: "A", expr: "count(up{job=\"${VAR_JOB}\"})" }] }],
  });
  await person.page.getByRole("textbox", { name: "JSON of the dashboard" }).fill(text);
  await person.page.getByLabel(/^Metrics/).selectOption({ label: "Prometheus" });
  await person.page.getByLabel("Job").fill("node");
  await person.button("Import").click();
  await person.until("it is opened", () => person.path.startsWith("/d/"));
  await person.until("its panel has a value", async () => /2/.test(await person.panel("Up").locator(".body").innerText()));
}

/** A viewer reads why a page is not theirs, sees what was opened to them alone, and can't annotate. */
export async function viewer(person, { url, uid }) {
  await person.open(`${url}/org/users`);
  await person.page.getByText("This page is for administrators. You have the role Viewer.").waitFor();
  assert.equal(await person.page.getByRole("link", { name: "Service accounts" }).count(), 0);
  await person.open(`${url}/dashboards`);
  await person.page.getByRole("link", { name: "Bulk one" }).waitFor();
  assert.equal(await person.page.getByRole("checkbox", { name: "Choose Host" }).count(), 0);
  await person.open(`${url}/d/${uid}?from=now-5m&to=now`);
  await person.settled();
  const box = await person.plot(person.panel("Load"));
  await person.page.keyboard.down("Control");
  await person.page.mouse.click(box.x + box.width * 0.75, box.y + 40);
  await person.page.keyboard.up("Control");
  await person.page.waitForTimeout(300);
  assert.equal(await dialog(person, /^Annotation on/).count(), 0);
}

/** Pages of administration fit a telephone, and say nothing that is none. */
export async function narrow(person, { url, paths }) {
  await person.page.setViewportSize({ width: 390, height: 844 });
  try {
    for (const path of paths) {
      await person.open(`${url}${path}`);
      await person.page.locator("main :is(table, ul, form, .nothing)").first().waitFor();
      assert.ok((await person.overflow()) <= 0, `${path} is wider than its window by ${await person.overflow()} px`);
      assert.doesNotMatch(await person.page.locator("main").innerText(), /\b(undefined|NaN|Invalid Date|\[object Object\])\b/, path);
    }
  } finally {
    await person.page.setViewportSize({ width: 1280, height: 900 });
  }
}

/** A wrong password is told; a right one is changed, and the person stays signed in. */
export async function password(person, { url, old, fresh }) {
  person.expect(/status (of )?401.*user\/password/);
  await person.open(`${url}/profile`);
  const now = person.page.getByLabel("Now");
  const change = async (said) => {
    await now.fill(said);
    for (const label of ["New", "New, once more"]) await person.page.getByLabel(label, { exact: true }).fill(fresh);
    await person.button("Change the password").click();
  };
  await change("not this one");
  await person.page.getByText("The password of now is wrong.").waitFor();
  await change(old);
  await person.page.getByText(/^The password was changed/).waitFor();
  await person.open(`${url}/profile`);
  await person.page.getByRole("list", { name: "Sessions" }).getByText("this one").waitFor();
}
