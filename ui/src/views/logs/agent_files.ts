/** The files that the log agent reads, put together of its metrics. */

import { byLabel, type Reading } from "../parts/readings.ts";

export interface AgentFile {
  path: string;
  /** Bytes: of the file, read so far. */
  size: number;
  read: number;
  lines: number;
  linesPerSecond: number;
}

/** Files by how far reading is behind, the furthest first; then by path. */
export function agentFiles(readings: Readonly<Record<"size" | "read" | "lines" | "rate", Reading>>): AgentFile[] {
  const [size, read, lines, rate] = [byLabel(readings.size, "path"), byLabel(readings.read, "path"), byLabel(readings.lines, "path"), byLabel(readings.rate, "path")];
  const paths = [...new Set([...size.keys(), ...read.keys()])].filter((path) => path);
  const files = paths.map((path) => ({ path, size: size.get(path) ?? NaN, read: read.get(path) ?? 0, lines: lines.get(path) ?? 0, linesPerSecond: rate.get(path) ?? 0 }));
  return files.sort((a, b) => behind(b) - behind(a) || (a.path < b.path ? -1 : 1));
}

/** Bytes that are not read yet. */
export function behind(file: Pick<AgentFile, "size" | "read">): number {
  return Number.isFinite(file.size) ? Math.max(0, file.size - file.read) : 0;
}
