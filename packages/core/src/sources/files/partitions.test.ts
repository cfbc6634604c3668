import { describe, expect, test } from "vitest";
import type { TableSchema } from "../../logical-plan/logical-plan.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import type { Expr } from "../../expressions/expression.ts";
import { compilePredicate } from "../../codegen/compile-predicate.ts";
import { parseDdl } from "../../types/ddl.ts";
import { simpleString } from "../../types/type-names.ts";
import type { PushedFilter } from "../contract.ts";
import { put, readAll, readRangeOf, testContext } from "../source.test-support.ts";
import { csvProvider, jsonProvider, textProvider } from "./providers.ts";

type World = ReturnType<typeof createSimulatedRuntime>;
async function world(files: Readonly<Record<string, string>>): Promise<World> {
  const runtime = createSimulatedRuntime(1);
  for (const [path, content] of Object.entries(files)) await put(runtime, path, content);
  return runtime;
}
async function schemaOf(
  runtime: World,
  paths: readonly string[],
  options: Record<string, string> = {},
  conf: Record<string, string> = {},
  given?: string,
): Promise<TableSchema> {
  const schema = given === undefined ? undefined : parseDdl(given);
  return jsonProvider.inferSchema(testContext(runtime, paths, options, conf), schema, false);
}
const typesOf = (schema: TableSchema): string[] => schema.fields.map((f) => `${f.name} ${simpleString(f.type)}`);
/** A file below each of the directories. */
const filesIn = (...directories: string[]): Record<string, string> =>
  Object.fromEntries(directories.map((directory, i) => [`/t/${directory}/f.json`, `{"v":${i}}\n`]));

describe("partition columns", () => {
  test("come after those of the files, with inferred types, escapes undone", async () => {
    const runtime = await world(
      filesIn("day=2024-02-29/n=1/s=a%2Fb", "day=2024-03-01/n=20/s=__HIVE_DEFAULT_PARTITION__"),
    );
    const schema = await schemaOf(runtime, ["/t"]);
    expect(typesOf(schema)).toEqual(["v bigint", "day date", "n int", "s string"]);
    expect(await readAll(jsonProvider, testContext(runtime, ["/t"]), schema)).toEqual([
      [0n, 19782, 1, "a/b"],
      [1n, 19783, 20, null],
    ]);
  });

  test.each([
    [["1", "2"], "int"],
    [["1", "3000000000"], "bigint"],
    [["1", "1.5"], "double"],
    [["1", "99999999999999999999"], "decimal(20,0)"],
    [["1.5", "99999999999999999999"], "string"],
    [["1.5", "3000000000"], "string"],
    [["1", "x"], "string"],
    [["2024-01-01", "2024-01-02 10:00:00"], "timestamp"],
    [["2024-01-01", "7"], "string"],
    [["2024-02-30"], "string"],
    [["__HIVE_DEFAULT_PARTITION__"], "void"],
    [["__HIVE_DEFAULT_PARTITION__", "5"], "int"],
    [["true"], "string"],
    [["1e3"], "decimal(4,0)"],
    [["NaN", "1d"], "double"],
  ])("%s are of type %s", async (values, type) => {
    const runtime = await world(filesIn(...values.map((value) => `p=${value}`)));
    expect(typesOf(await schemaOf(runtime, ["/t"]))).toEqual(["v bigint", `p ${type}`]);
    const text = await schemaOf(
      runtime,
      ["/t"],
      {},
      { "spark.sql.sources.partitionColumnTypeInference.enabled": "false" },
    );
    expect(typesOf(text)).toEqual(["v bigint", type === "void" ? "p void" : "p string"]);
  });

  test("a given schema says their type and loses its order", async () => {
    const runtime = await world(filesIn("p=01", "p=2"));
    const schema = await schemaOf(runtime, ["/t"], {}, {}, "p string, v int");
    expect(typesOf(schema)).toEqual(["v int", "p string"]);
    expect(await readAll(jsonProvider, testContext(runtime, ["/t"]), schema)).toEqual([
      [0, "01"],
      [1, "2"],
    ]);
    await expect(schemaOf(await world(filesIn("p=x")), ["/t"], {}, {}, "p int, v int")).rejects.toMatchObject({
      errorClass: "INVALID_PARTITION_VALUE",
    });
  });

  test("the value of a directory hides a column of its files, which keeps its place", async () => {
    const runtime = await world({ "/t/p=7/a.csv": "1,x,2\n" });
    const context = testContext(runtime, ["/t"], { inferSchema: "true" });
    const csv = await csvProvider.inferSchema(
      testContext(await world({ "/t/_c1=7/a.csv": "1,x,2\n" }), ["/t"]),
      undefined,
      false,
    );
    expect(typesOf(csv)).toEqual(["_c0 string", "_c1 int", "_c2 string"]);
    const schema = await csvProvider.inferSchema(context, undefined, false);
    expect(await readAll(csvProvider, context, schema)).toEqual([[1, "x", 2, 7]]);
    const hiding = await world({ "/t/_c1=7/a.csv": "1,x,2\n" });
    expect(await readAll(csvProvider, testContext(hiding, ["/t"]), csv)).toEqual([["1", 7, "2"]]);
  });

  test("paths below a partition have its columns with basePath only", async () => {
    const runtime = await world(filesIn("a=1/b=x", "a=2/b=y"));
    expect(typesOf(await schemaOf(runtime, ["/t/a=2"]))).toEqual(["v bigint", "b string"]);
    expect(typesOf(await schemaOf(runtime, ["/t/a=2/b=y/f.json"]))).toEqual(["v bigint"]);
    expect(typesOf(await schemaOf(runtime, ["/t/a=2"], { basePath: "/t" }))).toEqual(["v bigint", "a int", "b string"]);
    expect(typesOf(await schemaOf(runtime, ["/t/a=*"], { basePath: "/t" }))).toEqual(["v bigint", "a int", "b string"]);
    await expect(schemaOf(runtime, ["/t"], { basePath: "/u" })).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
  });

  test("recursiveFileLookup takes all files and no columns; without it other directories are not looked into", async () => {
    const runtime = await world({
      ...filesIn("a=1", "a=2"),
      "/t/plain.json": '{"v":9}\n',
      "/u/x.json": '{"v":1}',
      "/u/below/y.json": '{"v":2}',
    });
    const all = await schemaOf(runtime, ["/t"], { recursiveFileLookup: "true" });
    expect(typesOf(all)).toEqual(["v bigint"]);
    expect(
      await readAll(jsonProvider, testContext(runtime, ["/t"], { recursiveFileLookup: "true" }), all),
    ).toHaveLength(3);
    const partitioned = await schemaOf(runtime, ["/t"]);
    expect(await readAll(jsonProvider, testContext(runtime, ["/t"]), partitioned)).toEqual([
      [0n, 1],
      [1n, 2],
    ]);
    expect(await readAll(jsonProvider, testContext(runtime, ["/u"]), await schemaOf(runtime, ["/u"]))).toEqual([[1n]]);
  });

  test("directories that contradict each other are errors", async () => {
    await expect(schemaOf(await world(filesIn("a=1", "b=1")), ["/t"])).rejects.toMatchObject({
      errorClass: "CONFLICTING_PARTITION_COLUMN_NAMES",
    });
    await expect(schemaOf(await world(filesIn("x/a=1", "y/a=1")), ["/t"])).rejects.toMatchObject({
      errorClass: "CONFLICTING_DIRECTORY_STRUCTURES",
    });
    await expect(schemaOf(await world(filesIn("a=")), ["/t"])).rejects.toMatchObject({
      errorClass: "EMPTY_PARTITION_COLUMN_VALUE",
    });
    await expect(schemaOf(await world(filesIn("=1")), ["/t"])).rejects.toMatchObject({
      errorClass: "EMPTY_PARTITION_COLUMN_NAME",
    });
  });
});

