import { describe, expect, it } from "vitest";
import { hasComment, withPlaceholders } from "../../src/editor/placeholders.ts";

describe("placeholders", () => {
  it("are as long as what they stand for, and fit where they stand", () => {
    const cases: [string, string][] = [
      ["rate(a[$__rate_interval])", "rate(a[11m             ])"],
      ["rate(a[$__range:$__rate_interval])", "rate(a[11m     :11m             ])"],
      ['up{job="$job", x=~"${y:regex}"}', 'up{job="xxxx", x=~"xxxxxxxxxx"}'],
      ["up offset $o", "up offset 1m"],
      ["$metric{a=\"b\"}", "xxxxxxx{a=\"b\"}"],
      ["topk($n, up)", "topk(11, up)"],
      ["sum by ($label) (up)", "sum by (xxxxxx) (up)"],
      ["sum(a) > $limit", "sum(a) > 111111"],
      ["a[${n}m]", "a[1111m]"],
      ["sum(rate({a=\"b\"}[$__auto]))", "sum(rate({a=\"b\"}[11m    ]))"],
      ['label_replace(up, "a", "$1", "b", "(.*)")', 'label_replace(up, "a", "$1", "b", "(.*)")'],
      ["up", "up"],
      ["[[metric]]_total", "xxxxxxxxxx_total"],
    ];
    for (const [expr, wanted] of cases) {
      expect(withPlaceholders(expr)).toBe(wanted);
      expect(withPlaceholders(expr)).toHaveLength(expr.length);
    }
  });
});

it("comments are those outside of strings", () => {
  expect(['up{a="#"}', "up{a='x\\'#'}", "{a=`#`}", ""].map(hasComment)).toEqual([false, false, false, false]);
  expect(["up # why", '# a\nup{a="#"}', 'up{a="x"} #'].map(hasComment)).toEqual([true, true, true]);
});
