/** The annotations that people keep on a dashboard. */

import type { Annotation, Dashboard } from "../../../core/model/dashboard.ts";

const BUILT_IN: Annotation = {
  builtIn: 1, datasource: { type: "grafana", uid: "-- Grafana --" }, enable: true, hide: true, iconColor: "rgba(0, 211, 255, 1)", name: "Annotations & Alerts", type: "dashboard",
};

/** The dashboard with the query for them, which JSON that was written by hand has not. */
export function withBuiltIn(dashboard: Dashboard): Dashboard {
  const { list } = dashboard.annotations;
  return list.some((one) => one.builtIn === 1) ? dashboard : { ...dashboard, annotations: { ...dashboard.annotations, list: [BUILT_IN, ...list] } };
}
