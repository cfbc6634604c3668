import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryRows, arbitrarySchema } from "../columnar/arbitraries.test-support.ts";
import { batchFromValues } from "../columnar/batch-from-values.ts";
import { comparatorOf } from "../columnar/compare.ts";
import { valueReader } from "../columnar/value-at.ts";
import { isMillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  type DataType,
  decimalType,
  doubleType,
  field,
  intType,
  type SqlValue,
  stringType,
  type StructType,
  structType,
  timestampType,
  timeType,
} from "../types/data-type.ts";
import { readFooter } from "./file-footer.ts";
import { ParquetFormatError } from "./format-error.ts";
import { fromParquet, handleOf, toParquet } from "./round-trip.test-support.ts";
import { schemaOfFile } from "./sql-types.ts";
import type { ParquetWriteOptions } from "./file-writer.ts";
import type { RowFilter } from "./row-group-reader.ts";

/** Times of day in files have microseconds, unless their type has more digits. */
function inFile(type: DataType, value: SqlValue): SqlValue {
  if (value === null) return null;
  switch (type.kind) {
    case "time":
      return type.precision <= 6 ? ((value as bigint) / 1000n) * 1000n : value;
    case "array":
      return (value as readonly SqlValue[]).map((item) => inFile(type.element, item));
    case "map": {
      const { keys, values } = value as { keys: SqlValue[]; values: SqlValue[] };
      return { keys: keys.map((k) => inFile(type.key, k)), values: values.map((v) => inFile(type.value, v)) };
    }
    case "struct":
      return (value as readonly SqlValue[]).map((item, i) => inFile(type.fields[i]!.type, item));
    default:
      return value;
  }
}

const codecs: readonly ParquetWriteOptions["codec"][] = ["uncompressed", "snappy", "gzip", "zstd", "brotli"];

function expectSame(schema: StructType, rows: SqlValue[][], expected: readonly (readonly SqlValue[])[]): void {
  const compare = comparatorOf(schema);
  expect(rows).toHaveLength(expected.length);
  for (const [i, row] of expected.entries()) {
    const wanted = inFile(schema, row);
    if (compare(rows[i]!, wanted) !== 0) expect(rows[i]).toEqual(wanted);
  }
}

