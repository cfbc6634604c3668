import fc from "fast-check";
import { expect, test } from "vitest";
import { bigintType, decimalType, intType, type SqlValue, stringType, structType } from "../types/data-type.ts";
import { keyPrefix } from "./key-prefix.ts";
import { encodeRow } from "./unsafe-row.ts";
import { createRowDecoder } from "./unsafe-row-reader.ts";
import { VersionedMap } from "./versioned-map.ts";

const keyOf = structType([
  { name: "name", type: stringType, nullable: true },
  { name: "number", type: intType, nullable: true },
  { name: "amount", type: decimalType(30, 0), nullable: true },
  { name: "start", type: bigintType, nullable: false },
]);
const types = keyOf.fields.map((f) => f.type);
const decoder = createRowDecoder(types);

type Prefix = readonly [string | null, number | null, bigint | null];
const prefix: fc.Arbitrary<Prefix> = fc.tuple(
  fc.constantFrom("", "a", "ä longer name than a slot", null),
  fc.constantFrom(0, 1, null),
  fc.constantFrom(0n, 10n ** 25n, null),
);
const key = fc.tuple(
  prefix,
  fc.integer({ min: 0, max: 3 }).map((n) => BigInt(n)),
);

function found(map: VersionedMap, columns: number, [name, number, amount]: Prefix): string[] {
  const row = encodeRow(types.slice(0, columns), [name, number, amount].slice(0, columns));
  // In the middle of an array, as rows in a buffer are.
  const bytes = new Uint8Array(row.length + 8);
  bytes.set(row, 8);
  const keys: string[] = [];
  map.forEachWithPrefix(bytes, 8, (arena, ks, ke) => keys.push(textOf(arena.slice(ks, ke))));
  return keys.sort();
}
function textOf(bytes: Uint8Array): string {
  return decoder
    .decode(bytes)
    .map((value: SqlValue) => String(value))
    .join("|");
}

test("finds what begins with some columns after any changes, also after going back to a version before", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant("put" as const), key) },
    { weight: 5, arbitrary: fc.tuple(fc.constant("remove" as const), key) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom("seal" as const, "abort" as const, "rollback" as const), key) },
    { weight: 4, arbitrary: fc.tuple(fc.constant("look" as const), key) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 80 }), (columns, steps) => {
      const map = new VersionedMap(2, keyPrefix(keyOf, columns));
      const look = (wanted: Prefix): void => {
        const expected: string[] = [];
        map.forEach((arena, ks, ke) => {
          const bytes = arena.slice(ks, ke);
          const values = decoder.decode(bytes);
          if (wanted.slice(0, columns).every((value, i) => value === values[i])) expected.push(textOf(bytes));
        });
        expect(found(map, columns, wanted)).toEqual(expected.sort());
      };
      for (const [what, [first, start]] of steps) {
        const bytes = encodeRow(types, [...first, start]);
        if (what === "put") map.put(bytes, 0, bytes.length, bytes, 0, 8);
        else if (what === "remove") map.remove(bytes, 0, bytes.length);
        else if (what === "seal") map.seal();
        else if (what === "look") look(first);
        else {
          map.abort();
          if (what === "rollback" && map.rollbackDepth > 0) map.rollback();
        }
      }
      for (const [, [first]] of steps) look(first);
    }),
    { numRuns: 300 },
  );
});

test("finds thousands of keys, after a compaction too, and visits what it removes once", () => {
  const map = new VersionedMap(1, keyPrefix(keyOf, 1));
  const put = (name: string, start: number): void => {
    const bytes = encodeRow(types, [name, 1, null, BigInt(start)]);
    map.put(bytes, 0, bytes.length, bytes, 0, bytes.length);
  };
  const starts = (name: string): number => found(map, 1, [name, null, null]).length;
  for (let i = 0; i < 20_000; i++) put(`k${i % 5000}`, i);
  expect(starts("k17")).toBe(4);
  map.seal();
  for (let i = 0; i < 4990; i++) {
    const row = encodeRow([stringType], [`k${i}`]);
    let removed = 0;
    map.forEachWithPrefix(row, 0, (_arena, _ks, _ke, _vs, _ve, entry) => {
      map.removeEntry(entry);
      removed++;
    });
    expect(removed).toBe(4);
  }
  map.seal();
  put("k4999", -1);
  map.seal();
  expect(map.size).toBe(41);
  expect(starts("k17")).toBe(0);
  expect(starts("k4999")).toBe(5);
});
