import { describe, expect, it } from "vitest";
import type { SourceDetail } from "../../../src/api/datasources.ts";
import { bodyOf, faultsOf, formOf } from "../../../src/views/datasources/source_form.ts";

const KNOWN: SourceDetail = {
  uid: "mimir", name: "Mimir", type: "prometheus", url: "http://mimir/prometheus", access: "proxy", isDefault: true, basicAuth: true, basicAuthUser: "ada", readOnly: false,
  jsonData: { timeInterval: "30s", httpHeaderName1: "X-Scope-OrgID", httpHeaderName3: "X-Other", tlsSkipVerify: true, exemplarTraceIdDestinations: [{ name: "traceID" }] },
  secureJsonFields: { basicAuthPassword: true, httpHeaderValue1: true, httpHeaderValue3: true },
};

describe("a data source as a form", () => {
  it("comes back as it was where nothing is changed, and sends no secret", () => {
    const { uid, name, type, url, access, isDefault, basicAuth, basicAuthUser, jsonData } = KNOWN;
    expect(bodyOf(formOf(KNOWN), KNOWN)).toEqual({ uid, name, type, url, access, isDefault, basicAuth, basicAuthUser, jsonData, secureJsonData: {} });
  });

  it("sends secrets that were typed, under the numbers of their headers", () => {
    const form = formOf(KNOWN);
    form.password = "secret";
    form.headers[1]!.value = "other";
    form.headers.push({ name: "X-New", value: "new", isSet: false });
    const body = bodyOf(form, KNOWN);
    expect(body.secureJsonData).toEqual({ basicAuthPassword: "secret", httpHeaderValue3: "other", httpHeaderValue2: "new" });
    expect(body.jsonData).toMatchObject({ httpHeaderName1: "X-Scope-OrgID", httpHeaderName2: "X-New", httpHeaderName3: "X-Other" });
  });

  it("forgets a header that was removed, and leaves the others their values", () => {
    const form = formOf(KNOWN);
    form.headers.splice(0, 1);
    const { jsonData } = bodyOf(form, KNOWN);
    expect([jsonData.httpHeaderName1, jsonData.httpHeaderName3]).toEqual([undefined, "X-Other"]);
  });

  it("says what is wrong with it", () => {
    const form = { ...formOf(null), url: "prometheus:9090", timeInterval: "soon", timeout: "-1", headers: [{ name: "X", value: "", isSet: false }], more: "[]" };
    expect(Object.keys(faultsOf(form)).sort()).toEqual(["headers", "more", "name", "timeInterval", "timeout", "url"]);
    expect(faultsOf({ ...formOf(null), name: "P", url: "https://p.example:9090/x" })).toEqual({});
    expect(faultsOf({ ...formOf(null), name: "P", url: "http://p", headers: [{ name: "a b", value: "x", isSet: false }], more: "{" })).toMatchObject({ headers: expect.stringContaining("letters"), more: expect.stringContaining("not JSON") });
  });

  it("of a new one has what was written", () => {
    const form = { ...formOf(null), name: " L ", type: "loki", url: " http://loki:3100 ", timeout: "30", caCert: "PEM" };
    expect(bodyOf(form, null)).toEqual({
      name: "L", type: "loki", url: "http://loki:3100", access: "proxy", isDefault: false, basicAuth: false, basicAuthUser: "",
      jsonData: { timeout: 30, tlsAuthWithCACert: true }, secureJsonData: { tlsCACert: "PEM" },
    });
  });
});
