/** The trigger `realTime` in scripts: rows that are there before their batch ends, and each query that it refuses. */
import { broadcast, type DataFrame, type ErrorClass, type OutputMode, type Schema, window } from "millrace";
import { describe, expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

type Frame = DataFrame<Schema>;
const frame = (df: unknown): Frame => df as Frame;
const realTime = { trigger: { realTime: "1 minute" } };
const schema = { user: "string", at: "timestamp", n: "int" } as const;
const click = (user: string | null, at: string | null, n = 1) => ({ user, at, n });

async function world() {
  const spark = await testSession();
  const clicks = memoryStream(spark, schema);
  const others = memoryStream(spark, schema);
  const people = spark.createDataFrame([{ user: "ann", name: "Ann" }], { user: "string", name: "string" });
  return { spark, clicks, others, people };
}
type World = Awaited<ReturnType<typeof world>>;

describe("rows come while their batch lasts", () => {
  test("through projections, filters and generators, NULL among them", async () => {
    const { clicks } = await world();
    const rows = clicks.df.filter("n > 0").selectExpr("upper(user) AS user", "explode(sequence(1, n)) AS i");
    await testStream(rows, "update", realTime)
      .add(clicks, click("ann", null, 2), click("bob", null, 0), click(null, null, 1))
      .expectNew([
        ["ANN", 1],
        ["ANN", 2],
        [null, 1],
      ])
      .add(clicks, click("cid", null, 1))
      .advance("10 seconds")
      .expectNew([["CID", 1]]);
  });

  test("from several streams, and joined with a table from either side", async () => {
    const { clicks, others, people } = await world();
    const both = clicks.df.union(others.df).select("user", "n");
    const named = frame(both)
      .join(broadcast(frame(people)), "user", "left")
      .selectExpr("user", "n", "name");
    await testStream(frame(named), "update", realTime)
      .add(clicks, click("ann", null, 1))
      .add(others, click("bob", null, 2))
      .expectNew([
        ["ann", 1, "Ann"],
        ["bob", 2, null],
      ]);
    const semi = clicks.df.join(people, "user", "leftSemi").select("n");
    await testStream(frame(semi), "update", realTime)
      .add(clicks, click("ann", null, 3), click("eve", null, 4))
      .expectAll([[1], [3]]);
  });

  test("a watermark drops none of them: nothing here keeps rows", async () => {
    const { clicks } = await world();
    const rows = clicks.df.withWatermark("at", "1 second").select("user");
    await testStream(rows, "update", realTime)
      .add(clicks, click("a", "01:00:00"))
      .expectNew([["a"]])
      .advance("2 minutes")
      .add(clicks, click("late", "00:00:00"))
      .expectNew([["late"]]);
  });

  test.each(["P1", "P2", "P3", "P8", "P9", "P10"] as const)("a crash at %s loses none", async (step) => {
    const { clicks } = await world();
    const script = testStream(clicks.df.select("n"), "update", realTime)
      .add(clicks, click("a", null, 1))
      .expectNew([[1]])
      .add(clicks, click("a", null, 2));
    await (step === "P1" ? script.crash() : script.crash(step))
      .restart()
      .add(clicks, click("a", null, 3))
      .expectAll([[1], [2], [3]]);
  });

  test("a stop in between repeats no row of a batch that was over", async () => {
    const { clicks } = await world();
    await testStream(clicks.df.select("n"), "update", realTime)
      .add(clicks, click("a", null, 1))
      .expectNew([[1]])
      .stop()
      .restart()
      .add(clicks, click("a", null, 2))
      .expectAll([[1], [2]]);
  });

  test("a function of the user's that throws fails the query; the corrected program goes on with that row", async () => {
    const { clicks } = await world();
    const with0 = (zero: number) =>
      clicks.df.map(
        (row) => {
          if (row.n === 0 && zero === 0) throw new Error("zero");
          return { n: row.n! + zero };
        },
        { n: "int" },
      );
    await testStream(with0(0), "update", realTime)
      .add(clicks, click("a", null, 1))
      .expectNew([[1]])
      .add(clicks, click("a", null, 0))
      .expectError("STREAM_FAILED")
      .restart(with0(10))
      .expectAll([[1], [10]]);
  });
});

const operator = "STREAMING_REAL_TIME_MODE.OPERATOR_OR_SINK_NOT_IN_ALLOWLIST";
const outputMode = "STREAMING_REAL_TIME_MODE.OUTPUT_MODE_NOT_SUPPORTED";
const byUser = ({ clicks }: World) => clicks.df.groupByKey((row) => row.user, "string");
const state = { state: "int", output: { n: "int" } } as const;

const refused: Readonly<Record<string, readonly [ErrorClass, (world: World) => unknown, OutputMode?]>> = {
  "output mode append": [outputMode, ({ clicks }) => clicks.df, "append"],
  "output mode complete": [outputMode, ({ clicks }) => clicks.df.groupBy("user").count(), "complete"],
  "an aggregation": [operator, ({ clicks }) => clicks.df.groupBy("user").count()],
  "an aggregation of windows": [
    operator,
    ({ clicks }) => clicks.df.withWatermark("at", "1 second").groupBy(window("at", "1 minute")).count(),
  ],
  "an aggregation of everything": [operator, ({ clicks }) => clicks.df.selectExpr("count(*) AS n")],
  distinct: [operator, ({ clicks }) => clicks.df.distinct()],
  dropDuplicates: [operator, ({ clicks }) => clicks.df.dropDuplicates("user")],
  dropDuplicatesWithinWatermark: [
    operator,
    ({ clicks }) => clicks.df.withWatermark("at", "1 second").dropDuplicatesWithinWatermark("user"),
  ],
  "a limit": [operator, ({ clicks }) => clicks.df.limit(1)],
  "an offset": [operator, ({ clicks }) => clicks.df.offset(1)],
  "a sort": [operator, ({ clicks }) => clicks.df.orderBy("user")],
  "a window function": [operator, ({ clicks }) => clicks.df.selectExpr("row_number() OVER (ORDER BY n) AS i")],
  "a repartition": [operator, ({ clicks }) => clicks.df.repartition(3)],
  "a join of two streams": [
    operator,
    ({ clicks, others }) => clicks.df.join(others.df.selectExpr("user", "n AS m"), "user"),
  ],
  mapGroupsWithState: [operator, (all) => byUser(all).mapGroupsWithState(() => ({ n: 1 }), state)],
  flatMapGroupsWithState: [
    operator,
    (all) => byUser(all).flatMapGroupsWithState(() => [], { ...state, outputMode: "update" }),
  ],
  transformWithState: [
    operator,
    (all) => byUser(all).transformWithState(() => ({ handleInputRows: () => [] }), { output: { n: "int" } }),
  ],
  "one stream twice": [
    "STREAMING_REAL_TIME_MODE.IDENTICAL_SOURCES_IN_UNION_NOT_SUPPORTED",
    ({ clicks }) => clicks.df.union(clicks.df),
  ],
  "a union with a table": [
    "UNSUPPORTED_STREAMING_OPERATION",
    ({ clicks, spark }) => clicks.df.select("n").union(spark.createDataFrame([{ n: 1 }], { n: "int" })),
  ],
  "an outer join that keeps the rows of a table": [
    "UNSUPPORTED_STREAMING_OPERATION",
    ({ clicks, people }) => clicks.df.join(people, "user", "right"),
  ],
  "numbers of rows": [
    "UNSUPPORTED_STREAMING_OPERATION",
    ({ clicks }) => clicks.df.selectExpr("monotonically_increasing_id() AS i"),
  ],
  "files as a source": [
    "STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED",
    ({ spark }) => spark.readStream.schema({ n: "int" }).option("ignoreMissingFiles", true).json("/in"),
  ],
  "rate-micro-batch as a source": [
    "STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED",
    ({ spark }) => spark.readStream.format("rate-micro-batch").load(),
  ],
};

describe("is refused before anything is written", () => {
  test.each(Object.keys(refused))("%s", async (name) => {
    const its = await world();
    const [errorClass, build, mode] = refused[name]!;
    await testStream(frame(build(its)), mode ?? "update", realTime)
      .do("see that nothing was written", ({ fs }) => {
        expect([...fs.files().keys()].filter((path) => /\/(offsets|commits|state)\//.test(path))).toEqual([]);
      })
      .expectError(errorClass);
  });

  test("a batch that is shorter than the least", async () => {
    const { clicks, spark } = await world();
    const short = { trigger: { realTime: "2 seconds" } };
    await testStream(clicks.df, "update", short).expectError("INVALID_STREAMING_REAL_TIME_MODE_TRIGGER_INTERVAL");
    spark.conf.set("spark.sql.streaming.realTimeMode.minBatchDuration", "1s");
    await testStream(clicks.df.select("n"), "update", short)
      .add(clicks, click("a", null))
      .expectNew([[1]]);
  });

  test("sinks that take whole batches, and asynchronous progress", async () => {
    const { clicks } = await world();
    const writer = () => clicks.df.select("n").writeStream.outputMode("update").trigger(realTime.trigger);
    await expect(
      writer()
        .foreachBatch(() => undefined)
        .start(),
    ).rejects.toMatchObject({ errorClass: "STREAMING_REAL_TIME_MODE.SINK_NOT_SUPPORTED" });
    await expect(writer().option("asyncProgressTrackingEnabled", true).format("noop").start()).rejects.toMatchObject({
      errorClass: "STREAMING_REAL_TIME_MODE.ASYNC_PROGRESS_TRACKING_NOT_SUPPORTED",
    });
  });

  test("files as a sink, which only append", async () => {
    const { clicks } = await world();
    const start = clicks.df
      .select("n")
      .writeStream.outputMode("update")
      .option("checkpointLocation", "/checkpoint")
      .trigger(realTime.trigger)
      .format("json")
      .start("/out");
    await expect(start).rejects.toMatchObject({ errorClass: "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE" });
  });

  test.each([
    [{ continuous: "1 second" }, "continuous processing is not supported; realTime gives rows out as they arrive"],
    [{ realTime: "1 minute", availableNow: true }, "it must say one thing"],
    [{ realTime: "1 month" }, "no interval"],
  ])("the trigger %j by name", async (trigger, message) => {
    const { clicks } = await world();
    expect(() => clicks.df.writeStream.trigger(trigger as unknown as { once: true })).toThrow(
      expect.objectContaining({ errorClass: "INVALID_TRIGGER", message: expect.stringContaining(message) }),
    );
  });
});
