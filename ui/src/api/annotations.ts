/** Annotations that people keep: made, changed, taken away, and the tags that they have. Times in ms. */

import { request, requestJson } from "./http.ts";

export interface AnnotationText {
  time: number;
  /** Equal to `time` for one that takes no time. */
  timeEnd: number;
  text: string;
  tags: readonly string[];
}

const one = (id: number) => `/api/annotations/${id}`;

export const annotations = {
  /** On one panel of a dashboard, or on all of them where no panel is named. */
  add(dashboardUID: string, panelId: number | null, said: AnnotationText): Promise<{ id: number }> {
    return requestJson("/api/annotations", { method: "POST", body: { dashboardUID, ...(panelId === null ? {} : { panelId }), ...said } });
  },

  async change(id: number, said: AnnotationText): Promise<void> {
    await request(one(id), { method: "PUT", body: said });
  },

  async remove(id: number): Promise<void> {
    await request(one(id), { method: "DELETE" });
  },

  /** Tags that are in use, by name. */
  async tags(signal?: AbortSignal): Promise<string[]> {
    const said = await requestJson<{ result: { tags: { tag: string }[] } }>("/api/annotations/tags", { params: { limit: 1000 }, signal });
    return said.result.tags.map((each) => each.tag);
  },
};
