import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLz4Blocks, encodeLz4Blocks, Lz4FormatError } from "./lz4-block.ts";
import { crc32 } from "./crc32.ts";
import { emptyDelta, dedupDelta } from "./spark-state.test-support.ts";
import { xxHash32 } from "./xxhash32.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";

const ascii = (s: string): Uint8Array => new TextEncoder().encode(s);
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

test("xxHash32 and CRC have their published values", () => {
  expect(xxHash32(ascii(""), 0, 0, 0)).toBe(0x02cc5d05);
  expect(xxHash32(ascii("a"), 0, 1, 0)).toBe(0x550d7456);
  expect(xxHash32(ascii("Nobody inspects the spammish repetition"), 0, 39, 0)).toBe(0xe2293b2f);
  expect(crc32("CRC-32", ascii("123456789")) >>> 0).toBe(0xcbf43926);
  expect(crc32("CRC-32C", ascii("123456789")) >>> 0).toBe(0xe3069283);
});

test("an empty delta has the bytes that Spark writes", () => {
  expect(Buffer.from(encodeLz4Blocks(Uint8Array.of(255, 255, 255, 255))).toString("hex")).toBe(emptyDelta);
});

const compressible = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })), { maxLength: 40 })
  .map((parts) =>
    Uint8Array.from(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())),
  );

test("any bytes come back, compressible or not, over one block or several", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), compressible), (bytes) => {
      expect(Buffer.compare(decodeLz4Blocks(encodeLz4Blocks(bytes)), bytes)).toBe(0);
    }),
    { numRuns: 300 },
  );
  const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) >> 7);
  expect(Buffer.compare(decodeLz4Blocks(encodeLz4Blocks(large)), large)).toBe(0);
  const flat = new Uint8Array(1_000_000);
  expect(encodeLz4Blocks(flat).length).toBeLessThan(10_000);
  expect(Buffer.compare(decodeLz4Blocks(encodeLz4Blocks(flat)), flat)).toBe(0);
});

test("every truncation, flipped bit and trailing byte is noticed", () => {
  const file = unhex(dedupDelta);
  const whole = decodeLz4Blocks(file);
  for (let length = 0; length < file.length; length++) {
    expect(() => decodeLz4Blocks(file.subarray(0, length))).toThrow(Lz4FormatError);
  }
  for (let bit = 0; bit < 8 * file.length; bit++) {
    const damaged = file.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    // Some bits do not matter (the nibble that bounds the block size, another distance into the same zeros); no flip may
    // give other content.
    try {
      expect(decodeLz4Blocks(damaged)).toEqual(whole);
    } catch (error) {
      if (!(error instanceof Lz4FormatError)) throw error;
    }
  }
  expect(() => decodeLz4Blocks(Uint8Array.of(...file, 0))).toThrow(/1 bytes follow/);
  expect(() => decodeLz4Blocks(Uint8Array.of(...file, ...file))).toThrow(Lz4FormatError);
  fired("B7");
});
