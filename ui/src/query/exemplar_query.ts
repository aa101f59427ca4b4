/** Exemplars of a query, asked of a Prometheus. */

import type { DataSource } from "../api/grafana.ts";
import type { PrometheusClient } from "../api/prometheus.ts";
import type { Frame } from "../core/frame/frame.ts";
import { framesOfExemplars } from "../core/frame/from_exemplars.ts";
import type { QueryContext } from "./context.ts";
import type { PreparedQuery } from "./prometheus_query.ts";
import { scheduler } from "./scheduler.ts";

/** A frame of them, or none. Raises ApiError. */
export async function exemplarQuery(client: PrometheusClient, query: PreparedQuery, refId: string, source: DataSource, context: QueryContext): Promise<Frame[]> {
  const key = `${client.base} exemplars ${query.from} ${query.to} ${query.expr}`;
  const answer = await scheduler.run(key, context.priority + 5, (signal) => client.exemplars(query.expr, query, signal), context.signal);
  return linked(framesOfExemplars(answer.data ?? [], refId), source);
}

/** Exemplars with links on the labels that lead to traces, as the data source names them. */
function linked(frames: Frame[], source: DataSource): Frame[] {
  const known = source.jsonData?.exemplarTraceIdDestinations;
  const destinations = Array.isArray(known) ? (known as { name?: unknown; url?: unknown; urlDisplayLabel?: unknown }[]) : [];
  for (const { fields } of frames) {
    for (const field of fields) {
      const links = destinations.flatMap(({ name, url, urlDisplayLabel }) =>
        name === field.name && typeof url === "string" && url ? [{ title: typeof urlDisplayLabel === "string" && urlDisplayLabel ? urlDisplayLabel : `Open ${field.name}`, url, targetBlank: true }] : [],
      );
      if (links.length) field.config = { ...field.config, links };
    }
  }
  return frames;
}
