import { expect, test } from "vitest";
import { murmur2 } from "./murmur2.ts";

// From the tests of Kafka's own client.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("the hash of %s", (key, expected) => {
  const bytes = new TextEncoder().encode(`.${key}.`);
  expect(murmur2(bytes, 1, bytes.length - 1)).toBe(expected);
});
