/** Which columns the form of "Organize fields" lists. */

export interface Organize {
  excludeByName?: Record<string, boolean>;
  includeByName?: Record<string, boolean>;
  indexByName?: Record<string, number>;
  renameByName?: Record<string, string>;
  orderByMode?: "manual" | "auto";
  orderBy?: { type?: "name" | "label"; labelName?: string; desc?: boolean }[];
}

/** Columns that come in, and those that the options name though they don't, in the order that the options give them. */
export function organizeNames(options: Organize, names: readonly string[]): string[] {
  const index = options.indexByName ?? {};
  const told = [index, options.renameByName, options.excludeByName, options.includeByName].flatMap((one) => Object.keys(one ?? {}));
  const place = (name: string): number => (Object.hasOwn(index, name) ? index[name]! : Number.MAX_SAFE_INTEGER);
  return [...new Set([...names, ...told])].sort((a, b) => place(a) - place(b));
}
