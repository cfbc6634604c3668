/** The trigger `realTime` with the sources, operators and sinks that can do it, and the refusals of those that cannot. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcast, type DataFrame, expr, type Schema } from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
const frame = (df: unknown): Frame => df as Frame;
const realTime = { realTime: "1 minute" };

async function withSession(
  body: (session: SimulatedSession, stream: MemoryStream, events: Frame) => Promise<void>,
): Promise<void> {
  await using session = await simulatedSession();
  const stream = new MemoryStream(parseDdl("k STRING, n INT"));
  await body(session, stream, frame(session.spark.readStream.from(stream, {})));
}

/** What `foreach` saw while the batch went on, after each of the portions. */
async function seenLive(
  { runtime }: SimulatedSession,
  stream: MemoryStream,
  result: Frame,
  portions: readonly (readonly object[])[],
): Promise<string[][]> {
  const seen: string[][] = [];
  let now: string[] = [];
  const query = await result.writeStream
    .outputMode("update")
    .trigger(realTime)
    .foreach((row) => void now.push(JSON.stringify(Object.values(row))))
    .start();
  for (const rows of portions) {
    stream.add(rows);
    await runtime.clock.advance(100);
    seen.push(now);
    now = [];
  }
  expect(query.recentProgress).toEqual([]);
  await query.stop();
  return seen;
}

describe("rows leave while the batch goes on", () => {
  test("through projections, filters, generators, closures and unions", () =>
    withSession(async (session, stream, events) => {
      const other = new MemoryStream(parseDdl("k STRING, n INT"));
      other.add([{ k: "other", n: 1 }]);
      const others = frame(session.spark.readStream.from(other, {}));
      const result = frame(
        events
          .filter("n > 0")
          .selectExpr("k", "n * 10 AS n", "explode(sequence(1, n)) AS i")
          .withColumn("up", expr("upper(k)"))
          .drop("k")
          .map((row) => ({ text: Object.values(row).join("-") }), { text: "string" })
          .union(frame(others.selectExpr("k AS text"))),
      );
      const seen = await seenLive(session, stream, result, [
        [{ k: "a", n: 2 }],
        [{ k: "b", n: 0 }],
        [{ k: "c", n: 1 }],
      ]);
      expect(seen).toEqual([['["20-1-A"]', '["20-2-A"]', '["other"]'], [], ['["10-1-C"]']]);
    }));

  test.each(["inner", "left"] as const)("through a %s join with a table, which is read once in a batch", (how) =>
    withSession(async (session, stream, events) => {
      let opened = 0;
      const open = session.runtime.fs.open.bind(session.runtime.fs);
      session.runtime.fs.open = (path) => {
        if (path.startsWith("/names/part")) opened++;
        return open(path);
      };
      await session.spark
        .createDataFrame([{ k: "a", name: "Ada" }], { k: "string", name: "string" })
        .write.json("/names");
      opened = 0;
      const names = session.spark.read.schema({ k: "string", name: "string" }).json("/names");
      const result = frame(events.join(broadcast(frame(names)), "k", how).selectExpr("k", "n", "name"));
      const seen = await seenLive(session, stream, result, [
        [{ k: "a", n: 1 }],
        [{ k: "b", n: 2 }],
        [{ k: "a", n: 3 }],
      ]);
      expect(seen).toEqual([['["a",1,"Ada"]'], how === "left" ? ['["b",2,null]'] : [], ['["a",3,"Ada"]']]);
      expect(opened).toBe(1);
    }),
  );

  test("from the rate source as its rows become due; offsets are whole seconds", async () => {
    await using session = await simulatedSession();
    const { runtime, spark } = session;
    const late: number[] = [];
    const query = await spark.readStream
      .format("rate")
      .option("rowsPerSecond", 8)
      .load()
      .writeStream.outputMode("update")
      .trigger({ realTime: 60_100 })
      .option("checkpointLocation", "/checkpoint")
      .foreach((row) => void late.push(runtime.clock.nowMs() - (row["timestamp"] as Date).getTime()))
      .start();
    await runtime.clock.advance(500);
    expect(late).toEqual([1, 1, 1, 1]);
    await runtime.clock.advance(60_000);
    // The batch was over in the middle of a second, and went on to its end.
    expect(query.recentProgress).toEqual([]);
    await runtime.clock.advance(500);
    const { sources, numInputRows } = query.recentProgress[0]!;
    expect([sources[0]!.endOffset, numInputRows]).toEqual([61, 488]);
    expect(new Set(late)).toEqual(new Set([1]));
    await query.stop();
  });

  test("from a file that grows, which is polled", async () => {
    await using session = await simulatedSession();
    const { runtime, spark } = session;
    const write = (text: string): Promise<unknown> =>
      runtime.fs.apply([
        { op: "makeDirectory", path: "/logs" },
        { op: "append", path: "/logs/app.log", bytes: new TextEncoder().encode(text) },
      ]);
    await write("one\n");
    const lines: string[] = [];
    const query = await spark.readStream
      .format("tail")
      .load("/logs/app.log")
      .writeStream.outputMode("update")
      .trigger(realTime)
      .foreach((row) => void lines.push(String(row["value"])))
      .start();
    await runtime.clock.advance(50);
    expect(lines).toEqual(["one"]);
    await query.stop();
  });

  test("into the memory sink, whose table shows them at once", () =>
    withSession(async ({ spark, runtime }, stream, events) => {
      const query = await events.writeStream
        .outputMode("update")
        .trigger(realTime)
        .format("memory")
        .queryName("live")
        .start();
      stream.add([{ k: "a", n: 1 }]);
      await runtime.clock.advance(10);
      expect(await spark.table("live").count()).toBe(1);
      expect(query.recentProgress).toEqual([]);
      await query.stop();
    }));
});

