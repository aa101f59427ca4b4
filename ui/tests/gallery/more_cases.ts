/** The rarer panels. */

import { frame, type Frame } from "../../src/core/frame/frame.ts";
import type { PanelServices } from "../../src/panels/services.ts";
import { type Case, made, NOW, series, SPAN, table, times } from "./cases.ts";
import { seeded, walk } from "./random.ts";

const labels = { namespace: "monitoring", pod: "api-0", severity: "critical" };

export const services: PanelServices = {
  base: "/",
  recolor: (panel, name, color) => (document.title = `${panel.title}: ${name} ${color}`),
  annotations: () => [
    { time: SPAN.from + 3_600_000, color: "#4fb3c8", title: "Deploy", text: "api 1.2.3 <b>not bold</b>", tags: ["deploy", "api"] },
    { time: SPAN.from + 9_000_000, timeEnd: SPAN.from + 11_000_000, color: "#f2697a", title: "Incident", text: "Disk was full" },
  ],
  alerts: async () => [
    { name: "PodCrashLooping", state: "firing", labels, since: NOW - 600_000, summary: "Pod api-0 restarts again and again", href: "/alerts" },
    { name: "PodCrashLooping", state: "firing", labels: { ...labels, pod: "api-1" }, since: NOW - 60_000 },
    { name: "NodeFull", state: "pending", labels: { instance: "10.0.0.1:9100" }, since: NOW - 30_000, href: "javascript:alert(1)" },
  ],
  dashboards: async () => [
    { uid: "a", title: "Host", href: "/d/a", folder: "General", tags: [] },
    { uid: "b", title: "Kubernetes / Pods", href: "/d/b", tags: ["kubernetes"] },
  ],
};

const thresholds = { mode: "absolute" as const, steps: [{ value: null, color: "green" }, { value: 50, color: "orange" }, { value: 80, color: "red" }] };

export function heatBuckets(): Frame {
  const random = seeded(8);
  const at = times(90);
  const limits = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"];
  return frame(
    [
      { name: "Time", type: "time", values: at, config: {} },
      ...limits.map((le, row) => ({
        name: le, type: "number" as const, labels: { le }, config: {},
        values: at.map((_, column) => Math.max(0, Math.round(120 * Math.exp(-((row - 5 - 2 * Math.sin(column / 12)) ** 2) / 3) * (0.5 + random()) - 6))),
      })),
    ],
    { refId: "A", meta: { kind: "heatmap", stepMs: 240_000 } },
  );
}

function lines(): Frame {
  const random = seeded(5);
  const count = 3000;
  const messages = [
    'level=info msg="request done" status=200 path=/api/v1/query took=12ms', 'level=error msg="store failed" err="disk is full" tenant=a', 'level=warn msg="slow query" took=3.2s expr="sum(rate(x[5m]))"',
    '{"level":"debug","msg":"cache hit","key":"abc","nested":{"a":1}}', "\u001b[1;32mGET\u001b[0m \u001b[4m/api\u001b[24m \u001b[38;5;208m404\u001b[0m \u001b[3;38;2;20;20;20mdark grey\u001b[0m \u001b[41mon red\u001b[49m \u001b[7mturned\u001b[0m \u001b]0;title\u0007\u001b[2Jend", "\u001b[31mplain line\u001b[0m <img src=x onerror=alert(1)> with <b>markup</b> that must stay text and is rather long so that it wraps when it is to be wrapped in the panel",
  ];
  const at = Array.from({ length: count }, (_, index) => NOW - index * 7000);
  const pods = [{ app: "api", pod: "api-0" }, { app: "api", pod: "api-1" }];
  return frame(
    [
      { name: "labels", type: "other", values: at.map((_, index) => pods[index % 2]), config: {} },
      { name: "Time", type: "time", values: at, config: {} },
      { name: "Line", type: "string", values: at.map(() => messages[Math.floor(random() * messages.length)]), config: {} },
      { name: "tsNs", type: "string", values: at.map((each) => `${each}000000`), config: {} },
      { name: "id", type: "string", values: at.map((_, index) => `line-${index}`), config: {} },
    ],
    { refId: "A", meta: { kind: "logs" } },
  );
}

function states(): Frame[] {
  return ["api", "web", "db"].map((name, row) => {
    const random = seeded(row + 40);
    let value = 1;
    return series(name, times(180).map(() => (random() < 0.06 ? (value = Math.floor(random() * 3)) : value)));
  });
}

