import { describe, expect, it } from "vitest";
import type { AmSilence } from "../../../src/api/alertmanager.ts";
import { endAfter, extended, faultsOf, formOf, localText, newForm, silencesThatFit, toSilence } from "../../../src/views/silences/silence_form.ts";

const NOW = Date.UTC(2026, 10, 28, 13, 5, 30);

function silence(state: AmSilence["status"]["state"], more: Partial<AmSilence> = {}): AmSilence {
  return {
    id: "a1", matchers: [{ name: "job", value: "api", isRegex: false, isEqual: true }], startsAt: "2026-11-28T12:00:00.000Z", endsAt: "2026-11-28T14:00:00.000Z",
    updatedAt: "", createdBy: "me", comment: "why", status: { state }, ...more,
  };
}

describe("a silence that is written", () => {
  it("begins with the matchers of the link", () => {
    const form = newForm(new URLSearchParams('filter={alertname="Down", job=~"a|b"}&matcher=x%3Dy&comment=c'), NOW, "me");
    expect(form).toMatchObject({ id: "", createdBy: "me", comment: "c", starts: "2026-11-28T13:05", ends: "2026-11-28T15:05" });
    expect(form.matchers.map(({ name, op, value }) => name + op + value)).toEqual(["alertname=Down", "job=~a|b", "x=y"]);
    expect(newForm(new URLSearchParams("filter={"), NOW, "").matchers).toEqual([{ name: "", op: "=", value: "" }]);
  });

  it("says what is missing", () => {
    const good = { ...newForm(new URLSearchParams('filter=a="b"'), NOW, "me"), comment: "why" };
    expect(faultsOf(good, NOW)).toEqual([]);
    expect(faultsOf({ ...good, matchers: [{ name: "a", op: "=~", value: ".*" }] }, NOW)).toHaveLength(1);
    expect(faultsOf({ ...good, matchers: [{ name: "a", op: "=~", value: "(" }] }, NOW)[0]).toMatch(/regular expression/);
    expect(faultsOf({ ...good, matchers: [{ name: "", op: "=", value: "" }] }, NOW)).toHaveLength(1);
    expect(faultsOf({ ...good, ends: good.starts, comment: " ", createdBy: "" }, NOW)).toHaveLength(3);
    expect(faultsOf({ ...good, starts: "2026-11-28T10:00", ends: "2026-11-28T11:00" }, NOW)).toEqual(["The end has passed."]);
    expect(faultsOf({ ...good, ends: "" }, NOW)).toEqual(["Start and end are times."]);
  });

  it("is sent with a start that has not passed", () => {
    const form = { ...newForm(new URLSearchParams('filter=a!="b"'), NOW, " me "), comment: " why " };
    expect(toSilence(form, NOW)).toEqual({
      matchers: [{ name: "a", value: "b", isRegex: false, isEqual: false }], startsAt: "2026-11-28T13:05:30.000Z", endsAt: "2026-11-28T15:05:00.000Z", createdBy: "me", comment: "why",
    });
    expect(endAfter(form, "1d")).toBe("2026-11-29T13:05");
    expect(endAfter(form, "soon")).toBe(null);
    expect(localText(NOW)).toBe("2026-11-28T13:05");
  });

  it("that is there is changed; one that has ended is made anew, as long as it was", () => {
    expect(formOf(silence("active"), NOW)).toMatchObject({ id: "a1", starts: "2026-11-28T12:00", ends: "2026-11-28T14:00" });
    expect(formOf(silence("expired"), NOW)).toMatchObject({ id: "", starts: "2026-11-28T13:05", ends: "2026-11-28T15:05" });
    expect(extended(silence("active"), 3_600_000, NOW)).toMatchObject({ id: "a1", endsAt: "2026-11-28T15:00:00.000Z" });
    expect(extended(silence("active", { endsAt: "2026-11-28T13:00:00.000Z" }), 3_600_000, NOW).endsAt).toBe("2026-11-28T14:05:30.000Z");
  });
});

describe("silences", () => {
  it("are listed by state and words, what ends first first", () => {
    const all = [silence("active", { id: "late", endsAt: "2026-11-29T00:00:00Z" }), silence("active", { id: "soon" }), silence("expired", { id: "old" })];
    expect(silencesThatFit(all, "active", "").map(({ id }) => id)).toEqual(["soon", "late"]);
    expect(silencesThatFit(all, "active", "JOB=api why late").map(({ id }) => id)).toEqual(["late"]);
    expect(silencesThatFit(all, "pending", "")).toEqual([]);
  });
});
