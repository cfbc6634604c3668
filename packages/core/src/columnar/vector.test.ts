import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigintType, booleanType, decimalType, field, intType, stringType, structType } from "../types/data-type.ts";
import {
  arbitraryBatch,
  arbitraryRows,
  arbitrarySchema,
  arbitraryType,
  arbitraryValue,
} from "./arbitraries.test-support.ts";
import { batchFromValues, valuesOfBatch } from "./batch-from-values.ts";
import { compactBatch, contiguousBytes } from "./compact.ts";
import { concatBatches, emptyBatch } from "./concat.ts";
import { filterBatch, gather, gatherBatch, gatherOrNull, sliceBatch } from "./gather.ts";
import { batchMemorySize } from "./memory-size.ts";
import { valueAt } from "./value-at.ts";
import type { BytesVector, Vector } from "./vector.ts";
import { createBuilder } from "./vector-builder.ts";

const typeAndValues = arbitraryType.chain((type) =>
  fc.tuple(fc.constant(type), fc.array(fc.option(arbitraryValue(type), { nil: null }), { maxLength: 60 })),
);

/** A batch cut out of a larger one, so that offsets do not start at 0 and bitmaps not at a byte. */
const slicedBatch = arbitraryBatch(undefined, 40).chain((batch) =>
  fc
    .tuple(fc.integer({ min: 0, max: batch.length }), fc.integer({ min: 0, max: batch.length }))
    .map(([a, b]) => sliceBatch(batch, Math.min(a, b), Math.max(a, b))),
);

describe("builders", () => {
  test("give back the appended values", () => {
    fc.assert(
      fc.property(typeAndValues, fc.integer({ min: 0, max: 9 }), ([type, values], capacity) => {
        const builder = createBuilder(type, capacity);
        for (const value of values) builder.append(value);
        expect(builder.length).toBe(values.length);
        const vector = builder.finish();
        expect(vector.length).toBe(values.length);
        expect(values.map((_, i) => valueAt(vector, i))).toEqual(values);
      }),
    );
  });

  test("are empty and usable after finish, and leave the finished vector alone", () => {
    fc.assert(
      fc.property(typeAndValues, ([type, values]) => {
        const builder = createBuilder(type, 4);
        for (const value of values) builder.append(value);
        const first = builder.finish();
        for (const value of [...values].reverse()) builder.append(value);
        const second = builder.finish();
        expect(values.map((_, i) => valueAt(first, i))).toEqual(values);
        expect(values.map((_, i) => valueAt(second, i))).toEqual([...values].reverse());
      }),
    );
  });

  test("of strings take byte ranges", () => {
    const builder = createBuilder(stringType as typeof stringType & { kind: "string" });
    const source = new TextEncoder().encode("--héllo--" + "x".repeat(100));
    builder.appendBytes(source, 2, 8);
    builder.appendNull();
    builder.appendBytes(source, 10, 110);
    const vector = builder.finish();
    expect([0, 1, 2].map((i) => valueAt(vector, i))).toEqual(["héllo", null, "x".repeat(100)]);
  });

  test("keep a null-free column free of a validity bitmap", () => {
    const builder = createBuilder(intType);
    builder.append(1);
    expect(builder.finish().validity).toBeNull();
  });
});

describe("rows", () => {
  test("survive the way into a batch and back", () => {
    const schemaAndRows = arbitrarySchema.chain((schema) => fc.tuple(fc.constant(schema), arbitraryRows(schema)));
    fc.assert(
      fc.property(schemaAndRows, ([schema, rows]) => {
        expect(valuesOfBatch(batchFromValues(schema, rows))).toEqual(rows);
      }),
    );
  });

  test("gather like an array", () => {
    const batchAndIndices = slicedBatch.chain((batch) =>
      fc.tuple(fc.constant(batch), fc.array(fc.nat(Math.max(0, batch.length - 1)), { maxLength: batch.length * 2 })),
    );
    fc.assert(
      fc.property(batchAndIndices, ([batch, indices]) => {
        const rows = valuesOfBatch(batch);
        const taken = gatherBatch(batch, Int32Array.from(indices), indices.length);
        expect(valuesOfBatch(taken)).toEqual(indices.map((i) => rows[i]));
      }),
    );
  });

  test("slice, compact and concatenate like arrays", () => {
    fc.assert(
      fc.property(slicedBatch, fc.array(fc.nat(40), { maxLength: 3 }), (batch, cuts) => {
        const rows = valuesOfBatch(batch);
        const at = [0, ...cuts.map((c) => Math.min(c, batch.length)).sort((a, b) => a - b), batch.length];
        const parts = at.slice(1).map((to, i) => sliceBatch(batch, at[i]!, to));
        expect(parts.flatMap(valuesOfBatch)).toEqual(rows);
        expect(valuesOfBatch(concatBatches(batch.schema, parts))).toEqual(rows);
        expect(valuesOfBatch(concatBatches(batch.schema, parts.map(compactBatch)))).toEqual(rows);
        expect(valuesOfBatch(compactBatch(batch))).toEqual(rows);
        expect(batchMemorySize(batch)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("filter by a boolean column, NULL as false", () => {
    fc.assert(
      fc.property(slicedBatch, fc.infiniteStream(fc.constantFrom(true, false, null)), (batch, stream) => {
        const condition = [...stream.take(batch.length)];
        const builder = createBuilder(booleanType);
        for (const value of condition) builder.append(value);
        const kept = filterBatch(batch, builder.finish());
        expect(valuesOfBatch(kept)).toEqual(valuesOfBatch(batch).filter((_, i) => condition[i] === true));
      }),
    );
  });
});

describe("gather", () => {
  test("gives NULL for a negative position", () => {
    const schema = structType([field("a", intType), field("b", stringType)]);
    const batch = batchFromValues(schema, [
      [1, "x"],
      [null, "y"],
    ]);
    const indices = Int32Array.of(1, -1, 0);
    const read = (v: Vector): unknown[] => [0, 1, 2].map((i) => valueAt(gatherOrNull(v, indices, 3), i));
    expect(batch.columns.map(read)).toEqual([
      [null, null, 1],
      ["y", null, "x"],
    ]);
    expect(valueAt(gatherOrNull(emptyBatch(schema).columns[1]!, Int32Array.of(-1), 1), 0)).toBeNull();
  });

  test("shares the bytes of strings", () => {
    const batch = batchFromValues(structType([field("s", stringType)]), [["a"], ["b"]]);
    const taken = gather(batch.columns[0]!, Int32Array.of(1), 1) as BytesVector;
    expect(taken.bytes).toBe((batch.columns[0] as BytesVector).bytes);
    expect(contiguousBytes(taken)).toEqual({ bytes: new Uint8Array([98]), offsets: Int32Array.of(0, 1) });
  });
});

test("decimals keep 38 digits", () => {
  const builder = createBuilder(decimalType(38, 0));
  const limit = 10n ** 38n - 1n;
  for (const value of [limit, -limit, 0n, -1n, 2n ** 63n, -(2n ** 63n)]) builder.append(value);
  const vector = builder.finish();
  expect([0, 1, 2, 3, 4, 5].map((i) => valueAt(vector, i))).toEqual([limit, -limit, 0n, -1n, 2n ** 63n, -(2n ** 63n)]);
});

test("64-bit values are exact", () => {
  const batch = batchFromValues(structType([field("a", bigintType)]), [[2n ** 63n - 1n], [-(2n ** 63n)]]);
  expect(valuesOfBatch(batch)).toEqual([[2n ** 63n - 1n], [-(2n ** 63n)]]);
});
