/** Takes pictures of the gallery: node shoot.mjs <built folder> <out folder> [query] [width]. */
import { chromium } from "playwright-core";
import { createServer } from "node:http";
import { readFileSync, mkdirSync, mkdtempSync, existsSync } from "node:fs";
import { extname, join } from "node:path";
import { tmpdir } from "node:os";

const [folder, out, query = "", width = "1240", name = "shot"] = process.argv.slice(2);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const server = createServer((request, response) => {
  const path = join(folder, new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html"));
  if (!existsSync(path)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" }).end(readFileSync(path));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
mkdirSync(out, { recursive: true });
const browser = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "shoot-")), {
  executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"], viewport: { width: Number(width), height: 900 },
});
const page = await browser.newPage();
page.on("console", (message) => ["error", "warning"].includes(message.type()) && process.stdout.write(`console: ${message.text()}\n`));
page.on("pageerror", (error) => process.stdout.write(`error: ${error.stack}\n`));
await page.goto(`http://127.0.0.1:${server.address().port}/?${query}`);
await page.waitForTimeout(1200);
const height = await page.evaluate(() => document.body.scrollHeight);
for (let top = 0, part = 0; top < height; top += 1500, part++) await page.screenshot({ path: join(out, `${name}${part || ""}.png`), fullPage: true, clip: { x: 0, y: top, width: Number(width), height: Math.min(1500, height - top) } });
await browser.close();
server.close();