type Action = { readonly add: number } | "wait" | "all" | "stop" | "drain" | "batches";
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 5 }) }) },
  fc.constantFrom("wait" as const, "all" as const, "stop" as const, "drain" as const, "batches" as const),
);

test(
  "every row comes, in order and none after its batch has ended, however the query is stopped and started",
  () =>
    fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 14 }), (actions) =>
        withSession(async ({ runtime }, stream, events) => {
          let added = 0;
          const seen: number[] = [];
          const committed = (): number => {
            const ids = [...runtime.fs.files().keys()].flatMap(
              (path) => /^\/live\/commits\/(\d+)$/.exec(path)?.[1] ?? [],
            );
            if (ids.length === 0) return 0;
            const bytes = runtime.fs.files().get(`/live/offsets/${Math.max(...ids.map(Number))}`)!;
            return Number(new TextDecoder().decode(bytes).split("\n")[2]) + 1;
          };
          const chunks: number[] = [0];
          const start = async (trigger: { realTime: string } | { availableNow: true }) =>
            events
              .filter("n >= 0")
              .writeStream.outputMode("update")
              .option("checkpointLocation", "/live")
              .trigger(trigger)
              .foreach((row) => void seen.push(Number(Object.values(row)[1])))
              .start();
          let query = await start(realTime);
          const restart = async (drain: boolean): Promise<void> => {
            await query.stop({ drain });
            const from = seen.length;
            query = await start(realTime);
            await runtime.clock.advance(20);
            // What comes again is what came since the last commit.
            if (seen.length > from) expect(seen[from]).toBe(chunks[committed()]);
          };
          for (const each of actions) {
            if (typeof each === "object") {
              stream.add(Array.from({ length: each.add }, () => ({ k: "x", n: added++ })));
              chunks.push(added);
              await runtime.clock.advance(0);
            } else if (each === "wait") await runtime.clock.advance(30_000);
            else if (each === "all") {
              await query.processAllAvailable();
              expect(committed()).toBe(chunks.length - 1);
            } else if (each === "batches") {
              await query.stop();
              const batches = await start({ availableNow: true });
              await batches.awaitTermination();
              query = await start(realTime);
            } else await restart(each === "drain");
          }
          await query.processAllAvailable();
          await query.stop();
          expect([...new Set(seen)]).toEqual(Array.from({ length: added }, (_, n) => n));
          let next = 0;
          for (const n of seen) {
            expect(n).toBeLessThanOrEqual(next);
            next = Math.max(next, n + 1);
          }
        }),
      ),
      { numRuns: 40 },
    ),
  60_000,
);

