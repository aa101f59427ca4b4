/** Drives the gallery as a person would and says what came of it: node drive.mjs <built folder> <out folder>. */
import { chromium } from "playwright-core";
import { createServer } from "node:http";
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { tmpdir } from "node:os";

const [folder, out] = process.argv.slice(2);
const say = (text) => process.stdout.write(`${text}\n`);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const server = createServer((request, response) => {
  const path = join(folder, new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html"));
  if (!existsSync(path)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" }).end(readFileSync(path));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
mkdirSync(out, { recursive: true });
const browser = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "drive-")), {
  executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info"], viewport: { width: 1240, height: 900 },
});
const base = `http://127.0.0.1:${server.address().port}/`;
const page = await browser.newPage();
page.on("console", (message) => message.type() === "error" && !message.text().includes("404") && say(`console: ${message.text()}`));
page.on("pageerror", (error) => say(`error: ${error.stack}`));

await page.goto(`${base}?only=timeseries`);
await page.waitForSelector(".u-over");
await page.waitForTimeout(500);
const over = page.locator(".u-over").first();
const box = await over.boundingBox();
await page.mouse.move(box.x + 200, box.y + 60);
await page.mouse.move(box.x + 205, box.y + 62);
await page.waitForTimeout(200);
say(`tooltips while hovering (shared): ${await page.locator(".tooltip").count()}`);
await page.screenshot({ path: join(out, "hover.png") });
await page.mouse.click(box.x + 205, box.y + 62);
await page.waitForTimeout(150);
say(`pinned: ${await page.locator('.tooltip[role="dialog"]').count()}`);
await page.keyboard.press("Escape");
await page.waitForTimeout(100);
say(`pinned after escape: ${await page.locator('.tooltip[role="dialog"]').count()}`);
await page.mouse.move(box.x + 100, box.y + 60);
await page.mouse.down();
await page.mouse.move(box.x + 220, box.y + 62, { steps: 6 });
await page.mouse.up();
await page.waitForTimeout(200);
say(`zoom by drag: ${await page.locator("#zooms").textContent()}`);
await page.mouse.dblclick(box.x + 200, box.y + 60);
await page.waitForTimeout(200);
say(`zoom out by double click: ${await page.locator("#zooms").textContent()}; pinned ${await page.locator('.tooltip[role="dialog"]').count()}`);
await page.keyboard.press("Escape");
const name = page.locator(".legend .name").nth(1);
await name.click();
await page.waitForTimeout(150);
say(`isolated: off ${await page.locator("section").first().locator(".name.off").count()} of ${await page.locator("section").first().locator(".name").count()}`);
await name.click();
await name.click({ modifiers: ["Control"] });
say(`taken out: off ${await page.locator("section").first().locator(".name.off").count()}`);
await page.locator(".time-chart, .plot-box").first().focus();
await page.keyboard.press("ArrowLeft");
await page.keyboard.press("ArrowLeft");
await page.waitForTimeout(150);
say(`tooltip by keys: ${await page.locator(".tooltip").count()}`);

await page.goto(`${base}?points=50000`);
await page.waitForSelector(".u-axis");
await page.waitForTimeout(600);
const axis = await page.locator(".u-axis").first().boundingBox();
await page.mouse.move(axis.x + 900, axis.y + 12);
await page.mouse.down();
const fps = await page.evaluate(async () => {
  const start = { x: 900, y: 0 };
  void start;
  let frames = 0;
  let worst = 0;
  let last = performance.now();
  const begin = last;
  let x = 900;
  await new Promise((done) => {
    const tick = (now) => {
      frames++;
      worst = Math.max(worst, now - last);
      last = now;
      x -= 4;
      window.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: 500 }));
      if (now - begin < 2500) requestAnimationFrame(tick);
      else done();
    };
    requestAnimationFrame(tick);
  });
  return { fps: Math.round((frames / (last - begin)) * 1000), worst: Math.round(worst) };
});
await page.mouse.up();
say(`pan with 50,000 points: ${JSON.stringify(fps)}; ${await page.locator("#zooms").textContent()}`);
await page.goto(base);
await page.waitForSelector(".u-over");
await page.waitForTimeout(800);
const session = await page.context().newCDPSession(page);
const measure = async () => {
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  const { jsHeapUsedSize, nodes, jsEventListeners } = await session.send("Memory.getDOMCounters").then(async (counters) => ({ ...counters, ...(await session.send("Runtime.getHeapUsage").then((heap) => ({ jsHeapUsedSize: heap.usedSize }))) }));
  return `${(jsHeapUsedSize / 1e6).toFixed(1)} MB, ${nodes} nodes, ${jsEventListeners} listeners`;
};
const refresh = (count) => page.evaluate(async (times) => {
  for (let index = 0; index < times; index++) {
    window.refreshGallery(index);
    await new Promise(requestAnimationFrame);
  }
}, count);
await refresh(20);
say(`after 20 refreshes of all panels: ${await measure()}`);
const began = Date.now();
await refresh(Number(process.argv[4] ?? 100));
say(`after ${process.argv[4] ?? 100} more (${Date.now() - began} ms): ${await measure()}`);
await browser.close();
server.close();
