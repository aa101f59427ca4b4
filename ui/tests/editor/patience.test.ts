import { parser } from "@grafana/lezer-logql";
import { describe, expect, it } from "vitest";
import { isBroken } from "../../src/editor/patience.ts";

describe("a text that is being written", () => {
  it("is broken where the grammar says so, not where it has variables", () => {
    for (const text of ['{job="a"} |= ', "{jo", "sum(rate("]) expect(isBroken(parser, text), text).toBe(true);
    for (const text of ['{job="$job"} |= "x" | json', 'sum by (level) (rate({job=~"$job"}[$__auto]))', 'topk($n, rate({a="b"}[${range}m]))']) expect(isBroken(parser, text), text).toBe(false);
  });
});
