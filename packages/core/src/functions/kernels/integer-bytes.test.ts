import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { ByteResult } from "./bytes.ts";
import { writeInteger, writeLong } from "./integer-bytes.ts";

const result = new ByteResult();
const written = (): string => decodeUtf8(result.bytes, result.start, result.end);

const edges = Array.from({ length: 20 }, (_, digits) => 10n ** BigInt(digits)).flatMap((n) => [n - 1n, n, n + 1n]);
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer().map(BigInt),
  fc.maxSafeInteger().map(BigInt),
  fc.constantFrom(...[...edges, 2n ** 53n].flatMap((n) => [n, -n]).map((n) => BigInt.asIntN(64, n))),
);

test("a BIGINT as String gives it", () => {
  fc.assert(
    fc.property(long, (value) => {
      writeLong(result, value);
      expect(written()).toBe(String(value));
    }),
    { numRuns: 2000 },
  );
});

test("a whole number as String gives it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
      writeInteger(result, value);
      expect(written()).toBe(String(value + 0));
    }),
    { numRuns: 2000 },
  );
});
