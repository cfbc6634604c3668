import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8, encodeUtf8Into, isAscii, isValidUtf8 } from "./utf8.ts";

const reference = new TextDecoder("utf-8", { ignoreBOM: true });

test("decoding agrees with TextDecoder on any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(10), fc.boolean(), (bytes, skip, ascii) => {
      const input = ascii ? bytes.map((b) => b & 0x7f) : bytes;
      const start = Math.min(skip, input.length);
      expect(decodeUtf8(input, start, input.length)).toBe(reference.decode(input.subarray(start)));
    }),
  );
});

test("encoding agrees with TextEncoder, lone surrogates included", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "é", "💧", "\ud800", "\udc00"), maxLength: 70 }), (text) => {
      const target = new Uint8Array(text.length * 3 + 5);
      const end = encodeUtf8Into(text, target, 5);
      expect(target.subarray(5, end)).toEqual(encodeUtf8(text));
    }),
  );
});

test("validity agrees with a fatal TextDecoder", () => {
  const fatal = new TextDecoder("utf-8", { fatal: true });
  const bytes = fc.array(
    fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xc1, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(bytes, (list) => {
      const input = Uint8Array.from(list);
      let valid = true;
      try {
        fatal.decode(input);
      } catch {
        valid = false;
      }
      expect(isValidUtf8(input, 0, input.length)).toBe(valid);
      expect(isAscii(input, 0, input.length)).toBe(list.every((b) => b < 0x80));
    }),
    { numRuns: 2000 },
  );
});
