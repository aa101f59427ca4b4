/** Frames kept or dropped by the letters of their queries. */

import { pattern } from "../matchers.ts";
import type { Transform } from "./transformation.ts";

interface FilterByRefId {
  include: string;
  exclude: string;
}

/** See Grafana's "Filter data by query refId": letters, `A|C`, or an expression. */
export const filterByRefId: Transform<FilterByRefId> = (frames, { include, exclude }) => {
  const matches = (text: string | undefined) => {
    const regex = text ? (pattern(`/^(?:${text})$/`) ?? pattern(text)) : null;
    return regex && ((refId: string) => regex.test(refId));
  };
  const [included, excluded] = [matches(include), matches(exclude)];
  return frames.filter(({ refId = "" }) => (!included || included(refId)) && !excluded?.(refId));
};
