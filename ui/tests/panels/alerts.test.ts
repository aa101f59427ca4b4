import { expect, test } from "vitest";
import { groupAlerts, labelMatchers, shownAlerts } from "../../src/panels/alertlist/alerts.ts";
import type { AlertRow } from "../../src/panels/services.ts";

const alert = (name: string, state: AlertRow["state"], labels: Record<string, string> = {}, since = 0): AlertRow => ({ name, state, labels, since });
const alerts = [alert("b", "firing", { namespace: "x" }, 5), alert("a", "pending", { namespace: "y" }, 9), alert("c", "normal")];
const names = (options: Parameters<typeof shownAlerts>[1]) => shownAlerts(alerts, options, (text) => text.replace("$namespace", "x")).rows.map((row) => row.name).join("");

test("states, names and labels filter; order is by name, importance or time", () => {
  expect(names({})).toBe("ab");
  expect(names({ stateFilter: { firing: true, normal: true } })).toBe("bc");
  expect(names({ alertInstanceLabelFilter: '{namespace=~"$namespace"}' })).toBe("b");
  expect(names({ alertName: "A" })).toBe("a");
  expect(names({ sortOrder: 3 })).toBe("ba");
  expect(names({ sortOrder: 5 })).toBe("ab");
  expect(shownAlerts(alerts, { maxItems: 1 }, (text) => text)).toMatchObject({ left: 1 });
});

test("alerts of a rule stand together, or those with the same labels", () => {
  expect(groupAlerts([...alerts, alert("b", "firing")], []).map((group) => [group.title, group.rows.length])).toEqual([["b", 2], ["a", 1], ["c", 1]]);
  expect(groupAlerts(alerts, ["namespace"]).map((group) => group.title)).toEqual(["namespace=x", "namespace=y", "namespace="]);
});

test("matchers that can't be read are left out", () => {
  expect(labelMatchers('{a="b", c=~"(", d!="e"}').map((matcher) => matcher.label)).toEqual(["a", "d"]);
});
