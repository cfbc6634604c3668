import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBatch } from "../columnar/arbitraries.test-support.ts";
import { valuesOfBatch } from "../columnar/batch-from-values.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { valueReader } from "../columnar/value-at.ts";
import { bigintType, decimalType, intType, nullType, stringType, type SqlValue } from "../types/data-type.ts";
import { parseSchemaJson } from "../types/schema-json.ts";
import { equalValues } from "../columnar/compare.ts";
import { readStateFile } from "./state-file.ts";
import * as spark from "./spark-state.test-support.ts";
import { createRowEncoder, encodeRow, encodeRows } from "./unsafe-row.ts";
import { createRowDecoder } from "./unsafe-row-reader.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

function recordsOf(delta: string): { key: Uint8Array; value: Uint8Array | null }[] {
  const records: { key: Uint8Array; value: Uint8Array | null }[] = [];
  readStateFile("/1.delta", "delta", unhex(delta), (bytes, ks, ke, vs, ve) => {
    records.push({ key: bytes.slice(ks, ke), value: ve < 0 ? null : bytes.slice(vs, ve) });
  });
  return records;
}

test("known bytes: a text key and a count", () => {
  expect(hex(encodeRow([stringType], ["x"]))).toBe("0000000000000000" + "0100000010000000" + "7800000000000000");
  expect(hex(encodeRow([bigintType], [1n]))).toBe("0000000000000000" + "0100000000000000");
  expect(hex(encodeRow([nullType], [null]))).toBe("0100000000000000" + "0000000000000000");
  expect(hex(encodeRow([intType], [-1]))).toBe("0000000000000000" + "ffffffff00000000");
});

describe("rows that Spark wrote", () => {
  test("every type of key is read and written back to the same bytes", () => {
    const types = parseSchemaJson(spark.allTypesKeySchema).fields.map((f) => f.type);
    const [record] = recordsOf(spark.allTypesDelta);
    const values = createRowDecoder(types).decode(record!.key);
    const show = (value: SqlValue | undefined): string =>
      JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v));
    expect(values.slice(0, 9)).toEqual(["y", null, true, 1, -5, 42, -1n, 1.5, 2.25]);
    expect(values.slice(9, 15)).toEqual([
      unhex("00ff10"),
      19782,
      1709210096789012n,
      123n,
      -12345678901234567890n,
      null,
    ]);
    expect(show(values.slice(15))).toBe(
      show([
        [1, null, 3],
        ["x", null, "yyyyyyyyy"],
        [1, "x", null],
        93784000000n,
        40,
        [123n, null],
        [5n, null],
        [true, null, false],
        [[1], null],
      ]),
    );
    expect(hex(encodeRow(types, values))).toBe(hex(record!.key));
  });

  test("aggregate buffers are read and written back to the same bytes", () => {
    const types = parseSchemaJson(spark.allTypesValueSchema).fields.map((f) => f.type);
    const [record] = recordsOf(spark.allTypesDelta);
    const values = createRowDecoder(types).decode(record!.value!);
    expect(values.slice(0, 4)).toEqual([1n, 42n, 42, 1n]);
    expect(values[13]).toEqual({ keys: ["k", "kk"], values: [42, null] });
    expect(hex(encodeRow(types, values))).toBe(hex(record!.value!));
  });

  test("window keys", () => {
    const types = parseSchemaJson(
      '{"type":"struct","fields":[{"name":"w","type":{"type":"struct","fields":[{"name":"start","type":"timestamp","nullable":true,"metadata":{}},{"name":"end","type":"timestamp","nullable":true,"metadata":{}}]},"nullable":true,"metadata":{}},{"name":"value","type":"string","nullable":true,"metadata":{}}]}',
    ).fields.map((f) => f.type);
    const records = recordsOf(spark.windowDelta);
    const keys = records.map((r) => createRowDecoder(types).decode(r.key));
    expect(keys.map((k) => k[1]).sort()).toEqual(["x", "y"]);
    for (const [i, values] of keys.entries()) expect(hex(encodeRow(types, values))).toBe(hex(records[i]!.key));
  });
});

test("any row comes back as it was, by values and by columns", () => {
  fc.assert(
    fc.property(arbitraryBatch(undefined, 8), (batch) => {
      const types = batch.schema.fields.map((f) => f.type);
      const decoder = createRowDecoder(types);
      const encoder = createRowEncoder();
      encoder.bind(batch.columns);
      const together = encodeRows(batch.columns, batch.length);
      const builders = types.map((type) => createBuilder(type, 1));
      for (const [i, row] of valuesOfBatch(batch).entries()) {
        const bytes = encoder.encode(i);
        expect(bytes.length % 8).toBe(0);
        expect(hex(together.bytes.subarray(together.starts[i], together.ends[i]))).toBe(hex(bytes));
        const decoded = decoder.decode(bytes);
        expect(types.every((type, k) => equalValues(type, decoded[k]!, row[k]!))).toBe(true);
        decoder.appendTo(builders, together.bytes, together.starts[i]!, together.ends[i]!);
      }
      for (const [k, builder] of builders.entries()) {
        const [a, b] = [valueReader(builder.finish()), valueReader(batch.columns[k]!)];
        for (let i = 0; i < batch.length; i++) expect(equalValues(types[k]!, a(i), b(i))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("foreign bytes are refused or give values, and never read outside of the row", () => {
  const types = [stringType, decimalType(30, 2), parseSchemaJson(spark.allTypesKeySchema)];
  const decoder = createRowDecoder(types);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decoder.decode(bytes);
      } catch (error) {
        expect(error).toMatchObject({ errorClass: "STATE_STORE_INVALID_ROW" });
      }
    }),
  );
});
