/**
 * Opens one Chromium and does what it is told, a line of JSON each time: {"step": "host.liveLines", "args": {…}} runs the
 * function of that name in steps/host.mjs and answers {"ok", "value" | "error", "faults"}. What the browser complains of while
 * a step runs (errors in the console, failed requests, requests to other hosts) makes the step fail.
 *
 * node driver.mjs <folder of the pages' packages> <chromium> <own folder> <folder for pictures>
 */

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Person } from "./person.mjs";

const [packages, chromiumPath, userData, pictures] = process.argv.slice(2);
const { chromium } = createRequire(pathToFileURL(join(packages, "package.json")))("playwright-core");

const context = await chromium.launchPersistentContext(userData, {
  executablePath: chromiumPath,
  headless: true,
  viewport: { width: 1280, height: 900 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage", "--host-resolver-rules=MAP plain.test 127.0.0.1"],
  locale: "en-GB",
  timezoneId: "UTC",
});
await context.grantPermissions(["clipboard-read", "clipboard-write"]);
const person = new Person(context, context.pages()[0] ?? (await context.newPage()));
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ok: true, value: "open" });

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { step, args } = JSON.parse(line);
  const [file, name] = step.split(".");
  person.begin();
  let answer;
  try {
    const steps = await import(`./steps/${file}.mjs`);
    const value = await steps[name](person, args ?? {});
    answer = { ok: person.faults.length === 0, value: value ?? null, faults: person.faults };
  } catch (error) {
    answer = { ok: false, error: String(error.stack ?? error), faults: person.faults };
  }
  if (!answer.ok) {
    answer.picture = join(pictures, `${++count}-${step}.png`);
    await person.page.screenshot({ path: answer.picture }).catch(() => {});
  }
  say(answer);
}
await context.close();
