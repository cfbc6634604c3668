import fc from "fast-check";
import { expect, test } from "vitest";
import { RepeatedStrings } from "./repeated-strings.ts";
import { decodeUtf8 } from "./utf8.ts";

test("strings come out as decodeUtf8 makes them, whatever was read before", () => {
  const shared = fc.array(fc.constantFrom(97, 98, 0xc3, 0xa9), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(shared, { maxLength: 40 }), fc.nat(7), (values, offset) => {
      const strings = new RepeatedStrings();
      for (let round = 0; round < 2; round++) {
        const bytes = new Uint8Array([...new Array<number>(offset).fill(120), ...values.flat()]);
        let at = offset;
        for (const value of values) {
          expect(strings.read(bytes, at, at + value.length)).toBe(decodeUtf8(bytes, at, at + value.length));
          at += value.length;
        }
      }
    }),
  );
});

test("values that share their first and last bytes are told apart", () => {
  const strings = new RepeatedStrings();
  const encoder = new TextEncoder();
  for (const text of [
    "abcd-1-wxyz",
    "abcd-2-wxyz",
    "abcd-1-wxyz",
    "abcdwxyz",
    "abcd1wxyz",
    "abcd",
    "abc",
    "",
    "abcde",
  ]) {
    const bytes = encoder.encode(text);
    expect(strings.read(bytes, 0, bytes.length)).toBe(text);
  }
});

test("a column of different values is still read right while it rests", () => {
  const strings = new RepeatedStrings();
  const encoder = new TextEncoder();
  for (let i = 0; i < 40_000; i++) {
    const text = `value ${i * 7919}`;
    const bytes = encoder.encode(text);
    if (strings.read(bytes, 0, bytes.length) !== text) expect.fail(text);
  }
});
