/** Input that nobody plans for: odd names, many columns, deep expressions, NULL keys, far times, failing user functions. */
import { describe, expect, test } from "vitest";
import { col, type Column, count, expr, lit, struct, sum, udf, window } from "millrace";
import { simulatedSession } from "./simulated-session.ts";

const long = "n".repeat(10_000);
const names: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  'quo"te',
  "apo'strophe",
  "back`tick",
  "back\\slash",
  "line\nbreak",
  "\u2028",
  "tab\t",
  "${x}",
  "a.b",
  "*",
  " ",
  "NULL",
  "1",
  "ünï😀",
  long,
];

describe("column names", () => {
  test.each(names.map((name) => [name.slice(0, 20), name]))("%j", async (_, name) => {
    await using session = await simulatedSession();
    const { spark } = session;
    const row = (value: string | null): object => Object.fromEntries([[name, value]]);
    const schema = { kind: "struct", fields: [{ name, type: { kind: "string" }, nullable: true }] } as const;
    const frame = spark.createDataFrame([row("x"), row("y"), row("x"), row(null)], schema);
    expect(await frame.columns()).toEqual([name]);
    const quoted = `\`${name.replaceAll("`", "``")}\``;
    const counts = await frame.groupBy(quoted).count().orderBy(quoted).collect();
    expect(counts.map((r) => [Object.hasOwn(r, name), Reflect.get(r, name), r["count"]])).toEqual([
      [true, null, 1],
      [true, "x", 2],
      [true, "y", 1],
    ]);
    expect((await frame.showString({ truncate: false })).split("\n").length).toBeGreaterThan(6);
    expect(await frame.filter(`${quoted} = 'x'`).count()).toBe(2);
    expect((await frame.map((r) => r, schemaOf(name)).collect()).map((r) => Reflect.get(r, name))).toEqual([
      "x",
      "y",
      "x",
      null,
    ]);
    await frame.write.json("/out");
    const back = spark.read.schema(schema).json("/out");
    expect((await back.collect()).map((r) => Reflect.get(r, name))).toEqual(["x", "y", "x", null]);
    const inferred = await spark.read.json("/out").collect();
    expect(inferred.map((r) => (Object.hasOwn(r, name) ? Reflect.get(r, name) : undefined))).toEqual([
      "x",
      "y",
      "x",
      null,
    ]);
    const nested = await frame.selectExpr(`struct(${quoted}) AS s`).selectExpr(`s.${quoted} AS v`).collect();
    expect(nested.map((r) => r["v"])).toEqual(["x", "y", "x", null]);
  });
  const schemaOf = (name: string): { readonly [name: string]: "string" } =>
    Object.fromEntries([[name, "string"]]) as { readonly [name: string]: "string" };

  test("values that are the names of an object's own", async () => {
    await using session = await simulatedSession();
    const rows = ["__proto__", "constructor", "", "\0", "__proto__"].map((k) => ({ k, v: 1 }));
    const found = await session.spark
      .createDataFrame(rows)
      .groupBy("k")
      .agg(() => ({ n: sum("v") }))
      .orderBy("k")
      .collect();
    expect(found).toEqual([
      { k: "", n: 1 },
      { k: "\0", n: 1 },
      { k: "__proto__", n: 2 },
      { k: "constructor", n: 1 },
    ]);
  });

  test("maps and structs with such keys", async () => {
    await using session = await simulatedSession();
    const frame = session.spark.createDataFrame([{ id: 1 }], { id: "int" });
    const [row] = await frame
      .selectExpr("map('__proto__', id, 'constructor', 2) AS m", "named_struct('__proto__', id) AS s")
      .collect();
    const map = row!["m"] as Map<string, number>;
    expect(map instanceof Map ? [...map] : Object.entries(map)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    expect(Object.hasOwn(row!["s"] as object, "__proto__")).toBe(true);
  });
});

test("names match whatever their case, unless the session says otherwise", async () => {
  await using session = await simulatedSession();
  const { spark } = session;
  const frame = spark.createDataFrame([{ Id: 1, nAme: { Inner: "x" } }], {
    Id: "int",
    nAme: struct({ Inner: "string" }),
  });
  expect(await frame.selectExpr("ID", "name.inner").collect()).toEqual([{ Id: 1, inner: "x" }]);
  expect(await frame.select("iD" as "Id").collect()).toEqual([{ Id: 1 }]);
  expect(await frame.withColumn("ID", () => lit(2)).columns()).toEqual(["ID", "nAme"]);
  expect(await frame.drop("ID" as "Id").columns()).toEqual(["nAme"]);
  spark.conf.set("spark.sql.caseSensitive", true);
  await expect(frame.selectExpr("ID").collect()).rejects.toMatchObject({
    errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
  });
});

test("structs take the names of their columns, and give them back", async () => {
  await using session = await simulatedSession();
  const frame = session.spark.createDataFrame([{ a: 1, b: "x" }], { a: "int", b: "string" });
  const packed = frame.selectExpr("struct(a, b, a + 1 AS next, a * 2) AS s");
  expect(await packed.collect()).toEqual([{ s: { a: 1, b: "x", next: 2, col4: 2 } }]);
  expect(await packed.selectExpr("s.*").collect()).toEqual([{ a: 1, b: "x", next: 2, col4: 2 }]);
  expect(await packed.selectExpr("s.NEXT").collect()).toEqual([{ NEXT: 2 }]);
  expect(await frame.selectExpr("struct(*) AS s").collect()).toEqual([{ s: { a: 1, b: "x" } }]);
});

test("the session's time zone decides how text and times meet", async () => {
  await using session = await simulatedSession();
  const { spark } = session;
  const frame = (): Promise<object[]> =>
    spark
      .createDataFrame([{ t: "2024-07-01 12:00:00" }])
      .selectExpr("unix_timestamp(CAST(t AS TIMESTAMP)) AS s", "hour(TIMESTAMP'2024-07-01T12:00:00Z') AS h")
      .collect();
  expect(await frame()).toEqual([{ s: 1719835200, h: 12 }]);
  spark.conf.set("spark.sql.session.timeZone", "America/New_York");
  expect(await frame()).toEqual([{ s: 1719835200 + 4 * 3600, h: 8 }]);
  expect(() => spark.conf.set("spark.sql.session.timeZone", "Mars/Olympus")).toThrow(
    expect.objectContaining({ errorClass: expect.any(String) as string }),
  );
});

test("2,000 columns", async () => {
  await using session = await simulatedSession();
  const { spark } = session;
  const width = 2000;
  const row = Object.fromEntries(Array.from({ length: width }, (_, i) => [`c${i}`, i]));
  const frame = spark.createDataFrame([row, row]);
  expect(await frame.collect()).toEqual([row, row]);
  const sums = Array.from({ length: width }, (_, i) => `sum(c${i}) AS s${i}`);
  const [total] = await frame.selectExpr(...sums).collect();
  expect(total!["s1999"]).toBe(3998);
  const changed = await frame
    .selectExpr(...Array.from({ length: width }, (_, i) => `c${i} + 1 AS c${i}`))
    .filter("c7 > 0")
    .collect();
  expect(changed[1]!["c1999"]).toBe(2000);
  expect(await frame.distinct().count()).toBe(1);
  await frame.write.json("/wide");
  expect((await spark.read.json("/wide").collect())[0]!["c1234"]).toBe(1234);
});

describe("expressions nested 5,000 deep", () => {
  test("by the API", async () => {
    await using session = await simulatedSession();
    let sumOfOnes: Column<"int"> = lit(0) as unknown as Column<"int">;
    for (let i = 0; i < 5000; i++) sumOfOnes = sumOfOnes.plus(1) as Column<"int">;
    const frame = session.spark.createDataFrame([{ id: 1 }], { id: "int" });
    expect(await frame.select(sumOfOnes.as("n")).collect()).toEqual([{ n: 5000 }]);
    let overColumn: Column<"int"> = col("id") as unknown as Column<"int">;
    for (let i = 0; i < 5000; i++) overColumn = overColumn.plus(1) as Column<"int">;
    const run = frame.select(overColumn.as("n")).collect();
    expect(await run).toEqual([{ n: 5001 }]);
  });
  test("as a flat chain of SQL", async () => {
    await using session = await simulatedSession();
    const frame = session.spark.createDataFrame([{ id: 1 }], { id: "int" });
    expect(await frame.selectExpr(`id${" + 1".repeat(5000)} AS n`).collect()).toEqual([{ n: 5001 }]);
    expect(await frame.filter(`id = 1${" AND id > 0".repeat(5000)}`).count()).toBe(1);
    expect(await frame.filter(`id = 2${" OR id > 0".repeat(5000)}`).count()).toBe(1);
  });
  test("as parentheses of SQL: refused by name", async () => {
    await using session = await simulatedSession();
    const frame = session.spark.createDataFrame([{ id: 1 }], { id: "int" });
    expect(() => frame.selectExpr(`${"(".repeat(5000)}id${")".repeat(5000)}`)).toThrow(
      expect.objectContaining({ errorClass: "EXPRESSION_NESTED_TOO_DEEP" }),
    );
  });
  test("1,000 steps of a plan", async () => {
    await using session = await simulatedSession();
    let frame = session.spark.createDataFrame([{ id: 1 }], { id: "int" });
    for (let i = 0; i < 1000; i++) frame = frame.filter("id > 0");
    expect(await frame.count()).toBe(1);
  });
});

describe("NULL keys", () => {
  const left = [
    { k: null, a: 1 },
    { k: "x", a: 2 },
    { k: null, a: 3 },
  ];
  const right = [
    { k: null, b: 10 },
    { k: "x", b: 20 },
    { k: "y", b: 30 },
  ];
  test("are one group, and equal nothing in joins", async () => {
    await using session = await simulatedSession();
    const { spark } = session;
    const l = spark.createDataFrame(left, { k: "string", a: "int" });
    const r = spark.createDataFrame(right, { k: "string", b: "int" });
    expect(
      await l
        .groupBy("k")
        .agg(() => ({ n: sum("a") }))
        .orderBy("k")
        .collect(),
    ).toEqual([
      { k: null, n: 4 },
      { k: "x", n: 2 },
    ]);
    const rows = async (how: "inner" | "left" | "right" | "full" | "leftSemi" | "leftAnti"): Promise<number> =>
      l.join(r, "k", how).count();
    expect([await rows("inner"), await rows("left"), await rows("right"), await rows("full")]).toEqual([1, 3, 3, 5]);
    expect([await rows("leftSemi"), await rows("leftAnti")]).toEqual([1, 2]);
    expect(await l.alias("l").join(r.alias("r"), expr("l.k <=> r.k")).count()).toBe(3);
  });
});

test("event times at the ends of time", async () => {
  await using session = await simulatedSession();
  const { spark } = session;
  const frame = spark
    .createDataFrame([
      { s: "9999-12-31 23:59:59" },
      { s: "0001-01-01 00:00:00" },
      { s: "+294247-01-10 04:00:54" },
      { s: "-290308-12-21 20:00:00" },
    ])
    .selectExpr("CAST(s AS TIMESTAMP) AS t");
  const windows = frame.groupBy(window("t", "10 minutes")).agg(() => ({ n: count("*") }));
  expect(
    await windows
      .selectExpr("CAST(window.start AS STRING) AS w", "n")
      .orderBy("w")
      .collect()
      .then((rows) => rows.length),
  ).toBe(4);
  await expect(frame.collect()).rejects.toMatchObject({ errorClass: "TIMESTAMP_OUT_OF_DATE_RANGE" });
});

describe("user functions", () => {
  test("that throw are errors with their name and cause", async () => {
    await using session = await simulatedSession();
    const { spark } = session;
    const frame = spark.createDataFrame([{ id: 1 }], { id: "int" });
    const boom = new Error("boom");
    const thrower = (): never => {
      throw boom;
    };
    const failures = [
      frame.map(thrower, { id: "int" }),
      frame.flatMap(thrower, { id: "int" }),
      frame.filterRows(thrower),
      frame.mapPartitions(thrower, { id: "int" }),
      frame.select(udf((_: number | null): number => thrower(), "int")("id").as("x")),
      frame.groupByKey(thrower, "int").count(),
      frame.groupByKey((row) => row.id, "int").mapGroups(thrower, { id: "int" }),
    ];
    for (const failing of failures) {
      await expect(failing.collect()).rejects.toMatchObject({ errorClass: "FAILED_EXECUTE_UDF", cause: boom });
    }
  });
  test("that return what the schema does not have are errors", async () => {
    await using session = await simulatedSession();
    const frame = session.spark.createDataFrame([{ id: 1 }], { id: "int" });
    const returning = (value: unknown): Promise<unknown> =>
      frame.map(() => value as { id: number }, { id: "int" }).collect();
    const returned = [
      { id: "x" },
      { id: 1.5 },
      { id: 2 ** 40 },
      7,
      null,
      Promise.resolve(7),
      { id: Promise.resolve(1) },
    ];
    const classes = await Promise.all(
      returned.map((value) =>
        returning(value).then(
          () => "accepted",
          (e: { errorClass?: string }) => e.errorClass ?? String(e),
        ),
      ),
    );
    expect(classes).toEqual(returned.map(() => "INVALID_EXTERNAL_VALUE"));
    expect(await returning(Promise.resolve({ id: 5 }))).toEqual([{ id: 5 }]);
    expect(() => session.spark.createDataFrame([Promise.resolve({ id: 1 })], "id INT")).toThrow(
      expect.objectContaining({ errorClass: "INVALID_EXTERNAL_VALUE" }),
    );
    await expect(
      frame.select(udf((_: number | null) => Promise.resolve(1) as unknown as number, "int")("id").as("x")).collect(),
    ).rejects.toMatchObject({
      errorClass: "INVALID_EXTERNAL_VALUE",
    });
  });
});
