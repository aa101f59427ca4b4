import { expect, test } from "vitest";
import { dataLinks } from "../../src/charts/links.ts";
import { type Field, frame } from "../../src/core/frame/frame.ts";

const pod: Field = { name: "pod", type: "string", values: ["a/b&c", "javascript:alert(1)"], config: {}, display: "Pod" };
const value: Field = { name: "Value", type: "number", values: [1.5, 2], labels: { url: "https://example.org/x?y=1", job: "node" }, config: { unit: "percentunit" } };
const table = frame([pod, value]);
const links = (field: Field, url: string, row = 0, title = "t", base = "/") =>
  dataLinks({ field: { ...field, config: { ...field.config, links: [{ url, title, targetBlank: true }] } }, frame: table, row, theme: "dark", zone: "utc" }, (text) => text.replaceAll("$cluster", "eu"), base);

test("values are put in, encoded, and the rest of the variables after them", () => {
  expect(links(value, "/d/x?var-pod=${__data.fields.Pod}&var-cluster=$cluster")).toEqual([{ title: "t", href: "/d/x?var-pod=a%2Fb%26c&var-cluster=eu", blank: true }]);
  expect(links(value, "/d/x", 0, "${__value.text} of ${__field.labels.job}")[0]!.title).toBe("150% of node");
  expect(links(value, "/d/x", 0, "t", "/watch/")[0]!.href).toBe("/watch/d/x");
});

test("a label may be the whole URL, if it is a safe one", () => {
  expect(links(value, "${__field.labels.url}")[0]!.href).toBe("https://example.org/x?y=1");
  expect(links(pod, "${__value.raw}", 1)).toEqual([]);
  expect(links(pod, "java\nscript:alert(1)")).toEqual([]);
  expect(links(pod, "data:text/html,x")).toEqual([]);
});
