import { expect, test } from "vitest";
import { csv } from "../../../src/core/frame/csv.ts";
import { table } from "./frames.ts";

const one = () => table({ Time: [0, 60_000], pod: ['say "hi", you', "=cmd()"], size: [-1536, null] });

test("raw values, quoted where they must be", () => {
  expect(csv(one())).toBe("Time,pod,size\r\n0,\"say \"\"hi\"\", you\",-1536\r\n60000,'=cmd(),\r\n");
});

test("as shown, with a header for Excel", () => {
  const frame = one();
  frame.fields[2]!.config = { unit: "bytes", displayName: "Size; total", noValue: "-" };
  expect(csv(frame, { formatted: true, excelHeader: true, delimiter: ";", zone: "utc" })).toBe(
    "sep=;\r\nTime;pod;\"Size; total\"\r\n1970-01-01 00:00:00;\"say \"\"hi\"\", you\";-1.50 KiB\r\n1970-01-01 00:01:00;'=cmd();-\r\n",
  );
});
