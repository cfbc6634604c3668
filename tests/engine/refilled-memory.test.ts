/** Sources fill the arrays of their batches again: what aggregates keep of strings must be their own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { col, count, expr, lit, SparkSession } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

const rows: readonly { g: string; s: string | null; i: number }[] = Array.from({ length: 12_000 }, (_, i) => ({
  g: `group ${(i * 7) % 5}`,
  s: i % 97 === 0 ? null : `text ${(i * 7919) % 10_007} ${"x".repeat(i % 13)}`,
  i,
}));
const aggregates: readonly string[] = [
  ...["min", "max", "first", "last", "any_value", "count", "approx_count_distinct", "collect_list", "collect_set"].map(
    (name) => `${name}(s)`,
  ),
  "mode(s)",
  "count(DISTINCT s)",
  "max_by(s, i)",
  "min_by(s, i)",
  "max_by(i, s)",
  "listagg(s, ',')",
  "first(s) FILTER (WHERE i > 6000)",
  "max(named_struct('a', s, 'b', i))",
  "max(array(s, g))",
  "min(upper(s))",
];
let directory = "";
let spark: SparkSession;

beforeAll(async () => {
  directory = mkdtempSync(`${tmpdir()}/millrace-refilled-`);
  writeFileSync(`${directory}/rows.json`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  writeFileSync(`${directory}/lines.txt`, rows.map(({ s }) => `${s ?? ""}\n`).join(""));
  // Chunks of a few hundred rows: the memory of each is filled many times.
  spark = await SparkSession.builder.master("local[1]").config("millrace.files.chunkBytes", "16384").getOrCreate();
});
afterAll(async () => {
  await spark.stop();
  rmSync(directory, { recursive: true });
});

const types = { g: "string", s: "string", i: "bigint" } as const;

test.each(aggregates)("%s of strings read from JSON is that of the rows", async (aggregate) => {
  const read = spark.read.schema(types).json(directory + "/rows.json");
  const given = spark.createDataFrame(rows, types);
  for (const filter of ["i >= 0", "s > 'text 3' AND i % 3 < 2"]) {
    const [own, wanted] = await Promise.all(
      [read, given].map(async (frame) => {
        const grouped = frame.filter(filter).groupBy("g").agg(expr(aggregate).as("value"));
        return (await grouped.collect()).map((row) => JSON.stringify(row)).toSorted();
      }),
    );
    expect(own).toEqual(wanted);
  }
});

test("strings that pass a join, a sort and a group by stay what they are", async () => {
  const read = spark.read.schema(types).json(directory + "/rows.json");
  const given = spark.createDataFrame(rows, types);
  const names = spark.createDataFrame(
    Array.from({ length: 5 }, (_, n) => ({ g: `group ${n}`, name: `name ${n % 2}` })),
    { g: "string", name: "string" },
  );
  const [own, wanted] = await Promise.all(
    [read, given].map(async (frame) => {
      const joined = frame.filter("i % 3 < 2").join(names, "g");
      const kept = await joined.collect();
      const sorted = await joined.orderBy("s", "i").collect();
      const grouped = await joined
        .groupBy("name", col("s").substr(1, 7))
        .agg(count(lit(1)).as("n"))
        .collect();
      return [
        kept.map((row) => JSON.stringify(row)).toSorted(),
        sorted.map((row) => JSON.stringify(row)),
        grouped.map((row) => JSON.stringify(row)).toSorted(),
      ];
    }),
  );
  expect(own).toEqual(wanted);
});

test("lines that are kept in groups and sets stay what they are", async () => {
  const lines = spark.read.text(directory + "/lines.txt");
  const [row] = await lines.agg(expr("collect_set(value)").as("all"), expr("max(value)").as("most")).collect();
  const texts = rows.map(({ s }) => s ?? "");
  expect((row!.all as string[]).toSorted()).toEqual([...new Set(texts)].toSorted());
  expect(row!.most).toBe(texts.toSorted().at(-1));
});
