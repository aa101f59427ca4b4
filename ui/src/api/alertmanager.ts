/** Alertmanager's v2 API, below a data source's proxy: alerts, groups, silences, status. Times are RFC 3339 texts. */

import { request, requestJson } from "./http.ts";
import type { LabelSet } from "./prometheus.ts";

export interface AmMatcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual?: boolean;
}

export interface AmAlert {
  fingerprint: string;
  labels: LabelSet;
  annotations: LabelSet;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  generatorURL?: string;
  receivers: { name: string }[];
  status: { state: "unprocessed" | "active" | "suppressed"; silencedBy: string[]; inhibitedBy: string[]; mutedBy?: string[] };
}

export interface AmGroup {
  labels: LabelSet;
  receiver: { name: string };
  alerts: AmAlert[];
}

export interface AmSilence {
  id: string;
  matchers: AmMatcher[];
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  createdBy: string;
  comment: string;
  status: { state: "expired" | "active" | "pending" };
}

export interface NewSilence {
  /** Of the silence that is changed; without it a new one is made. */
  id?: string;
  matchers: AmMatcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
}

export interface AmStatus {
  cluster: { status: string; name?: string; peers?: { name: string; address: string }[] };
  config: { original: string };
  uptime: string;
  versionInfo: Record<string, string>;
}

export interface AlertFilter {
  filter?: readonly string[];
  active?: boolean;
  silenced?: boolean;
  inhibited?: boolean;
  unprocessed?: boolean;
  receiver?: string;
}

/** One Alertmanager behind `base`, below which `/api/v2` is. */
export class AlertmanagerClient {
  constructor(readonly base: string) {}

  alerts(filter: AlertFilter = {}, signal?: AbortSignal): Promise<AmAlert[]> {
    return requestJson(`${this.base}/api/v2/alerts`, { params: { ...filter }, signal });
  }

  groups(filter: Omit<AlertFilter, "unprocessed"> = {}, signal?: AbortSignal): Promise<AmGroup[]> {
    return requestJson(`${this.base}/api/v2/alerts/groups`, { params: { ...filter }, signal });
  }

  silences(filter: readonly string[] = [], signal?: AbortSignal): Promise<AmSilence[]> {
    return requestJson(`${this.base}/api/v2/silences`, { params: { filter }, signal });
  }

  silence(id: string, signal?: AbortSignal): Promise<AmSilence> {
    return requestJson(`${this.base}/api/v2/silence/${encodeURIComponent(id)}`, { signal });
  }

  /** Makes or changes a silence; its id. */
  async putSilence(silence: NewSilence): Promise<string> {
    return (await requestJson<{ silenceID: string }>(`${this.base}/api/v2/silences`, { method: "POST", body: silence })).silenceID;
  }

  async expireSilence(id: string): Promise<void> {
    await request(`${this.base}/api/v2/silence/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  receivers(signal?: AbortSignal): Promise<{ name: string }[]> {
    return requestJson(`${this.base}/api/v2/receivers`, { signal });
  }

  status(signal?: AbortSignal): Promise<AmStatus> {
    return requestJson(`${this.base}/api/v2/status`, { signal });
  }
}
