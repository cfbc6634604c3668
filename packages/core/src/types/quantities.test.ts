import { expect, test } from "vitest";
import { parseBytes, parseMillis, parseTimeSpan } from "./quantities.ts";

test("bytes, with and without a unit", () => {
  expect(["1", " 64m ", "1 GB", "2kib", "3T"].map(parseBytes)).toEqual([1, 64 << 20, 1 << 30, 2048, 3 * 2 ** 40]);
  for (const text of ["", "0", "-1", "1.5m", "m", "1x", "99999999999t"]) expect(parseBytes(text)).toBeUndefined();
});

test("spans of time, in the singular and the plural", () => {
  expect(["500ms", "2 s", "3 seconds", "1min", "1 hours", "7d", "1 week"].map(parseTimeSpan)).toEqual([
    500, 2000, 3000, 60_000, 3_600_000, 604_800_000, 604_800_000,
  ]);
  for (const text of ["", "5", "1 month", "-1s", "1.5s", "mss"]) expect(parseTimeSpan(text)).toBeUndefined();
  expect(parseMillis("250")).toBe(250);
  expect(parseMillis("10min")).toBe(600_000);
});