/** `columns[ordinal] = value`, as the engine pushes it. */
function equality(schema: TableSchema, ...terms: readonly (readonly [string, Expr])[]): PushedFilter {
  const conjuncts = terms.map(([name, value]): Expr => {
    const ordinal = schema.fields.findIndex((f) => f.name === name);
    const reference: Expr = { kind: "BoundReference", ordinal, type: schema.fields[ordinal]!.type, nullable: true };
    return { kind: "Call", fn: "=", args: [reference, value], type: { kind: "boolean" }, nullable: true, ansi: true };
  });
  const context = { timeZone: "UTC", ansi: true, nowMicros: 0n, seed: 0n, lastMapKeyWins: false };
  const compiled = (some: readonly Expr[]): PushedFilter["select"] =>
    compilePredicate(some, schema, { codegen: false, context } as never).select;
  return {
    columns: terms.map(([name]) => schema.fields.findIndex((f) => f.name === name)),
    conjuncts,
    select: compiled(conjuncts),
    part: compiled,
  };
}
const int = (value: number): Expr => ({ kind: "Literal", value, type: { kind: "int" } });

describe("pruning", () => {
  test("files of other partitions are not opened, in batches and streams", async () => {
    const runtime = await world(filesIn("p=1", "p=2", "p=3"));
    const context = testContext(runtime, ["/t"]);
    const schema = await schemaOf(runtime, ["/t"]);
    const request = { schema, columns: schema, filter: equality(schema, ["p", int(2)]) };
    const source = await jsonProvider.openBatch!(context, request);
    expect(source.splits.map(({ description }) => description)).toEqual(["/t/p=2/f.json"]);
    expect(await readAll(jsonProvider, context, schema, schema, request.filter)).toEqual([[1n, 2]]);
    const stream = await jsonProvider.openStream!(context, request);
    const end = await stream.latestOffset(null, { kind: "all" });
    expect((await stream.plan(null, end!)).map(({ description }) => description)).toEqual(["/t/p=2/f.json"]);
    expect(await readRangeOf(stream, context, null, end!)).toEqual([[1n, 2]]);
  });

  test("conditions on both kinds of columns reach the reader of the files", async () => {
    const runtime = await world({ "/t/p=1/a.json": '{"v":1}\n{"v":2}\n', "/t/p=2/a.json": '{"v":2}\n{"v":1}\n' });
    const schema = await schemaOf(runtime, ["/t"], {}, {}, "v int, p int");
    const filter = equality(schema, ["v", int(2)], ["p", int(1)]);
    expect(await readAll(jsonProvider, testContext(runtime, ["/t"]), schema, schema, filter)).toEqual([[2, 1]]);
  });

  test("a stream reads directories that come later, of text too", async () => {
    const runtime = await world({ "/t/p=1/a.txt": "one\n" });
    const context = testContext(runtime, ["/t"]);
    const schema = await textProvider.inferSchema(context, undefined, true);
    const stream = await textProvider.openStream!(context, { schema, columns: schema });
    const first = await stream.latestOffset(null, { kind: "all" });
    await put(runtime, "/t/p=22/b.txt", "two\n");
    const second = await stream.latestOffset(first, { kind: "all" });
    expect(await readRangeOf(stream, context, null, second!)).toEqual([
      ["one", 1],
      ["two", 22],
    ]);
  });
});
