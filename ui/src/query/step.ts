/** How far apart the points of one query of a panel are. */

import type { Panel, Target } from "../core/model/dashboard.ts";
import { calculateInterval, minInterval, stepFor } from "../core/time/interval.ts";
import type { Span } from "../core/time/range.ts";

/**
 * intervalMs  what `$__interval` is
 * scrapeMs    what `$__rate_interval` is reckoned from: the query's minimum, else the data source's scrape interval
 * stepMs      what is sent
 */
export interface QueryStep {
  intervalMs: number;
  scrapeMs: number;
  stepMs: number;
}

/** Panels without a width yet, and those that show one number, are asked as if they were this wide, in px. */
const USUAL_WIDTH = 600;
const MOST_POINTS = 3000;

/** `interpolate` puts the variables into the minimums, which may be such. */
export function queryStep(
  span: Span,
  panel: Pick<Panel, "interval" | "maxDataPoints">,
  target: Pick<Target, "interval" | "intervalFactor">,
  width: number,
  timeInterval: string | undefined,
  interpolate: (text: string) => string,
): QueryStep {
  const length = Math.max(0, span.to - span.from);
  const points = panel.maxDataPoints && panel.maxDataPoints > 0 ? panel.maxDataPoints : Math.min(MOST_POINTS, Math.max(1, Math.round(width) || USUAL_WIDTH));
  const own = minInterval(target.interval ? interpolate(target.interval) : null);
  const least = own || minInterval(panel.interval ? interpolate(panel.interval) : null, timeInterval);
  const interval = calculateInterval(length, points, least);
  return {
    intervalMs: interval.ms,
    scrapeMs: own || minInterval(timeInterval),
    stepMs: stepFor(length, interval.ms, target.intervalFactor ? { factor: target.intervalFactor } : {}),
  };
}
