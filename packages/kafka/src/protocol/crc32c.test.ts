import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

// RFC 3720, B.4.
test.each([
  ["zeroes", new Uint8Array(32), 0x8a9136aa],
  ["ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["rising", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["falling", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])("the checksum of 32 bytes, %s", (_, bytes, expected) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(expected);
});

test("a part of an array that begins anywhere, of any length", () => {
  const digits = new TextEncoder().encode("..123456789.");
  expect(crc32c(digits, 2, 11)).toBe(0xe3069283);
  expect(crc32c(digits, 2, 2)).toBe(0);
});