export function moreCases(): Case[] {
  const list: Case[] = [];
  const add = (spec: Parameters<typeof made>[0]) => list.push(made(spec));
  const shares = ["api", "web", "worker", "cache"].map((name, index) => series(name, walk(index + 60, 60, 15 + index * 22, 8)));
  const reduce = { reduceOptions: { calcs: ["lastNotNull"] } };
  const stateMappings = [{ type: "value" as const, options: { 0: { text: "Down", color: "red" }, 1: { text: "Up", color: "green" }, 2: { text: "Unknown", color: "yellow" } } }];

  add({ name: "Gauge", type: "gauge", w: 6, h: 6, frames: [shares[3]!], defaults: { unit: "percent", thresholds }, options: { ...reduce, showThresholdLabels: true, showThresholdMarkers: true } });
  add({ name: "Gauges", type: "gauge", w: 18, h: 6, frames: shares, defaults: { unit: "percent", thresholds }, options: reduce });
  add({ name: "Bar gauge gradient", type: "bargauge", w: 8, h: 6, frames: shares, defaults: { unit: "percent", thresholds }, options: { ...reduce, displayMode: "gradient", orientation: "horizontal", showUnfilled: true } });
  add({ name: "Bar gauge LCD", type: "bargauge", w: 8, h: 6, frames: shares, defaults: { unit: "percent", thresholds }, options: { ...reduce, displayMode: "lcd", orientation: "horizontal" } });
  add({ name: "Bar gauge basic upright", type: "bargauge", w: 8, h: 6, frames: shares, defaults: { unit: "percent", color: { mode: "continuous-GrYlRd" } }, options: { ...reduce, displayMode: "basic", orientation: "vertical" } });
  add({ name: "Heatmap of buckets", type: "heatmap", w: 12, h: 9, frames: [heatBuckets()], options: { calculate: false, yAxis: { unit: "s" }, color: { mode: "scheme", scheme: "Oranges", steps: 64 }, cellGap: 1, filterValues: { le: 1e-9 }, tooltip: { mode: "single", yHistogram: true }, legend: { show: true } } });
  add({ name: "Heatmap calculated", type: "heatmap", w: 12, h: 9, frames: Array.from({ length: 30 }, (_, n) => series(`s${n}`, walk(n + 90, 360, 50 + n, 30))), options: { calculate: true, color: { mode: "scheme", scheme: "Spectral", steps: 64 }, yAxis: { unit: "percent" } } });
  add({ name: "Histogram", type: "histogram", w: 8, h: 7, frames: [series("latency", walk(7, 2000, 40, 30))], defaults: { unit: "ms" }, options: { legend: { showLegend: true } } });
  add({ name: "Pie", type: "piechart", w: 8, h: 7, frames: shares, defaults: { unit: "bytes" }, options: { ...reduce, pieType: "pie", displayLabels: ["percent"], legend: { displayMode: "table", placement: "right", values: ["value", "percent"], showLegend: true } } });
  add({ name: "Donut", type: "piechart", w: 8, h: 7, frames: shares, options: { ...reduce, pieType: "donut", legend: { displayMode: "list", placement: "bottom", values: ["percent"], showLegend: true } } });
  const bars = table({ zone: ["eu-1", "eu-2", "us-1", "us-2", "ap-1"], reads: [120, 80, 140, 60, 30], writes: [40, 30, 60, 90, 10] });
  add({ name: "Bar chart", type: "barchart", w: 12, h: 7, frames: [bars], defaults: { unit: "reqps" }, options: { legend: { showLegend: true }, tooltip: { mode: "multi" } } });
  add({ name: "Bar chart across, stacked", type: "barchart", w: 12, h: 7, frames: [bars], options: { orientation: "horizontal", stacking: "normal", legend: { showLegend: true, placement: "right" } } });
  add({ name: "State timeline", type: "state-timeline", w: 12, h: 7, frames: states(), defaults: { mappings: stateMappings, custom: { fillOpacity: 70 } }, options: { mergeValues: true, rowHeight: 0.9, showValue: "auto", legend: { showLegend: true, placement: "bottom" }, tooltip: { mode: "single" } } });
  add({ name: "Status history", type: "status-history", w: 12, h: 7, frames: states().map((each) => ({ ...each, fields: each.fields.map((field) => ({ ...field, values: field.values.filter((_, index) => index % 6 === 0) })), length: 30 })), defaults: { mappings: stateMappings }, options: { rowHeight: 0.9, colWidth: 0.9, legend: { showLegend: true } } });
  add({ name: "Logs", type: "logs", w: 14, h: 9, frames: [lines()], options: { showTime: true, wrapLogMessage: true, sortOrder: "Descending", enableLogDetails: true, showLabels: true, showCommonLabels: true } });
  add({ name: "Text", type: "text", w: 10, h: 9, frames: [], options: { mode: "markdown", content: "# Version $version\n\nSome *markdown* with a [link](https://example.org), a [bad one](javascript:alert(1)).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<img src=x onerror=alert(1)> <script>alert(1)</script> `code`" } });
  add({ name: "Alerts", type: "alertlist", w: 8, h: 7, frames: [], options: { sortOrder: 1, maxItems: 20, stateFilter: { firing: true, pending: true } } });
  add({ name: "Dashboards", type: "dashlist", w: 8, h: 7, frames: [], options: { showStarred: true } });
  add({ name: "Of another kind", type: "nodeGraph", w: 8, h: 7, frames: [] });
  return list;
}
