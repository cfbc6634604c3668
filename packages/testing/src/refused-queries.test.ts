/** What a stream cannot do, as scripts: each operator in the output modes and places in which it is refused, with its error class. */
import { count, type DataFrame, type ErrorClass, expr, type OutputMode, type Schema, sum, window } from "millrace";
import { expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

type Frame = DataFrame<Schema>;
const schema = { user: "string", at: "timestamp", n: "int" } as const;

async function world() {
  const spark = await testSession();
  const clicks = memoryStream(spark, schema);
  const others = memoryStream(spark, schema);
  const people = spark.createDataFrame([{ user: "ann", name: "Ann" }], { user: "string", name: "string" });
  const marked = clicks.df.withWatermark("at", "1 second");
  const byUser = clicks.df.groupByKey((row) => row.user, "string");
  const markedByUser = marked.groupByKey((row) => row.user, "string");
  return { spark, clicks, others, people, marked, byUser, markedByUser };
}
type World = Awaited<ReturnType<typeof world>>;
type Case = readonly [ErrorClass, OutputMode, (world: World) => unknown];

const operation = "UNSUPPORTED_STREAMING_OPERATION";
const mode = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION";
const state = { state: "int", output: { user: "string", n: "int" } } as const;
const eventTimeout = { ...state, timeout: "EventTimeTimeout" } as const;
const one = (user: string | null) => ({ user, n: 1 });
const onUser = (its: World) => its.clicks.df.alias("a").join(its.others.df.alias("b"), expr("a.user = b.user"), "left");

const cases: Readonly<Record<string, Case>> = {
  "complete mode without an aggregation": [mode, "complete", ({ clicks }) => clicks.df],
  "an aggregation in append mode without a watermark": [
    mode,
    "append",
    ({ clicks }) => clicks.df.groupBy("user").count(),
  ],
  "an aggregation in append mode whose keys have no watermark": [
    mode,
    "append",
    ({ marked }) => marked.groupBy("user").count(),
  ],
  "an aggregation of distinct values": [
    operation,
    "update",
    ({ clicks }) => clicks.df.groupBy("user").agg(expr("count(DISTINCT n) AS n")),
  ],
  "a grouping by a map": [operation, "update", ({ clicks }) => clicks.df.groupBy(expr("map(user, n)")).count()],
  "a grouping by two event times": [
    "MULTIPLE_EVENT_TIME_COLUMNS",
    "append",
    ({ marked }) => marked.groupBy("at", window("at", "1 minute")).count(),
  ],
  "sessions in update mode": [
    mode,
    "update",
    ({ marked }) => marked.groupBy(expr("session_window(at, '5 seconds')"), "user").count(),
  ],
  "sessions without another key": [
    operation,
    "append",
    ({ marked }) => marked.groupBy(expr("session_window(at, '5 seconds')")).count(),
  ],
  "distinct in complete mode": [mode, "complete", ({ clicks }) => clicks.df.distinct()],
  "dropDuplicates in complete mode": [mode, "complete", ({ clicks }) => clicks.df.dropDuplicates("user")],
  "dropDuplicatesWithinWatermark without a watermark": [
    operation,
    "append",
    ({ clicks }) => clicks.df.dropDuplicatesWithinWatermark("user"),
  ],
  "dropDuplicatesWithinWatermark in complete mode": [
    mode,
    "complete",
    ({ marked }) => marked.dropDuplicatesWithinWatermark("user"),
  ],
  "a limit in update mode": [operation, "update", ({ clicks }) => clicks.df.limit(1)],
  "a limit in complete mode without an aggregation": [mode, "complete", ({ clicks }) => clicks.df.limit(1)],
  "an offset": [operation, "append", ({ clicks }) => clicks.df.offset(1)],
  "a sort in append mode": [operation, "append", ({ clicks }) => clicks.df.orderBy("user")],
  "a sort of an aggregation in update mode": [
    operation,
    "update",
    ({ clicks }) => clicks.df.groupBy("user").count().orderBy("user"),
  ],
  "a sort below an aggregation": [
    operation,
    "complete",
    ({ clicks }) => clicks.df.orderBy("n").groupBy("user").count(),
  ],
  "a window function": [
    "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
    "append",
    ({ clicks }) => clicks.df.selectExpr("row_number() OVER (PARTITION BY user ORDER BY at) AS i"),
  ],
  "numbers of rows": [operation, "append", ({ clicks }) => clicks.df.selectExpr("monotonically_increasing_id() AS i")],
  "rollup in append mode": [mode, "append", ({ clicks }) => clicks.df.rollup("user", "n").count()],
  "a union with a table": [
    operation,
    "append",
    ({ clicks, people }) => clicks.df.select("user").union(people.select("user")),
  ],
  "except with a stream on the right": [
    operation,
    "append",
    ({ clicks, people }) => people.select("user").except(clicks.df.select("user")),
  ],
  "an intersection of streams": [operation, "append", ({ clicks, others }) => clicks.df.intersect(others.df)],
  "a left join with the stream on the right": [
    operation,
    "append",
    ({ clicks, people }) => people.join(clicks.df, "user", "left"),
  ],
  "a semi join with the stream on the right": [
    operation,
    "append",
    ({ clicks, people }) => people.join(clicks.df, "user", "leftSemi"),
  ],
  "an anti join with the stream on the right": [
    operation,
    "append",
    ({ clicks, people }) => people.join(clicks.df, "user", "leftAnti"),
  ],
  "a right join with the stream on the left": [
    operation,
    "append",
    ({ clicks, people }) => clicks.df.join(people, "user", "right"),
  ],
  "a full join with a table": [operation, "append", ({ clicks, people }) => clicks.df.join(people, "user", "full")],
  "a left join of streams without a watermark": [operation, "append", (its) => onUser(its).selectExpr("a.user")],
  "a left join of streams in update mode": [operation, "update", (its) => onUser(its).selectExpr("a.user")],
  "a join of streams in complete mode": [
    operation,
    "complete",
    ({ clicks, others }) => clicks.df.join(others.df.select("user"), "user").groupBy("user").count(),
  ],
  "an anti join of streams": [
    operation,
    "append",
    ({ clicks, others }) => clicks.df.join(others.df.select("user"), "user", "leftAnti"),
  ],
  "a watermark on a watermark": [operation, "append", ({ marked }) => marked.withWatermark("at", "1 minute")],
  "an aggregation after an aggregation in update mode": [
    operation,
    "update",
    ({ marked }) =>
      marked
        .groupBy(window("at", "1 minute"), "user")
        .count()
        .groupBy("user")
        .agg((r) => ({ n: sum(r.count) })),
  ],
  "a deduplication within the watermark after an aggregation in update mode": [
    operation,
    "update",
    ({ marked }) => marked.groupBy("at", "user").count().dropDuplicatesWithinWatermark("user"),
  ],
  "a join of streams after an aggregation in update mode": [
    operation,
    "update",
    ({ marked, others }) => marked.groupBy("at", "user").count().join(others.df.select("user"), "user"),
  ],
  "mapGroupsWithState in append mode": [operation, "append", ({ byUser }) => byUser.mapGroupsWithState(one, state)],
  "mapGroupsWithState in complete mode": [operation, "complete", ({ byUser }) => byUser.mapGroupsWithState(one, state)],
  "mapGroupsWithState below an aggregation": [
    operation,
    "update",
    ({ byUser }) =>
      byUser
        .mapGroupsWithState(one, state)
        .groupBy("user")
        .agg(() => ({ n: count() })),
  ],
  "mapGroupsWithState twice": [
    operation,
    "update",
    ({ byUser }) =>
      byUser
        .mapGroupsWithState(one, state)
        .groupByKey((row) => row.user, "string")
        .mapGroupsWithState(one, state),
  ],
  "mapGroupsWithState and flatMapGroupsWithState": [
    operation,
    "update",
    ({ byUser }) =>
      byUser
        .mapGroupsWithState(one, state)
        .groupByKey((row) => row.user, "string")
        .flatMapGroupsWithState(() => [], { ...state, outputMode: "update" }),
  ],
  "flatMapGroupsWithState of append in update mode": [
    operation,
    "update",
    ({ byUser }) => byUser.flatMapGroupsWithState(() => [], { ...state, outputMode: "append" }),
  ],
  "flatMapGroupsWithState of update in append mode": [
    operation,
    "append",
    ({ byUser }) => byUser.flatMapGroupsWithState(() => [], { ...state, outputMode: "update" }),
  ],
  "flatMapGroupsWithState of update below an aggregation": [
    operation,
    "complete",
    ({ byUser }) =>
      byUser
        .flatMapGroupsWithState(() => [], { ...state, outputMode: "update" })
        .groupBy("user")
        .count(),
  ],
  "flatMapGroupsWithState twice in update mode": [
    operation,
    "update",
    ({ byUser }) =>
      byUser
        .flatMapGroupsWithState(() => [], { ...state, outputMode: "update" })
        .groupByKey((row) => row.user, "string")
        .flatMapGroupsWithState(() => [], { ...state, outputMode: "update" }),
  ],
  "an event-time timeout without a watermark": [
    operation,
    "append",
    ({ byUser }) => byUser.flatMapGroupsWithState(() => [], { ...eventTimeout, outputMode: "append" }),
  ],
  "transformWithState after an event-time timeout": [
    operation,
    "append",
    ({ markedByUser }) =>
      markedByUser
        .flatMapGroupsWithState(() => [], { ...eventTimeout, outputMode: "append" })
        .groupByKey((row) => row.user, "string")
        .transformWithState(() => ({ handleInputRows: () => [] }), { output: { n: "int" } }),
  ],
  "a stream as an initial state": [
    operation,
    "append",
    ({ byUser, others }) =>
      byUser.flatMapGroupsWithState(() => [], {
        state: schema,
        output: state.output,
        outputMode: "append",
        initialState: others.df.groupByKey((row) => row.user, "string"),
      }),
  ],
  "transformWithState by event time without a watermark": [
    operation,
    "append",
    ({ byUser }) =>
      byUser.transformWithState(() => ({ handleInputRows: () => [] }), {
        output: { n: "int" },
        timeMode: "EventTime",
      }),
  ],
  "transformWithState in complete mode": [
    mode,
    "complete",
    ({ byUser }) => byUser.transformWithState(() => ({ handleInputRows: () => [] }), { output: { n: "int" } }),
  ],
  "mapGroups of a stream": [
    operation,
    "append",
    ({ byUser }) => byUser.mapGroups((user) => ({ user }), { user: "string" }),
  ],
};

test.each(Object.keys(cases))("%s is refused before anything is written", async (name) => {
  const its = await world();
  const [errorClass, outputMode, build] = cases[name]!;
  await testStream(build(its) as Frame, outputMode)
    .do("see that nothing was written", ({ fs }) => {
      expect([...fs.files().keys()].filter((path) => /\/(offsets|commits|state)\//.test(path))).toEqual([]);
    })
    .expectError(errorClass);
});

test("a stream cannot be shown, and a table cannot be started", async () => {
  const { clicks, people } = await world();
  await expect(clicks.df.collect()).rejects.toMatchObject({ errorClass: "STREAMING_READ_IN_BATCH" });
  await expect(clicks.df.count()).rejects.toMatchObject({ errorClass: "STREAMING_READ_IN_BATCH" });
  expect(() => people.writeStream).toThrow(expect.objectContaining({ errorClass: "WRITE_STREAM_NOT_ALLOWED" }));
  await expect(people.dropDuplicatesWithinWatermark("user").collect()).rejects.toMatchObject({ errorClass: operation });
});
