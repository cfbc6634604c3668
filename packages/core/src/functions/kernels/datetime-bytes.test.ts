import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { textOf } from "../cast-text.ts";
import { compileDatetimePattern } from "../datetime-pattern.ts";
import { timeZoneOf, utc } from "../time-zone.ts";
import { ByteResult } from "./bytes.ts";
import { compileBytePattern, readLocalMicros, writeDate, writeTimestamp } from "./datetime-bytes.ts";

const shown = (result: ByteResult): string => decodeUtf8(result.bytes, result.start, result.end);
const micros = fc.oneof(
  fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const patterns = [
  "yyyy-MM-dd",
  "yyyy-MM-dd HH:mm:ss",
  "yyyy-MM-dd'T'HH:mm:ss.SSS",
  "dd/MM/yyyy H:m:s",
  "yyyyMMdd",
  "yyyyMMddHHmmss",
  "M.d.yyyy",
];

test("what the reader of bytes takes, the pattern takes, with the same result", () => {
  const garbage = fc.string({ unit: fc.constantFrom("0", "1", "2", "3", "-", ":", " ", "/", "T", "."), maxLength: 20 });
  const cases = fc.constantFrom(...patterns).chain((p) =>
    fc.tuple(
      fc.constant(p),
      fc.oneof(
        micros.map((t) => compileDatetimePattern(p).format(t, utc)),
        garbage,
      ),
    ),
  );
  let read = 0;
  fc.assert(
    fc.property(cases, ([pattern, subject]) => {
      const bytes = encodeUtf8(` ${subject}0`);
      const local = readLocalMicros(compileBytePattern(pattern)!, bytes, 1, bytes.length - 1);
      if (Number.isNaN(local)) return;
      read++;
      expect(BigInt(local), `${subject} by ${pattern}`).toBe(compileDatetimePattern(pattern).parse(subject, utc));
    }),
    { numRuns: 4000 },
  );
  expect(read).toBeGreaterThan(100);
});

test("patterns with anything else are left to the full reader", () => {
  for (const pattern of [
    "HH:mm",
    "yy-MM-dd",
    "yyyy-MMM-dd",
    "yyyy[-MM]",
    "yyyy-MM-dd a",
    "yyyy yyyy",
    "yyyy-MM-ddXXX",
    "'at' yyyy",
  ])
    expect(compileBytePattern(pattern), pattern).toBeUndefined();
});

test("times are written as they are printed", () => {
  const zones = [utc, timeZoneOf("Asia/Kolkata")];
  const result = new ByteResult();
  fc.assert(
    fc.property(
      micros,
      fc.constantFrom(...zones),
      fc.constantFrom(...patterns, "yyyy", "y", "EEEE d MMM yyyy, hh:mm a", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "D"),
      (t, zone, source) => {
        const pattern = compileDatetimePattern(source);
        result.begin();
        pattern.write(result, t, zone);
        expect(shown(result)).toBe(pattern.format(t, zone));
        writeTimestamp(result, t);
        expect(shown(result)).toBe(textOf({ kind: "timestamp_ntz" }, "UTC")(t));
        const days = Number(BigInt.asIntN(32, t));
        writeDate(result, days);
        expect(shown(result)).toBe(textOf({ kind: "date" }, "UTC")(days));
      },
    ),
    { numRuns: 3000 },
  );
});
