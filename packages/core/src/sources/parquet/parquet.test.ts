import { describe, expect, test } from "vitest";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Expr } from "../../expressions/expression.ts";
import { toParquet } from "../../parquet/round-trip.test-support.ts";
import { createNodeRuntime } from "../../runtime/node/index.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import { parquetSink } from "../../sinks/files/providers.ts";
import { batchOf, contextOf } from "../../sinks/sinks.test-support.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  decimalType,
  field,
  intType,
  type SqlValue,
  stringType,
  type StructType,
  structType,
} from "../../types/data-type.ts";
import type { PushedFilter } from "../contract.ts";
import { parquetProvider } from "../files/providers.ts";
import { put, readAll, readRangeOf, testContext } from "../source.test-support.ts";

/** Files are simulated; codecs are the platform's. */
function world(): ReturnType<typeof createSimulatedRuntime> {
  return { ...createSimulatedRuntime(1), compression: createNodeRuntime().compression };
}

const schema = structType([field("a", bigintType), field("s", stringType)]);
const rowsOf = (from: number, to: number): SqlValue[][] =>
  Array.from({ length: to - from }, (_, i): SqlValue[] => [BigInt(from + i), `text ${from + i}`]);
const file = (rows: SqlValue[][], of: StructType = schema, options: Parameters<typeof toParquet>[2] = {}) =>
  toParquet(of, [batchFromValues(of, rows)], options, 100);

describe("reading", () => {
  test("the schema comes from the file; missing columns are null, names match in any case, order is the query's", async () => {
    const runtime = world();
    await put(runtime, "/in/x.parquet", await file(rowsOf(0, 3)));
    const context = testContext(runtime, ["/in"]);
    expect(await parquetProvider.inferSchema(context, undefined, false)).toEqual(schema);
    const wanted = structType([field("S", stringType), field("nowhere", intType), field("A", bigintType)]);
    expect(await readAll(parquetProvider, context, wanted)).toEqual([
      ["text 0", null, 0n],
      ["text 1", null, 1n],
      ["text 2", null, 2n],
    ]);
    const sensitive = testContext(runtime, ["/in"], {}, { "spark.sql.caseSensitive": "true" });
    expect(await readAll(parquetProvider, sensitive, structType([field("A", bigintType)]))).toEqual([
      [null],
      [null],
      [null],
    ]);
  });

  test("splits share out the row groups of a file: every row once", async () => {
    const runtime = world();
    await put(runtime, "/in/x.parquet", await file(rowsOf(0, 1000), schema, { groupBytes: 600 }));
    for (const size of ["100", "777", "3000", "1g"]) {
      const context = testContext(runtime, ["/in"], {}, { "spark.sql.files.maxPartitionBytes": size });
      expect(await readAll(parquetProvider, context, schema)).toEqual(rowsOf(0, 1000));
    }
    const none = structType([]);
    expect(await readAll(parquetProvider, testContext(runtime, ["/in"]), schema, none)).toHaveLength(1000);
  });

  test("fields of structs are read alone, and a struct without any of its fields keeps its nulls", async () => {
    const runtime = world();
    const inner = structType([field("x", intType), field("y", stringType)]);
    const nested = structType([field("st", inner), field("l", arrayType(inner))]);
    const rows: SqlValue[][] = [
      [
        [1, "a"],
        [[2, "b"], null],
      ],
      [null, null],
      [[null, null], []],
    ];
    await put(runtime, "/in/x.parquet", await file(rows, nested));
    const context = testContext(runtime, ["/in"]);
    const only = structType([field("y", stringType)]);
    const narrow = structType([field("st", only), field("l", arrayType(only))]);
    expect(await readAll(parquetProvider, context, narrow)).toEqual([
      [["a"], [["b"], null]],
      [null, null],
      [[null], []],
    ]);
    const absent = structType([field("st", structType([field("z", intType)]))]);
    expect(await readAll(parquetProvider, context, absent)).toEqual([[[null]], [null], [[null]]]);
  });

  test("mergeSchema brings the columns of all files together, or says which schemas do not fit", async () => {
    const runtime = world();
    const other = structType([field("b", intType), field("A", bigintType)]);
    await put(runtime, "/in/1.parquet", await file(rowsOf(0, 1)));
    await put(runtime, "/in/2.parquet", await file([[7, 1n]], other));
    const merged = await parquetProvider.inferSchema(
      testContext(runtime, ["/in"], { mergeSchema: "true" }),
      undefined,
      false,
    );
    expect(merged.fields.map((f) => f.name)).toEqual(["a", "s", "b"]);
    expect(await readAll(parquetProvider, testContext(runtime, ["/in"]), merged)).toEqual([
      [0n, "text 0", null],
      [1n, null, 7],
    ]);
    await put(runtime, "/in/3.parquet", await file([["x"]], structType([field("a", stringType)])));
    const conf = { "spark.sql.parquet.mergeSchema": "true" };
    await expect(
      parquetProvider.inferSchema(testContext(runtime, ["/in"], {}, conf), undefined, false),
    ).rejects.toMatchObject({ errorClass: "CANNOT_MERGE_SCHEMAS", sqlState: "42KD9" });
  });

  test("a column of another type names file, column and both types", async () => {
    const runtime = world();
    await put(runtime, "/in/x.parquet", await file([[1n]], structType([field("d", decimalType(12, 2))])));
    const wanted = structType([field("d", booleanType)]);
    await expect(readAll(parquetProvider, testContext(runtime, ["/in"]), wanted)).rejects.toMatchObject({
      errorClass: "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
      parameters: {
        path: "/in/x.parquet",
        column: "[d]",
        expectedType: "boolean",
        actualType: "INT64 (DECIMAL(12,2))",
      },
    });
  });

  test("files that are none, or cut off, are named; ignoreCorruptFiles passes over them", async () => {
    const runtime = world();
    const good = await file(rowsOf(0, 2));
    await put(runtime, "/in/1.parquet", good);
    await put(runtime, "/in/2.parquet", "a,b\n1,2\n3,4\n5,6\n");
    await put(runtime, "/in/3.parquet", good.subarray(0, good.length - 20));
    await put(runtime, "/in/4.parquet", "");
    await expect(readAll(parquetProvider, testContext(runtime, ["/in"]), schema)).rejects.toMatchObject({
      errorClass: "FAILED_READ_FILE.NO_HINT",
      parameters: { path: "/in/2.parquet", reason: "the file does not end with PAR1" },
    });
    const lenient = testContext(runtime, ["/in"], { ignoreCorruptFiles: "true" });
    expect(await readAll(parquetProvider, lenient, schema)).toEqual(rowsOf(0, 2));
    expect(lenient.warnings).toHaveLength(3);
  });
});

