import { count, type DataFrame, explode, expr, sessionWindow, split, sum, window } from "millrace";
import type { CrashQuery } from "./crash-world.ts";

const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const at = (seconds: number): string => new Date(1_700_000_000_000 + seconds * 1000).toISOString();

/** Six files, a minute of event time each, two users, and a row that comes late. */
const clicks = Object.fromEntries(
  Array.from({ length: 6 }, (_, i) => [
    `/in/${i}.json`,
    lines([
      { user: "a", at: at(i * 60 + 5), amount: i },
      { user: "b", at: at(i * 60 + 30), amount: 10 + i },
      { user: "a", at: at(i * 60 - 210), amount: 100 + i },
    ]),
  ]),
);
const clickSchema = { user: "string", at: "timestamp", amount: "int" } as const;
/** The clicks that come in time: rows are late by the watermark of the batch before, and the first two batches have none. */
const inTime = "amount <= 101";
/** A click goes on with the session of the one a minute before in every other minute. */
const sessionGap = expr("CASE WHEN amount % 2 = 0 THEN '61 seconds' ELSE '40 seconds' END");
/** The watermark at the end: the largest time less ten seconds. */
const lastWatermark = at(5 * 60 + 30 - 10);

type Clicks = DataFrame<typeof clickSchema>;
/** Clicks with those of the same user within a minute whose amount is not less. */
function neighbours(rows: Clicks, marked: (rows: Clicks) => Clicks) {
  return marked(rows)
    .alias("l")
    .join(
      marked(rows).alias("r"),
      expr(
        "l.user = r.user AND l.at BETWEEN r.at - INTERVAL 1 MINUTE AND r.at + INTERVAL 1 MINUTE AND l.amount < r.amount",
      ),
      "left",
    )
    .selectExpr("l.user AS user", "l.at AS at", "l.amount AS amount", "r.amount AS other");
}

