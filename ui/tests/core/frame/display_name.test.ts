import { expect, test } from "vitest";
import { displayNames, frameName, setDisplayNames } from "../../../src/core/frame/display_name.ts";
import { frame, type Frame } from "../../../src/core/frame/frame.ts";
import { labelsText } from "../../../src/core/frame/labels_text.ts";
import { seriesNames } from "../../../src/core/frame/legend.ts";
import { field } from "./frames.ts";

const series = (labels: Record<string, string>, more: Partial<Frame> = {}) => frame([field("Time", [1]), field("Value", [1], { labels })], more);
const names = (frames: Frame[]) => frames.map((one) => displayNames(frames).get(one.fields[1]!));

test("labels tell series apart; a single one by its value", () => {
  expect(names([series({ job: "a", env: "x" }), series({ job: "b", env: "x" })])).toEqual(['{env="x", job="a"}', '{env="x", job="b"}']);
  expect(names([series({ job: "a" }), series({ job: "b" })])).toEqual(["a", "b"]);
  expect(names([series({})])).toEqual(["Value"]);
});

test("names of frames are said where they differ", () => {
  expect(names([series({ job: "a", i: "1" }, { name: "one" }), series({ job: "a", i: "2" }, { name: "two" })])).toEqual(['one {i="1", job="a"}', 'two {i="2", job="a"}']);
  expect(names([series({}, { name: "one" })])).toEqual(["one"]);
});

test("config wins, then the query's legend", () => {
  const named = frame([field("Time", [1]), field("Value", [1], { labels: { a: "b" }, config: { displayNameFromDS: "legend" } })]);
  expect(names([named])).toEqual(["legend"]);
  named.fields[1]!.config.displayName = "own";
  expect(names([frame([...named.fields])])).toEqual(["own"]);
});

test("equal names are numbered, times are not", () => {
  const frames = [frame([field("Time", [1]), field("pod", ["a"]), field("Time", [1]), field("pod", ["b"])])];
  expect(frames[0]!.fields.map((one) => displayNames(frames).get(one))).toEqual(["Time", "pod 1", "Time", "pod 2"]);
});

test("setDisplayNames writes them to the columns", () => {
  const frames = setDisplayNames([series({ job: "a" })]);
  expect(frames[0]!.fields.map(({ display }) => display)).toEqual(["Time", "a"]);
  expect(frameName(frames[0]!, frames)).toBe("a");
});

test("labels as text are quoted", () => {
  expect(labelsText({ b: 'say "hi"', a: "1" })).toBe('{a="1", b="say \\"hi\\""}');
});

test("legends of queries", () => {
  const labels = [{ __name__: "up", job: "a", env: "x" }, { __name__: "up", job: "b", env: "x" }];
  expect(seriesNames(labels, "{{job}} of {{ env }}{{nope}}", "up")).toEqual(["a of x", "b of x"]);
  expect(seriesNames([{ pod: "a" }, { pod: "b", job: "x" }, {}], "{{ nope }}", "up")).toEqual(["a", '{job="x", pod="b"}', "up"]);
  expect(seriesNames(labels, "", "up")).toEqual(['up{env="x", job="a"}', 'up{env="x", job="b"}']);
  expect(seriesNames(labels, "__auto", "up")).toEqual(["a", "b"]);
  expect(seriesNames([{ job: "a", i: "1" }, { job: "b", i: "2" }], "__auto", "up")).toEqual(['{i="1", job="a"}', '{i="2", job="b"}']);
  expect(seriesNames([{}], "__auto", "sum(up)")).toEqual(["sum(up)"]);
  expect(seriesNames([{ job: "a" }], "__auto", "sum(up)")).toEqual(["a"]);
  expect(seriesNames([{ job: "a" }, { job: "a" }], "__auto", "up")).toEqual(["a", "a"]);
  expect(seriesNames([{ job: "a", env: "x" }, { env: "x" }], "__auto", "up")).toEqual(["a", "x"]);
  expect(seriesNames([{ __name__: "up", job: "a" }], "__auto", "up")).toEqual(['up{job="a"}']);
  expect(seriesNames([], "__auto", "up")).toEqual([]);
});
