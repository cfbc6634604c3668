/** Operators with state, batch by batch: what comes out, what is late, what NULL keys do, and what progress tells. */
import {
  col,
  count,
  type DataFrame,
  type Schema,
  sessionWindow,
  type StreamingQueryProgress,
  sum,
  when,
  window,
  windowTime,
} from "millrace";
import { describe, expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

const schema = { user: "string", at: "timestamp", n: "int" } as const;
type Clicks = ReturnType<typeof memoryStream<typeof schema>>["df"];

async function world() {
  const spark = await testSession();
  const progress: StreamingQueryProgress[] = [];
  spark.streams.addListener({ onQueryProgress: (event) => void progress.push(event.progress) });
  const clicks = memoryStream(spark, schema);
  /** Of each batch so far: operators as name, keys in all, new keys, keys that left, late rows, duplicates. */
  const told = (): unknown[] =>
    progress.map(({ stateOperators }) =>
      stateOperators.map((o) => [
        o.operatorName,
        o.numRowsTotal,
        o.numRowsUpdated,
        o.numRowsRemoved,
        o.numRowsDroppedByWatermark,
        o.customMetrics?.["numDroppedDuplicateRows"],
      ]),
    );
  return { spark, clicks, told };
}
const click = (user: string | null, at: string | null, n = 1) => ({ user, at, n });

describe("dropDuplicates", () => {
  test("gives out the first row of each key over all batches; NULL is a key", async () => {
    const { clicks, told } = await world();
    await testStream(clicks.df.dropDuplicates("user"))
      .add(clicks, click("a", "00:00:01", 1), click(null, "00:00:01", 2), click("a", "00:00:02", 3))
      .expectNew([click("a", "00:00:01", 1), click(null, "00:00:01", 2)])
      .stop()
      .restart()
      .add(clicks, click(null, "00:00:09", 4), click("b", "00:00:00", 5))
      .expectNew([click("b", "00:00:00", 5)]);
    expect(told()).toEqual([[["dedupe", 2, 2, 0, 0, 1]], [["dedupe", 3, 1, 0, 0, 1]]]);
  });

  test("forgets keys by their event time, and drops rows that could be of a forgotten key", async () => {
    const { clicks, told } = await world();
    await testStream(clicks.df.withWatermark("at", "10 seconds").dropDuplicates("user", "at"), "update")
      .add(clicks, click("a", "00:00:10", 1), click("a", "00:00:40", 1), click("b", null, 1))
      .expectNew([click("a", "00:00:10"), click("a", "00:00:40"), click("b", null)])
      // The watermark is 00:00:30 from the batch without data on: 00:00:30 is late, 00:00:31 is not. A NULL never is.
      .add(clicks, click("a", "00:00:30"), click("a", "00:00:31"), click("a", "00:00:40", 2), click("b", null, 2))
      .expectNew([click("a", "00:00:31")]);
    expect(told()).toEqual([[["dedupe", 3, 3, 0, 0, 0]], [["dedupe", 2, 0, 1, 0, 0]], [["dedupe", 3, 1, 0, 1, 2]]]);
  });

  test("without the event time among its keys forgets none, but drops late rows all the same", async () => {
    const { clicks, told } = await world();
    await testStream(clicks.df.withWatermark("at", "10 seconds").dropDuplicates("user").select("user"))
      .add(clicks, click("a", "00:01:00"))
      .expectNew([["a"]])
      .add(clicks, click("b", "00:00:50"), click("c", "00:00:51"), click("a", "00:01:01"))
      .expectNew([["c"]]);
    expect(told().at(-1)).toEqual([["dedupe", 2, 0, 0, 0, 0]]);
    expect(told().at(-2)).toEqual([["dedupe", 2, 1, 0, 1, 1]]);
  });

  test("distinct rows of a stream are counted as they come", async () => {
    const { clicks } = await world();
    await testStream(clicks.df.select("user", "n").distinct().groupBy("user").agg(sum("n").alias("n")), "complete")
      .add(clicks, click("a", "00:00:01", 1), click("a", "00:00:02", 1), click("a", "00:00:03", 2))
      .expectNew([["a", 3]])
      .crash("afterStateCommit")
      .restart()
      .add(clicks, click("a", "00:00:04", 2), click(null, null, 7))
      .expectNew([
        ["a", 3],
        [null, 7],
      ]);
  });
});

describe("dropDuplicatesWithinWatermark", () => {
  test("remembers a key until the watermark has reached the time of its first row and the delay", async () => {
    const { clicks, told } = await world();
    const events = clicks.df.withWatermark("at", "10 seconds").dropDuplicatesWithinWatermark("user").drop("n");
    await testStream(events)
      .add(clicks, click("a", "00:00:10"), click("a", "00:00:15"), click(null, "00:00:10"))
      .expectNew([
        ["a", "00:00:10"],
        [null, "00:00:10"],
      ])
      // Watermark 00:00:05. The duplicate does not keep the key longer than until 00:00:20.
      .add(clicks, click("a", "00:00:25"), click("b", "00:00:29"))
      .expectNew([["b", "00:00:29"]])
      // Watermark 00:00:19: the key is still there.
      .add(clicks, click("a", "00:00:30"))
      .expectNew([])
      // Watermark 00:00:20: it is forgotten, by the batch without data.
      .add(clicks, click("a", "00:00:31"), click("late", "00:00:20"))
      .expectNew([["a", "00:00:31"]]);
    expect(told().filter((each) => JSON.stringify(each).includes('"dedupeWithinWatermark",1,0,2'))).toHaveLength(1);
    expect(told().at(-2)).toEqual([["dedupeWithinWatermark", 2, 1, 0, 1, 0]]);
  });
});

describe("limit", () => {
  test("counts over all batches and restarts, and reads on", async () => {
    const { clicks, told } = await world();
    await testStream(clicks.df.select("n").limit(3))
      .add(clicks, click("a", null, 1), click("a", null, 2))
      .expectNew([[1], [2]])
      .stop()
      .restart()
      .add(clicks, click("a", null, 3), click("a", null, 4))
      .expectNew([[3]])
      .add(clicks, click("a", null, 5))
      .expectNew([]);
    expect(told()).toEqual([
      [["globalLimit", 1, 1, 0, 0, undefined]],
      [["globalLimit", 1, 1, 0, 0, undefined]],
      [["globalLimit", 1, 0, 0, 0, undefined]],
    ]);
  });

  test("above windows takes the first that close; the others close all the same", async () => {
    const { clicks, told } = await world();
    const windows = clicks.df.withWatermark("at", "0 seconds").groupBy(window("at", "10 seconds")).count();
    await testStream(windows.select("count").limit(1))
      .add(clicks, click("a", "00:00:05"), click("a", "00:00:25"))
      .expectNew([[1]])
      .add(clicks, click("a", "00:00:45"))
      .expectNew([]);
    expect(told().at(-1)).toEqual([
      ["globalLimit", 1, 0, 0, 0, undefined],
      ["stateStoreSave", 1, 0, 1, 0, undefined],
    ]);
  });
});

describe("session windows", () => {
  const sessions = (df: Clicks) =>
    df
      .withWatermark("at", "10 seconds")
      .groupBy(sessionWindow("at", "5 seconds"), "user")
      .agg((r) => ({ n: sum(r.n), clicks: count() }))
      .selectExpr("user", "session_window.start AS start", "session_window.end AS end", "n", "clicks");

  test("come out when the watermark has reached their end, merged over batches; NULL is a key, no time is in none", async () => {
    const { clicks, told } = await world();
    await testStream(sessions(clicks.df))
      .add(
        clicks,
        click("a", "00:00:10", 1),
        click("a", "00:00:18", 2),
        click(null, "00:00:10", 4),
        click("b", null, 8),
      )
      .expectNew([])
      // It touches both sessions of a; b is of the same time, but another key.
      .add(clicks, click("a", "00:00:13", 16), click("b", "00:00:14", 32))
      .expectNew([])
      .stop()
      .restart()
      .add(clicks, click("c", "00:00:33", 64))
      .expectNew([
        ["a", "00:00:10", "00:00:23", 19, 3],
        [null, "00:00:10", "00:00:15", 4, 1],
        ["b", "00:00:14", "00:00:19", 32, 1],
      ]);
    expect(told()).toEqual([
      [["sessionWindowStateStoreSaveExec", 3, 3, 0, 0, undefined]],
      [["sessionWindowStateStoreSaveExec", 3, 0, 0, 0, undefined]],
      [["sessionWindowStateStoreSaveExec", 3, 2, 1, 0, undefined]],
      [["sessionWindowStateStoreSaveExec", 4, 1, 0, 0, undefined]],
      [["sessionWindowStateStoreSaveExec", 1, 0, 3, 0, undefined]],
    ]);
  });

  test("drop rows whose own session has ended, also where an open one would go on with them", async () => {
    const { clicks, told } = await world();
    await testStream(sessions(clicks.df))
      .add(clicks, click("a", "00:00:20", 1), click("b", "00:00:30", 2))
      .expectNew([])
      // The watermark is 00:00:20: 00:00:15 ends then, 00:00:16 does not.
      .add(clicks, click("a", "00:00:15", 4), click("a", "00:00:16", 8), click("c", "00:01:00", 16))
      .expectNew([
        ["a", "00:00:16", "00:00:25", 9, 2],
        ["b", "00:00:30", "00:00:35", 2, 1],
      ]);
    expect(told().at(-2)).toEqual([["sessionWindowStateStoreSaveExec", 3, 2, 1, 1, undefined]]);
    expect(told().at(-1)).toEqual([["sessionWindowStateStoreSaveExec", 1, 0, 2, 0, undefined]]);
  });

  test("have gaps of their own by row; rows whose gap is none are in no session", async () => {
    const { clicks } = await world();
    const gap = when(col("n").eq(1), "2 seconds").when(col("n").eq(2), "1 minute").when(col("n").eq(3), "0 seconds");
    const changing = clicks.df
      .withWatermark("at", "0 seconds")
      .groupBy("user", sessionWindow("at", gap))
      .count()
      .selectExpr("user", "session_window.end AS end", "count");
    await testStream(changing)
      .add(clicks, click("a", "00:00:01", 1), click("a", "00:00:02", 2), click("a", "00:00:50", 1))
      .add(clicks, click("a", "00:00:51", 3), click("b", "00:00:51", 4), click("c", "00:05:00", 1))
      .expectNew([["a", "00:01:02", 3]]);
  });

  test("in complete mode come out all, and none is forgotten, but rows are late all the same", async () => {
    const { clicks, told } = await world();
    await testStream(sessions(clicks.df), "complete")
      .add(clicks, click("a", "00:00:10", 1), click("a", "00:01:00", 2))
      .expectNew([
        ["a", "00:00:10", "00:00:15", 1, 1],
        ["a", "00:01:00", "00:01:05", 2, 1],
      ])
      .crash("afterStateCommit")
      .restart()
      .add(clicks, click("a", "00:01:05", 8))
      .expectNew([
        ["a", "00:00:10", "00:00:15", 1, 1],
        ["a", "00:01:00", "00:01:10", 10, 2],
      ])
      .add(clicks, click("a", "00:00:12", 4))
      .expectNew([
        ["a", "00:00:10", "00:00:15", 1, 1],
        ["a", "00:01:00", "00:01:10", 10, 2],
      ]);
    expect(told().at(-1)).toEqual([["sessionWindowStateStoreSaveExec", 2, 0, 0, 1, undefined]]);
  });

  test("are refused in update mode, without a watermark in append mode, and without a key besides", async () => {
    const { clicks } = await world();
    const alone = clicks.df.withWatermark("at", "1 second").groupBy(sessionWindow("at", "5 seconds")).count();
    const unmarked = clicks.df.groupBy(sessionWindow("at", "5 seconds"), "user").count();
    for (const [frame, mode, errorClass, message] of [
      [sessions(clicks.df), "update", "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "session window streaming"],
      [alone, "append", "UNSUPPORTED_STREAMING_OPERATION", "global aggregation with a session window"],
      [alone, "complete", "UNSUPPORTED_STREAMING_OPERATION", "global aggregation with a session window"],
      [unmarked, "append", "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "without watermark"],
    ] as const) {
      await expect(frame.writeStream.outputMode(mode).format("noop").start()).rejects.toMatchObject({
        errorClass,
        message: expect.stringContaining(message),
      });
    }
  });
});

describe("an aggregation of an aggregation", () => {
  const perMinute = (df: Clicks) =>
    df.withWatermark("at", "10 seconds").groupBy(window("at", "1 minute"), "user").count();

  test("goes by the same watermark: both close in one batch", async () => {
    const { clicks, told } = await world();
    const hours = perMinute(clicks.df)
      .groupBy(window(windowTime("window"), "1 hour"))
      .agg((r) => ({ clicks: sum(r.count) }));
    await testStream(hours)
      .add(clicks, click("a", "00:00:05"), click("a", "00:00:06"), click("b", "00:59:00"), click(null, "00:30:00"))
      .expectNew([])
      // 00:01 and 00:31 have closed and are counted in the hour; a row of 00:00 is late below, so that it is not counted.
      .add(clicks, click("late", "00:00:59"), click("c", "01:00:09"))
      .expectNew([])
      .crash("P8")
      .restart()
      .add(clicks, click("d", "01:00:10"))
      .expectNew([{ start: "00:00:00", clicks: 4 }])
      .add(clicks, click("late", "00:59:59"), click("e", "02:30:00"))
      .expectNew([{ start: "01:00:00", clicks: 2 }]);
    expect(told().at(-1)).toEqual([
      ["stateStoreSave", 0, 1, 1, 0, undefined],
      ["stateStoreSave", 1, 0, 2, 0, undefined],
    ]);
  });

  test("is refused where the lower one shows groups before they are final, unless the check is off", async () => {
    const { spark, clicks } = await world();
    const counts = perMinute(clicks.df)
      .groupBy("count")
      .agg((r) => ({ users: sum(r.count) }));
    await expect(counts.writeStream.outputMode("update").format("noop").start()).rejects.toMatchObject({
      errorClass: "UNSUPPORTED_STREAMING_OPERATION",
      message: expect.stringContaining("an aggregation after an aggregation in output mode update"),
    });
    spark.conf.set("spark.sql.streaming.statefulOperator.checkCorrectness.enabled", "false");
    await testStream(counts, "complete")
      .add(clicks, click("a", "00:00:01"))
      .expectNew([[1, 1]]);
  });
});

describe("several operators with state", () => {
  test("a second watermark on the result of an aggregation is refused", async () => {
    const { clicks } = await world();
    const again = clicks.df
      .withWatermark("at", "10 seconds")
      .groupBy(window("at", "1 minute"))
      .count()
      .withColumn("end", windowTime("window"))
      .withWatermark("end", "1 minute");
    await expect(again.writeStream.format("noop").start()).rejects.toMatchObject({
      errorClass: "UNSUPPORTED_STREAMING_OPERATION",
    });
  });

  test("the least watermark of two streams holds for their union, the greatest by setting", async () => {
    for (const [policy, expected] of [
      ["min", []],
      ["max", [["00:00:00", 2]]],
    ] as const) {
      const spark = await testSession();
      spark.conf.set("spark.sql.streaming.multipleWatermarkPolicy", policy);
      const [fast, slow] = [memoryStream(spark, schema), memoryStream(spark, schema)];
      const both = fast.df.withWatermark("at", "0 seconds").union(slow.df.withWatermark("at", "0 seconds"));
      const counts = both.dropDuplicates("at", "user").groupBy(window("at", "1 minute")).count();
      const shown = counts.selectExpr("window.start AS start", "count") as unknown as DataFrame<Schema>;
      await testStream(shown)
        .add(slow, click("a", "00:00:05"))
        .add(fast, click("a", "00:00:05"), click("b", "00:00:30"), click("c", "00:05:00"))
        .expectNew(expected as never);
    }
  });
});
