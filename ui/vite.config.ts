import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Of Svelte, what only later pages use: in a file of its own, which the first page does not ask for. */
const LATER = /svelte\/src\/internal\/(client\/dom\/(elements\/bindings\/(input|select|universal)|blocks\/(html|svelte-element))|shared\/clone)\.js$/;

function withoutEffects(): Plugin {
  return {
    name: "without-effects",
    apply: "build",
    transform: (code, id) => (LATER.test(id) ? { code, moduleSideEffects: false } : null),
  };
}

/** Each file a second and third time, compressed: the server sends what the browser takes. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle(options, bundle) {
      for (const file of Object.keys(bundle)) {
        if (!/\.(js|css|html|svg|json)$/.test(file) || file.startsWith(".vite/")) continue;
        const path = join(options.dir ?? "", file);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}

/**
 * Modules are fetched without Vite's help: there is one stylesheet, and what a page needs comes in few files, so that its lists
 * of what to fetch before each part would be most of what they say.
 */
function plainImports(): Plugin {
  const helper = "\0vite/preload-helper.js";
  return {
    name: "plain-imports",
    enforce: "pre",
    apply: "build",
    load: (id) => (id === helper ? "export const __vitePreload = (load) => load();" : null),
  };
}

/**
 * What packages have for others and we never reach, said in a way that the minifier sees: Svelte's taking over of pages that a
 * server has made; uPlot's own legend, its time axis (ours knows time zones and never says `time: true`) and its helpers for callers.
 */
const NEVER: Record<string, [from: string, to: string][]> = {
  "/svelte/src/internal/client/dom/hydration.js": [["export let hydrating = false;", "export const hydrating = false;"], ["hydrating = value;", ""]],
  "/uplot/dist/uPlot.esm.js": [
    ["const showLegend = legend.show;", "const showLegend = false;"],
    ["if (legend.show && legend.live && shouldSetLegend)", "if (false)"],
    ["let isTime = sc.time;", "const isTime = false;"],
    ["let isTime = mode == 1 && scales[s.scale].time;", "const isTime = false;"],
    ["= genTimeStuffs(1);", "= [];"],
    ["= genTimeStuffs(1e-3);", "= [];"],
    ["const _timeAxisSplits = (ms == 1 ? timeAxisSplitsMs(_tzDate) : timeAxisSplitsS(_tzDate));", ""],
    ["const _timeAxisVals   = timeAxisVals(_tzDate, timeAxisStamps((ms == 1 ? _timeAxisStampsMs : _timeAxisStampsS), _fmtDate));", ""],
    ["const _timeSeriesVal  = timeSeriesVal(_tzDate, timeSeriesStamp(_timeSeriesStamp, _fmtDate));", ""],
    ["uPlot.join = join;", ""],
    ["uPlot.fmtDate = fmtDate;", ""],
    ["uPlot.tzDate  = tzDate;", ""],
  ],
};

function neverReached(): Plugin {
  return {
    name: "never-reached",
    apply: "build",
    transform(code, id) {
      const file = Object.keys(NEVER).find((end) => id.endsWith(end));
      if (!file) return null;
      for (const [from, to] of NEVER[file]!) {
        if (!code.includes(from)) this.error(`${file} has no longer: ${from}`);
        code = code.replaceAll(from, to);
      }
      return code;
    },
  };
}

/**
 * What the first page takes comes in three files instead of forty: they compress better, and are asked for at once. A group
 * has what its modules import too, but for what is in the groups before it.
 */
const GROUPS = [
  { name: "forms", priority: 4, test: LATER, includeDependenciesRecursively: false },
  { name: "shell", priority: 3, tags: ["$initial" as const] },
  // Explore has these too.
  { name: "charts", priority: 2, test: /src\/(charts\/TimeChart\.svelte|core\/frame\/(overrides|standard_config)\.ts|page\/time\/TimePicker\.svelte|panels\/panel\.ts|query\/panel_query\.ts)$/ },
  { name: "editor", priority: 2, test: /src\/editor\/(setup|patience)\.ts$/ },
  { name: "dashboard", priority: 1, test: /src\/(views\/(home\/Home|dashboard\/(Dashboard|DashboardPage))|panels\/(timeseries|stat)\/Panel)\.svelte$/ },
];

export default defineConfig({
  // Below any path: the server writes the base into index.html.
  base: "./",
  plugins: [svelte({ compilerOptions: { runes: true, discloseVersion: false, cssHash: ({ hash, css }) => `s-${hash(css).slice(0, 5)}` } }), plainImports(), neverReached(), withoutEffects(), compressed()],
  build: {
    outDir: "../src/watchkeeper/web/ui/built",
    emptyOutDir: true,
    target: "es2022",
    
    manifest: true,
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 500,
    rolldownOptions: { optimization: { inlineConst: { mode: "all", pass: 3 } }, output: { codeSplitting: { groups: GROUPS } } },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/all_units.ts"],
    environment: "node",
    env: { TZ: "UTC" },
  },
});
