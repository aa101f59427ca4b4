/** How fast the pages are and how much they weigh. */

import assert from "node:assert/strict";
import { Alone } from "../alone.mjs";

/** A name of this host that browsers do not trust: they read brotli only from hosts that they do. See driver.mjs. */
const PLAIN_HOST = "plain.test";

/** Milliseconds from the start of the navigation until `selector` is there and the main thread is free; JS files that came. */
async function load(person, url, selector, { cold }) {
  const client = await person.context.newCDPSession(person.page);
  if (cold) await client.send("Network.clearBrowserCache");
  await person.page.goto("about:blank");
  const files = new Set();
  const note = (response) => /\/assets\/.*\.js$/.test(response.url()) && files.add(new URL(response.url()).pathname.split("/").pop());
  person.page.on("response", note);
  await person.page.goto(url, { waitUntil: "commit" });
  const shown = await person.page.evaluate((wanted) => new Promise((done) => {
    const look = () => (document.querySelector(wanted) ? setTimeout(() => done(performance.now())) : requestAnimationFrame(look));
    look();
  }), selector);
  await person.settled(60_000);
  const complete = await person.page.evaluate(() => performance.now());
  person.page.off("response", note);
  await client.detach();
  return { shown_ms: Math.round(shown), complete_ms: Math.round(complete), files: [...files] };
}

/** The home page: interactive when its first panel stands there and takes clicks. Cold and warm, the median of some. */
export async function home(person, { url, rounds = 5 }) {
  await person.open(`${url}/`);
  const middle = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const cold = [];
  const warm = [];
  for (let at = 0; at < rounds; at++) {
    cold.push((await load(person, `${url}/`, "section.panel", { cold: true })).shown_ms);
    warm.push((await load(person, `${url}/`, "section.panel", { cold: false })).shown_ms);
  }
  return { cold_ms: middle(cold), warm_ms: middle(warm) };
}

/** Bytes of JavaScript that a page takes when nothing is there yet, by file: as they came in that encoding, "gzip" or "br". */
export async function files(person, { url, selector, encoding = "gzip" }) {
  const client = await person.context.newCDPSession(person.page);
  await client.send("Network.enable");
  await client.send("Network.clearBrowserCache");
  await person.page.goto("about:blank");
  const names = new Map();
  const found = {};
  const came = new Set();
  client.on("Network.responseReceived", ({ requestId, response }) => {
    const name = /\/(assets\/[^/?]+\.js)$/.exec(response.url)?.[1];
    if (!name) return;
    names.set(requestId, [name, response.encodedDataLength]);
    came.add(Object.entries(response.headers).find(([header]) => header.toLowerCase() === "content-encoding")?.[1] ?? encoding);
  });
  // All that came less the head, which `encodedDataLength` of the response is.
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const [name, head] = names.get(requestId) ?? [];
    if (name) found[name] = encodedDataLength - head;
  });
  await person.open(encoding === "gzip" ? url.replace("127.0.0.1", PLAIN_HOST) : url);
  await person.page.locator(selector).first().waitFor();
  await person.page.waitForTimeout(1500);
  assert.deepEqual([...came], [encoding]);
  await client.detach();
  return found;
}

/** A dashboard in a window that shows all its panels, until the last has drawn; the median of some. */
export async function dashboard(person, { url, rounds = 3 }) {
  await person.page.setViewportSize({ width: 1600, height: 2400 });
  const took = [];
  let panels = 0;
  for (let at = 0; at < rounds; at++) {
    await person.page.goto("about:blank");
    await person.page.goto(url, { waitUntil: "commit" });
    took.push(await person.page.evaluate((wanted) => new Promise((done) => {
      const look = () => {
        const all = [...document.querySelectorAll("section.panel")];
        if (all.length >= wanted && all.every((one) => one.dataset.loading === "false" && one.querySelector("canvas"))) requestAnimationFrame(() => done(performance.now()));
        else setTimeout(look, 10);
      };
      look();
    }), 30));
    panels = await person.page.locator("section.panel canvas").count();
  }
  await person.page.setViewportSize({ width: 1280, height: 900 });
  return { complete_ms: Math.round(took.sort((a, b) => a - b)[Math.floor(took.length / 2)]), panels };
}

