/** Value mappings of singlestat and the old table. */

import type { ValueMapping } from "../../frame/config.ts";
import { type Json, records } from "../part.ts";
import { mappingsOf } from "./mappings.ts";

/** The mappings of a singlestat or of a style of the old table: `valueMaps` or `rangeMaps`, by `mappingType`. */
export function mapsOf(raw: Json): ValueMapping[] {
  const ranges = raw.mappingType === 2;
  const list = records(ranges ? raw.rangeMaps : raw.valueMaps).filter((map) => map.text !== undefined && map.text !== "");
  return mappingsOf(list.map((map) => ({ ...map, type: ranges ? 2 : 1 })));
}
