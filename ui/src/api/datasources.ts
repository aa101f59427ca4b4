/** Data sources as administrators see and change them. */

import { request, requestJson } from "./http.ts";

export interface SourceDetail {
  uid: string;
  name: string;
  /** `prometheus`, `loki`, `alertmanager`, or one that is not known here. */
  type: string;
  typeName?: string;
  url: string;
  access: string;
  isDefault: boolean;
  basicAuth: boolean;
  basicAuthUser?: string;
  /** From a file, or watchkeeper's own: not changed here. */
  readOnly: boolean;
  jsonData: Record<string, unknown>;
  /** Names of secrets that are set; what they are is never told. */
  secureJsonFields?: Record<string, boolean>;
}

export type SourceBody = Omit<SourceDetail, "uid" | "readOnly" | "typeName" | "secureJsonFields"> & { uid?: string; secureJsonData: Record<string, string> };

const one = (uid: string) => `/api/datasources/uid/${encodeURIComponent(uid)}`;

export const datasources = {
  /** By name. */
  all: (signal?: AbortSignal) => requestJson<SourceDetail[]>("/api/datasources", { signal }),
  get: (uid: string, signal?: AbortSignal) => requestJson<SourceDetail>(one(uid), { signal }),
  add: (body: SourceBody) => requestJson<{ uid: string }>("/api/datasources", { method: "POST", body }),
  change: (uid: string, body: SourceBody) => requestJson<{ uid: string }>(one(uid), { method: "PUT", body }),

  async remove(uid: string): Promise<void> {
    await request(one(uid), { method: "DELETE" });
  },

  /** What it says of itself; raises ApiError with the reason where it is not well. */
  async test(uid: string): Promise<string> {
    return (await requestJson<{ message: string }>(`${one(uid)}/health`, { retries: 0 })).message;
  },
};
