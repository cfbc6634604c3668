import fc from "fast-check";
import { expect, test } from "vitest";
import { stringType } from "../types/data-type.ts";
import { BytesKeyTable } from "./bytes-key-table.ts";
import { valueAt } from "./value-at.ts";
import type { Vector } from "./vector.ts";
import { createBuilder } from "./vector-builder.ts";

type Text = string | null;

function columnOf(values: readonly Text[]): Vector {
  const builder = createBuilder(stringType, values.length);
  for (const value of values) builder.append(value);
  return builder.finish();
}

/** What the table must do, with a Map. */
class Model {
  readonly keys: Text[] = [];
  readonly #numbers = new Map<Text, number>();
  assign(values: readonly Text[], insert: boolean, nulls: boolean): number[] {
    return values.map((value) => {
      if (value === null && !nulls) return -1;
      const known = this.#numbers.get(value);
      if (known !== undefined || !insert) return known ?? -1;
      this.#numbers.set(value, this.keys.length);
      return this.keys.push(value) - 1;
    });
  }
}

const text = fc.oneof(
  fc.string({ maxLength: 40, unit: "grapheme" }),
  fc.constantFrom("", "a", "ab", "abcdefgh", "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnopq", "\0", "\0\0"),
  fc.nat(3000).map(String),
  fc.nat(50).map((n) => "x".repeat(n)),
);
const batch = fc.tuple(fc.array(fc.option(text, { freq: 10 }), { maxLength: 300 }), fc.boolean(), fc.boolean());

test("keys have the numbers of their first appearance, in batches of any size", () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 8 }), (batches) => {
      const table = BytesKeyTable.acquire();
      const model = new Model();
      for (const [values, insert, nulls] of batches) {
        const groups = new Int32Array(values.length);
        const options = { missing: insert ? "insert" : "find", nulls: nulls ? "group" : "skip" } as const;
        table.assign(columnOf(values), values.length, groups, options);
        expect([...groups]).toEqual(model.assign(values, insert, nulls));
      }
      expect(table.count).toBe(model.keys.length);
      const keys = table.keys(stringType, 0, table.count);
      expect(model.keys.map((_, i) => valueAt(keys, i))).toEqual(model.keys);
      table.release();
    }),
    { numRuns: 200 },
  );
});

test("many keys, long keys and ranges that lie far apart", () => {
  const table = BytesKeyTable.acquire();
  const model = new Model();
  const options = { missing: "insert", nulls: "group" } as const;
  for (let round = 0; round < 5; round++) {
    const values = Array.from({ length: 40_000 }, (_, i) => `${(i * 7919 + round * 1000) % 60_000} of a longer key`);
    values.push("y".repeat(3_000_000 + round), "");
    const groups = new Int32Array(values.length);
    table.assign(columnOf(values), values.length, groups, options);
    expect(groups).toEqual(Int32Array.from(model.assign(values, true, true)));
  }
  const column = columnOf(Array.from({ length: 50_000 }, (_, i) => `value ${i}`)) as Extract<Vector, { kind: "bytes" }>;
  const starts = Int32Array.of(column.starts[3]!, column.starts[49_000]!);
  const ends = Int32Array.of(column.ends[3]!, column.ends[49_000]!);
  const groups = new Int32Array(2);
  table.assign({ ...column, length: 2, starts, ends }, 2, groups, options);
  expect([...groups]).toEqual(model.assign(["value 3", "value 49000"], true, true));
  const keys = table.keys(stringType, table.count - 2, table.count);
  expect([valueAt(keys, 0), valueAt(keys, 1)]).toEqual(["value 3", "value 49000"]);
  const far = { ...column, length: 2, starts: Int32Array.of(0, 1 << 30), ends: Int32Array.of(7, 1 << 30) };
  table.assign(far, 2, groups, options);
  expect([...groups]).toEqual(model.assign(["value 0", ""], true, true));
});
