/** Which series of a chart are shown: what clicks on the legend come to. Pure. */

/** Names of the series that are hidden. */
export type Hidden = ReadonlySet<string>;

/**
 * The hidden series after a click on `name`. A plain click isolates it, and shows all again where it is alone already; with
 * ctrl, cmd or shift (`add`) it is put in or taken out. The last one can't be taken out: then all are shown.
 */
export function clickLegend(hidden: Hidden, names: readonly string[], name: string, add: boolean): Hidden {
  const shown = names.filter((each) => !hidden.has(each));
  if (add) {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    return names.every((each) => next.has(each)) ? new Set() : next;
  }
  if (shown.length === 1 && shown[0] === name) return new Set();
  return new Set(names.filter((each) => each !== name));
}

/** Without names that are no longer there, so that a chart whose only shown series vanished shows the others. */
export function keepKnown(hidden: Hidden, names: readonly string[]): Hidden {
  if (hidden.size === 0) return hidden;
  const kept = new Set(names.filter((name) => hidden.has(name)));
  return kept.size === names.length ? new Set() : kept;
}