describe("is refused", () => {
  const start = async (
    df: Frame,
    mode: "append" | "update" | "complete" = "update",
    change: (writer: Frame["writeStream"]) => { start(): Promise<unknown> } = (writer) => writer.format("noop"),
  ): Promise<unknown> => change(df.writeStream.outputMode(mode).trigger(realTime)).start();
  const refused = (errorClass: string, message: string): unknown =>
    expect.objectContaining({ errorClass, message: expect.stringContaining(message) });

  test("in other output modes, and for less than the least duration", () =>
    withSession(async (_, __, events) => {
      await expect(start(events, "append")).rejects.toEqual(
        refused("STREAMING_REAL_TIME_MODE.OUTPUT_MODE_NOT_SUPPORTED", "The output mode Append is not supported"),
      );
      await expect(start(events, "complete")).rejects.toEqual(
        refused("STREAMING_REAL_TIME_MODE.OUTPUT_MODE_NOT_SUPPORTED", "The output mode Complete is not supported"),
      );
      await expect(
        events.writeStream.outputMode("update").trigger({ realTime: "4 seconds" }).format("noop").start(),
      ).rejects.toEqual(
        refused(
          "INVALID_STREAMING_REAL_TIME_MODE_TRIGGER_INTERVAL",
          "is set to 4000 ms. This is less than the 5000 ms",
        ),
      );
    }));

  test("for operators that keep something, and for one source twice", () =>
    withSession(async (_, __, events) => {
      const operator = (name: string): unknown =>
        refused("STREAMING_REAL_TIME_MODE.OPERATOR_OR_SINK_NOT_IN_ALLOWLIST", `The operator(s): ${name}`);
      await expect(start(frame(events.groupBy("k").count()))).rejects.toEqual(operator("Aggregate is not"));
      await expect(start(frame(events.dropDuplicates("k")))).rejects.toEqual(operator("StreamingDeduplicate is not"));
      await expect(start(frame(events.repartition(4).limit(3)))).rejects.toEqual(
        operator("Limit, Repartition are not"),
      );
      await expect(start(frame(events.union(events)))).rejects.toEqual(
        refused(
          "STREAMING_REAL_TIME_MODE.IDENTICAL_SOURCES_IN_UNION_NOT_SUPPORTED",
          "identical streaming data sources",
        ),
      );
    }));

  test("for sinks and sources that take and give whole batches, and with asynchronous progress", () =>
    withSession(async ({ spark, runtime }, _, events) => {
      await expect(start(events, "update", (w) => w.foreachBatch(() => undefined))).rejects.toEqual(
        refused("STREAMING_REAL_TIME_MODE.SINK_NOT_SUPPORTED", "The ForeachBatchSink sink"),
      );
      await expect(
        start(events, "update", (w) => w.option("asyncProgressTrackingEnabled", true).format("noop")),
      ).rejects.toEqual(
        refused("STREAMING_REAL_TIME_MODE.ASYNC_PROGRESS_TRACKING_NOT_SUPPORTED", "asyncProgressTrackingEnabled"),
      );
      await runtime.fs.apply([{ op: "makeDirectory", path: "/in" }]);
      await expect(start(frame(spark.readStream.schema({ a: "int" }).json("/in")))).rejects.toEqual(
        refused("STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED", "FileStreamSource"),
      );
      await expect(start(frame(spark.readStream.format("rate-micro-batch").load()))).rejects.toEqual(
        refused("STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED", "RatePerMicroBatch"),
      );
    }));
});