/** `a = value`, which counts how many rows it is shown. */
function equals(value: bigint): PushedFilter & { shown: number } {
  const conjunct: Expr = {
    kind: "Call",
    fn: "=",
    args: [
      { kind: "BoundReference", ordinal: 0, type: bigintType, nullable: true },
      { kind: "Literal", value, type: bigintType },
    ],
    type: booleanType,
    nullable: true,
    ansi: true,
  };
  return {
    shown: 0,
    columns: [0],
    conjuncts: [conjunct],
    select(batch: RecordBatch, selection: Int32Array) {
      this.shown += batch.length;
      const column = batch.columns[0]!;
      if (column.kind !== "i64") throw new Error("a bigint column");
      let count = 0;
      for (let i = 0; i < batch.length; i++) if (column.values[i] === value) selection[count++] = i;
      return count;
    },
  };
}

describe("pruning", () => {
  test("row groups by their bounds, pages by the page index", async () => {
    const runtime = world();
    const rows = rowsOf(0, 10_000);
    await put(runtime, "/groups/x.parquet", await file(rows, schema, { groupBytes: 20_000 }));
    await put(runtime, "/pages/x.parquet", await file(rows, schema, { pageBytes: 2000, groupBytes: 1 << 30 }));
    for (const [path, most] of [
      ["/groups", 2500],
      ["/pages", 2500],
    ] as const) {
      const filter = equals(4321n);
      expect(await readAll(parquetProvider, testContext(runtime, [path]), schema, schema, filter)).toEqual([
        [4321n, "text 4321"],
      ]);
      expect(filter.shown).toBeLessThan(most);
      const outside = equals(-1n);
      expect(await readAll(parquetProvider, testContext(runtime, [path]), schema, schema, outside)).toEqual([]);
      expect(outside.shown).toBe(0);
      const off = testContext(runtime, [path], {}, { "spark.sql.parquet.filterPushdown": "false" });
      const everything = equals(4321n);
      expect(await readAll(parquetProvider, off, schema, schema, everything)).toHaveLength(1);
      expect(everything.shown).toBe(10_000);
    }
  });
});

describe("file sink and file stream", () => {
  test("a stream writes each batch once, and a stream reads what the manifest lists", async () => {
    const runtime = world();
    const sink = await parquetSink.openStream!(contextOf(runtime, schema, {}, { path: "/out" }));
    for (const batchId of [0, 1, 1, 2]) {
      const rows = batchFromValues(schema, rowsOf(batchId * 10, batchId * 10 + 10));
      const prepared = await sink.write(batchOf(batchId, schema, [rows]));
      await prepared.commit();
    }
    const names = (await runtime.fs.list("/out")).map((entry) => entry.name).filter((name) => name.startsWith("part"));
    expect(names).toHaveLength(3);
    expect(names.every((name) => name.endsWith(".snappy.parquet"))).toBe(true);
    expect(await readAll(parquetProvider, testContext(runtime, ["/out"]), schema)).toHaveLength(30);

    await put(runtime, "/in/1.parquet", await file(rowsOf(0, 5)));
    const context = testContext(runtime, ["/in"]);
    const source = await parquetProvider.openStream!(context, { schema, columns: schema });
    const first = (await source.latestOffset(null, { kind: "all" }))!;
    await put(runtime, "/in/2.parquet", await file(rowsOf(5, 9)));
    const second = (await source.latestOffset(first, { kind: "all" }))!;
    expect(await readRangeOf(source, context, null, first)).toEqual(rowsOf(0, 5));
    expect(await readRangeOf(source, context, first, second)).toEqual(rowsOf(5, 9));
    await source.close();
  });

  test("an empty result is a file with a schema; options and types that cannot be are refused", async () => {
    const runtime = world();
    const sink = await parquetSink.openBatch!(contextOf(runtime, schema, {}, { path: "/out" }), "errorifexists");
    await sink.write([], new AbortController().signal);
    expect(await parquetProvider.inferSchema(testContext(runtime, ["/out"]), undefined, false)).toEqual(schema);
    await expect(
      parquetSink.openStream!(contextOf(runtime, schema, { compression: "lzo" }, { path: "/o" })),
    ).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
    const voids = structType([field("n", { kind: "null" })]);
    await expect(parquetSink.openStream!(contextOf(runtime, voids, {}, { path: "/o" }))).rejects.toMatchObject({
      errorClass: "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
    });
  });
});