/** Frames a second while a chart of series × points is panned by its axis; the answer is made here, so that only drawing counts. */
export async function pan(person, { url, series = 50, points = 1000 }) {
  await person.page.route(/query_range/, (route) => {
    const query = new URLSearchParams(route.request().postData() ?? route.request().url().split("?")[1]);
    const [start, end] = [Number(query.get("start")), Number(query.get("end"))];
    const result = Array.from({ length: series }, (_, s) => ({
      metric: { series: String(s) },
      values: Array.from({ length: points }, (_, p) => [start + ((end - start) * p) / (points - 1), String(s + 10 * Math.sin(p / 20 + s))]),
    }));
    return route.fulfill({ json: { status: "success", data: { resultType: "matrix", result } } });
  });
  try {
    await person.open(url);
    const panel = person.page.locator("section.panel").first();
    await person.until("it is drawn", async () => (await person.inked(panel)) > 1000, 20_000);
    const box = await panel.locator(".u-axis").first().boundingBox();
    const y = box.y + box.height / 2;
    await person.page.mouse.move(box.x + box.width / 2, y);
    await person.page.mouse.down();
    const counted = person.page.evaluate(() => new Promise((done) => {
      const start = performance.now();
      let frames = 0;
      let worst = 0;
      let last = start;
      const beat = (now) => {
        frames++;
        worst = Math.max(worst, now - last);
        last = now;
        if (now - start < 3000) requestAnimationFrame(beat);
        else done({ frames_per_s: Math.round((frames / (now - start)) * 10_000) / 10, worst_frame_ms: Math.round(worst) });
      };
      requestAnimationFrame(beat);
    }));
    const end = Date.now() + 3100;
    for (let at = 0; Date.now() < end; at++) await person.page.mouse.move(box.x + box.width / 2 + Math.round(100 * Math.sin(at / 25)), y);
    const answer = await counted;
    await person.page.mouse.up();
    return { points: series * points, ...answer };
  } finally {
    await person.page.unroute(/query_range/);
  }
}

/** Waits in the page until no panel waits; `press` first, each time, where there are refreshes to do. */
function refreshed(times) {
  const settled = () => {
    const panels = [...document.querySelectorAll("section.panel")].filter((one) => one.getBoundingClientRect().top < innerHeight);
    return panels.length > 0 && panels.every((one) => one.dataset.loading === "false" && one.querySelector(".body")?.childElementCount);
  };
  const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const until = (begin) =>
    new Promise((done, failed) => {
      const late = setTimeout(() => failed(new Error("no answer within 20 s")), 20_000);
      let asked = !begin;
      const look = () => {
        if (!settled()) asked = true;
        else if (asked) {
          seen.disconnect();
          clearTimeout(late);
          done();
        }
      };
      const seen = new MutationObserver(look);
      seen.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-loading"] });
      begin?.();
      if (asked) look();
    });
  return (async () => {
    if (!times) await until(null);
    for (let done = 0; done < times; done++) await until(() => ["d", "r"].forEach(press));
    return times;
  })();
}

/** Memory of the page after so many refreshes, and before them. */
export async function memory(_person, { url, refreshes }) {
  const alone = await Alone.open(process.argv[3], url);
  try {
    await alone.evaluate(refreshed, 0);
    const before = await alone.memory();
    let done = 0;
    for (; done < refreshes; done += 20) await alone.evaluate(refreshed, Math.min(20, refreshes - done));
    return { refreshes: done, before, after: await alone.memory() };
  } finally {
    await alone.close();
  }
}