describe("what is written", () => {
  test("is read back: any schema, any rows, any codec and page size", async () => {
    const cases = arbitrarySchema.chain((schema) =>
      fc.record({
        schema: fc.constant(schema),
        rows: arbitraryRows(schema, 60),
        codec: fc.constantFrom(...codecs),
        piece: fc.integer({ min: 1, max: 50 }),
        pageBytes: fc.constantFrom(1, 100, 1 << 20),
        groupBytes: fc.constantFrom(1, 500, 1 << 20),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ schema, rows, piece, ...options }) => {
        const bytes = await toParquet(schema, [batchFromValues(schema, rows)], options, piece);
        expectSame(schema, await fromParquet(bytes, schema), rows);
        const { metadata, root } = await readFooter(handleOf(bytes), bytes.length);
        const flags = { binaryAsString: false, int96AsTimestamp: true, inferNtz: true };
        expect(schemaOfFile(metadata, root, flags).fields.map((f) => [f.name, f.type.kind])).toEqual(
          schema.fields.map((f) => [f.name, f.type.kind]),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("keeps ranges of rows and early filters right over pages of any size", async () => {
    const schema = structType([
      field("k", intType),
      field("s", stringType),
      field("l", arrayType(bigintType)),
      field("d", decimalType(20, 2)),
    ]);
    const rows = Array.from({ length: 20_000 }, (_, i): SqlValue[] => [
      i % 7 === 0 ? null : i,
      i % 11 === 0 ? null : `text ${i % 900}`,
      i % 5 === 0 ? null : [BigInt(i), null].slice(0, i % 3),
      BigInt(i) * 1_000_000_007n,
    ]);
    const batch = batchFromValues(schema, rows);
    for (const pageBytes of [300, 5000, 1 << 20]) {
      const bytes = await toParquet(schema, [batch], { pageBytes, groupBytes: 1 << 30 }, 700);
      const ranges = [
        { from: 3, to: 4 },
        { from: 900, to: 11_000 },
        { from: 19_999, to: 20_000 },
      ];
      const wanted = ranges.flatMap(({ from, to }) => rows.slice(from, to));
      expect(await fromParquet(bytes, schema, [], ranges)).toEqual(wanted);
      const kept = (column: number, keep: (value: SqlValue) => boolean): RowFilter => ({
        columns: [column],
        select(input, selection) {
          const read = valueReader(input.columns[column]!);
          let count = 0;
          for (let i = 0; i < input.length; i++) if (keep(read(i))) selection[count++] = i;
          return count;
        },
      });
      const tests: [number, (value: SqlValue) => boolean][] = [
        [0, (k) => k !== null && Number(k) > 15_000],
        [0, (k) => k === null || Number(k) % 6 < 4],
        [1, (s) => s === null || !String(s).endsWith("7")],
        [3, (d) => BigInt(d as bigint) % 3n === 0n],
        [2, (l) => l === null || (l as readonly SqlValue[]).length < 2],
        [0, (k) => Number(k) !== 17_000],
      ];
      for (const chosen of [tests.slice(0, 1), tests.slice(1), tests.slice(3), [tests[2]!, tests[0]!]]) {
        const filters = chosen.map(([column, keep]) => kept(column, keep));
        const wanted = rows.filter((row) => chosen.every(([column, keep]) => keep(row[column]!)));
        expect(await fromParquet(bytes, schema, filters)).toEqual(wanted);
      }
    }
  });

  test("timestamps of the older forms, and times of day", async () => {
    const schema = structType([field("at", timestampType), field("time", timeType(9))]);
    const rows: SqlValue[][] = [
      [0n, 0n],
      [-1_000n, 1n],
      [1_709_208_000_123_000n, 86_399_999_999_999n],
      [-62_135_596_800_000_000n, null],
      [253_402_300_799_999_000n, null],
    ];
    for (const timestamps of ["int96", "millis", "micros"] as const) {
      const bytes = await toParquet(schema, [batchFromValues(schema, rows)], { timestamps });
      expect(await fromParquet(bytes, schema)).toEqual(rows);
    }
  });
});

/** A file with all kinds of pages in it. */
async function sampleFile(): Promise<{ readonly schema: StructType; readonly bytes: Uint8Array }> {
  const schema = structType([
    field("i", intType),
    field("s", stringType),
    field("x", doubleType, false),
    field("l", arrayType(structType([field("a", bigintType), field("t", stringType)]))),
  ]);
  const rows = Array.from({ length: 400 }, (_, i): SqlValue[] => [
    i % 3 === 0 ? null : i,
    `word ${i % 20}`,
    i / 3,
    i % 4 === 0 ? null : [[BigInt(i), "t"], null],
  ]);
  return { schema, bytes: await toParquet(schema, [batchFromValues(schema, rows)], { groupBytes: 4000 }, 50) };
}

async function outcome(bytes: Uint8Array, schema: StructType): Promise<"rows" | "refused"> {
  try {
    await fromParquet(bytes, schema);
    return "rows";
  } catch (error) {
    // Damage is told as such: any other error would be a fault of the reader.
    if (error instanceof ParquetFormatError || isMillraceError(error)) return "refused";
    throw error;
  }
}

describe("damaged files", () => {
  test("cut off anywhere, they are refused", async () => {
    const { schema, bytes } = await sampleFile();
    for (let size = 0; size < bytes.length; size += 37) {
      expect(await outcome(bytes.subarray(0, size), schema)).toBe("refused");
    }
  });

  test("with flipped bits they are refused or read, never anything else", async () => {
    const { schema, bytes } = await sampleFile();
    const flips = fc.array(fc.tuple(fc.integer({ min: 0, max: bytes.length - 9 }), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const damaged = bytes.slice();
        for (const [at, bits] of changes) damaged[at]! ^= bits;
        await outcome(damaged, schema);
      }),
      { numRuns: 1500 },
    );
  });

  test("lengths beyond all bounds are refused before memory is taken", async () => {
    const { schema, bytes } = await sampleFile();
    const footerSize = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
    for (let at = bytes.length - 8 - footerSize; at < bytes.length - 8; at += 3) {
      const damaged = bytes.slice();
      damaged.fill(0xff, at, at + 4);
      damaged[at + 4] = 0x7f;
      await outcome(damaged, schema);
    }
    const huge = bytes.slice();
    new DataView(huge.buffer).setUint32(huge.length - 8, 0xffff_fff0, true);
    expect(await outcome(huge, schema)).toBe("refused");
  });
});