const queries: readonly CrashQuery[] = [
  {
    name: "JSON files to JSON files",
    files: clicks,
    stateful: false,
    output: { user: "string", at: "timestamp", amount: "int" },
    batch: (spark) => spark.read.schema(clickSchema).json("/in"),
    start: (spark) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "directories of JSON files to directories of JSON files",
    files: Object.fromEntries(
      Object.entries(clicks).map(([path, text], i) => [path.replace("/in/", `/in/part=${i % 2}/`), text]),
    ),
    stateful: false,
    output: { at: "timestamp", amount: "int", user: "string", part: "int" },
    batch: (spark) =>
      spark.read
        .schema({ ...clickSchema, part: "int" })
        .json("/in")
        .select("at", "amount", "user", "part"),
    start: (spark) =>
      spark.readStream
        .schema({ ...clickSchema, part: "int" })
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .select("at", "amount", "user", "part")
        .writeStream.partitionBy("user", "part")
        .format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "JSON files to windowed counts in JSON files",
    files: clicks,
    stateful: true,
    output: { start: "timestamp", user: "string", n: "bigint" },
    batch: (spark) =>
      spark.read
        .schema(clickSchema)
        .json("/in")
        .filter(inTime)
        .groupBy(window("at", "1 minute"), "user")
        .count()
        .filter(`window.end <= timestamp '${lastWatermark}'`)
        .selectExpr("window.start AS start", "user", "count AS n"),
    start: (spark) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .withWatermark("at", "10 seconds")
        .groupBy(window("at", "1 minute"), "user")
        .count()
        .selectExpr("window.start AS start", "user", "count AS n")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "running sums and timers of a processor in JSON files",
    files: clicks,
    stateful: true,
    output: { user: "string", amount: "bigint" },
    batch: (spark) =>
      spark.read
        .schema(clickSchema)
        .json("/in")
        .filter(inTime)
        .selectExpr("user", "CAST(amount AS BIGINT) AS amount")
        .union(
          spark.read
            .schema(clickSchema)
            .json("/in")
            .filter(`${inTime} AND at < timestamp '${lastWatermark}'`)
            .selectExpr("user", "-1L AS amount"),
        ),
    start: (spark) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .withWatermark("at", "10 seconds")
        .groupByKey((row) => row.user, "string")
        .transformWithState(
          (handle) => {
            const last = handle.getValueState("last", "bigint");
            const all = handle.getListState("all", { amount: "int" });
            return {
              *handleInputRows(user, rows) {
                for (const { at: time, amount } of rows) {
                  handle.registerTimer(time!.getTime());
                  all.appendValue({ amount });
                  last.update(amount!);
                  yield { user, amount: last.get() };
                }
              },
              *handleExpiredTimer(user) {
                yield { user, amount: -1 };
              },
            };
          },
          { output: { user: "string", amount: "bigint" }, timeMode: "EventTime" },
        )
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "text files to a complete word count in a store of batches",
    files: Object.fromEntries(
      ["a b a", "c", "b b\nd a", "e", "a e e", "f a"].map((text, i) => [`/in/${i}.txt`, `${text}\n`]),
    ),
    stateful: true,
    batch: (spark) =>
      spark.read
        .text("/in")
        .select(explode(split("value", " ")).as("word"))
        .groupBy("word")
        .count(),
    start: (spark, store) =>
      spark.readStream
        .option("maxFilesPerTrigger", 1)
        .text("/in")
        .select(explode(split("value", " ")).as("word"))
        .groupBy("word")
        .count()
        .writeStream.outputMode("complete")
        .foreachBatch(async (batch, batchId) => store.put(batchId, await batch.collect()))
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start(),
  },
  {
    name: "sums in update mode in a store of batches",
    files: clicks,
    stateful: true,
    keys: ["window", "user"],
    batch: (spark) =>
      spark.read.schema(clickSchema).json("/in").filter(inTime).groupBy(window("at", "1 minute"), "user").sum("amount"),
    start: (spark, store) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .withWatermark("at", "10 seconds")
        .groupBy(window("at", "1 minute"), "user")
        .sum("amount")
        .writeStream.outputMode("update")
        .foreachBatch(async (batch, batchId) => store.put(batchId, await batch.collect()))
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start(),
  },
  {
    name: "windows of distinct clicks in JSON files",
    files: Object.fromEntries(
      Object.entries(clicks).map(([path, text], i) => [
        path,
        `${text}${lines([{ user: "a", at: at(i * 60 + 5), amount: i }])}`,
      ]),
    ),
    stateful: true,
    output: { start: "timestamp", n: "bigint" },
    batch: (spark) =>
      spark.read
        .schema(clickSchema)
        .json("/in")
        .filter(inTime)
        .dropDuplicates("at", "user")
        .groupBy(window("at", "1 minute"))
        .count()
        .filter(`window.end <= timestamp '${lastWatermark}'`)
        .selectExpr("window.start AS start", "count AS n"),
    start: (spark) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .withWatermark("at", "10 seconds")
        .dropDuplicates("at", "user")
        .groupBy(window("at", "1 minute"))
        .count()
        .selectExpr("window.start AS start", "count AS n")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "sessions of users in JSON files",
    files: clicks,
    stateful: true,
    output: { user: "string", start: "timestamp", end: "timestamp", n: "bigint", amount: "bigint" },
    batch: (spark) =>
      spark.read
        .schema(clickSchema)
        .json("/in")
        .filter(inTime)
        .groupBy("user", sessionWindow("at", sessionGap))
        .agg((r) => ({ n: count(), amount: sum(r.amount) }))
        .filter(`session_window.end <= timestamp '${lastWatermark}'`)
        .selectExpr("user", "session_window.start AS start", "session_window.end AS end", "n", "amount"),
    start: (spark) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .withWatermark("at", "10 seconds")
        .groupBy("user", sessionWindow("at", sessionGap))
        .agg((r) => ({ n: count(), amount: sum(r.amount) }))
        .selectExpr("user", "session_window.start AS start", "session_window.end AS end", "n", "amount")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "a left join of two streams in JSON files",
    files: clicks,
    stateful: true,
    output: { user: "string", at: "timestamp", amount: "int", other: "int" },
    // Rows without a partner come out when the watermark is more than the minute past them.
    batch: (spark) =>
      neighbours(spark.read.schema(clickSchema).json("/in").filter(inTime), (rows) => rows).filter(
        `other IS NOT NULL OR at < timestamp '${lastWatermark}' - INTERVAL 1 MINUTE`,
      ),
    start: (spark) =>
      neighbours(spark.readStream.schema(clickSchema).option("maxFilesPerTrigger", 1).json("/in"), (rows) =>
        rows.withWatermark("at", "10 seconds"),
      )
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "growing JSON files to JSON files",
    files: Object.fromEntries(
      Array.from({ length: 3 }, (_, i) => [
        `/in/${i}.log`,
        lines(Array.from({ length: 8 }, (_row, n) => ({ user: `u${n % 3}`, amount: i * 8 + n }))),
      ]),
    ),
    stateful: false,
    output: { user: "string", amount: "int" },
    batch: (spark) => spark.read.schema({ user: "string", amount: "int" }).json("/in"),
    start: (spark) =>
      spark.readStream
        .format("tail")
        .option("format", "json")
        .option("maxBytesPerTrigger", "100")
        .schema({ user: "string", amount: "int" })
        .load("/in")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "CSV files, filtered and joined with a table, to JSON files",
    files: {
      "/table/names.json": lines([
        { user: "a", name: "Ada" },
        { user: "b", name: "Ben" },
      ]),
      ...Object.fromEntries(
        Array.from({ length: 6 }, (_, i) => [`/in/${i}.csv`, `a,${i}\nb,${i * 2}\nc,${i * 3}\nb,-1\n`]),
      ),
    },
    stateful: false,
    output: { user: "string", amount: "int", name: "string" },
    batch: (spark) =>
      spark.read
        .schema({ user: "string", amount: "int" })
        .csv("/in")
        .filter("amount > 0")
        .join(spark.read.schema({ user: "string", name: "string" }).json("/table"), "user"),
    start: (spark) =>
      spark.readStream
        .schema({ user: "string", amount: "int" })
        .option("maxFilesPerTrigger", 1)
        .csv("/in")
        .filter("amount > 0")
        .join(spark.read.schema({ user: "string", name: "string" }).json("/table"), "user")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
  {
    name: "JSON files to Parquet files in a directory for each user",
    files: clicks,
    stateful: false,
    output: { amount: "int", at: "timestamp", user: "string" },
    format: "parquet",
    batch: (spark) => spark.read.schema(clickSchema).json("/in").select("amount", "at", "user"),
    start: (spark) =>
      spark.readStream
        .schema(clickSchema)
        .option("maxFilesPerTrigger", 1)
        .json("/in")
        .writeStream.format("parquet")
        .partitionBy("user")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start("/out"),
  },
];

function encrypted(name: string): CrashQuery {
  const query = queries.find((each) => each.name === name)!;
  return {
    ...query,
    name: `encrypted, ${name}`,
    files: { "/keys/checkpoint": "5f".repeat(32), ...query.files },
    settings: { "millrace.checkpoint.encryption.keys": "file:/keys/checkpoint" },
  };
}

export const crashQueries: readonly CrashQuery[] = [
  ...queries,
  encrypted("JSON files to windowed counts in JSON files"),
];
