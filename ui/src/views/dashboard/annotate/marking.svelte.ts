/** Which annotation the person makes or changes, asked for from wherever: a chart, a mark on it, a panel's menu, a key. */

import type { AnnotationEvent } from "../../../query/annotation_query.ts";

/** A new one on a panel, from an instant to another (ms), or one that there is. */
export type Asked = { panelId: number; title: string; from: number; to: number } | { event: AnnotationEvent & { id: number } };

class Marking {
  asked = $state.raw<Asked | null>(null);
}

export const marking = new Marking();
