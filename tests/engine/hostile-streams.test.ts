/** Streams whose user functions fail or hang, whose checkpoint is taken, of another query, or on a disk that fails. */
import { describe, expect, test } from "vitest";
import { count, type DataFrame, type SparkSession, window } from "millrace";
import { createSimulatedRuntime, type FaultCode, MemoryStream, parseDdl } from "millrace/engine";
import { type SimulatedSession, simulatedSession } from "./simulated-session.ts";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";

const schema = { at: "timestamp", key: "string" } as const;
const events = (): MemoryStream => new MemoryStream(parseDdl("at TIMESTAMP, key STRING"));
const row = (seconds: number, key: string | null): object => ({ at: new Date(seconds * 1000), key });
const read = (spark: SparkSession, stream: MemoryStream): DataFrame<typeof schema> =>
  spark.readStream.from(stream, schema);

/** Stops a query while virtual time passes. */
async function stopped({ runtime }: SimulatedSession, stopping: Promise<unknown>): Promise<void> {
  let done = false;
  const end = stopping.finally(() => (done = true));
  for (let i = 0; i < 200 && !done; i++) await runtime.clock.advance(100);
  expect(done).toBe(true);
  await end;
}

describe("user functions of a stream", () => {
  test("one that throws ends the query with its error; the next start repeats the batch", async () => {
    const runtime = createSimulatedRuntime(1);
    const stream = events();
    stream.add([row(1, "a")]);
    for (const kind of ["map", "foreachBatch", "foreach"] as const) {
      await using session = await simulatedSession(runtime);
      const seen: unknown[] = [];
      let failing = true;
      const boom = (): void => {
        if (failing) throw new Error("boom");
      };
      const start = async () => {
        const mapped = read(session.spark, stream).map(
          (r) => {
            if (kind === "map") boom();
            return { key: r.key };
          },
          { key: "string" },
        );
        const writer = mapped.writeStream.option("checkpointLocation", `/checkpoint/${kind}`);
        return kind === "foreach"
          ? writer
              .foreach((r) => {
                boom();
                seen.push(r);
              })
              .start()
          : writer
              .foreachBatch(async (batch) => {
                if (kind === "foreachBatch") boom();
                seen.push(...(await batch.collect()));
              })
              .start();
      };
      const query = await start();
      await expect(query.awaitTermination()).rejects.toMatchObject({ errorClass: "STREAM_FAILED" });
      expect(query.isActive).toBe(false);
      expect(query.exception?.message).toContain("boom");
      await query.stop();
      expect(seen).toEqual([]);
      failing = false;
      const again = await start();
      await again.processAllAvailable();
      await again.stop();
      expect(seen).toEqual([{ key: "a" }]);
    }
    fired("D12");
    fired("F1");
  });

  test("one that never resolves does not keep stop() from returning", async () => {
    for (const kind of ["map", "foreachBatch", "foreach"] as const) {
      const session = await simulatedSession();
      const stream = events();
      stream.add([row(1, "a")]);
      const never = new Promise<never>(() => {});
      const mapped = read(session.spark, stream).map(
        (r) => (kind === "map" ? never : { key: r.key }) as { key: string | null },
        { key: "string" },
      );
      const writer = mapped.writeStream.option("checkpointLocation", "/never");
      const query = await (
        kind === "foreach"
          ? writer.foreach(() => never)
          : writer.foreachBatch((batch) => (kind === "map" ? batch.collect().then(() => undefined) : never))
      ).start();
      await session.runtime.clock.advance(1000);
      expect(query.isActive).toBe(true);
      await stopped(session, query.stop());
      expect(query.isActive).toBe(false);
      await stopped(session, session.spark.stop());
    }
    fired("F2");
  });
});

const counts = (frame: DataFrame<typeof schema>) => frame.groupBy("key").count();

describe("checkpoints", () => {
  test("two sessions and two processes cannot share one", async () => {
    const runtime = createSimulatedRuntime(1);
    await using one = await simulatedSession(runtime, { "spark.sql.streaming.stopActiveRunOnRestart": "false" });
    await using two = await simulatedSession(runtime);
    await using other = await simulatedSession(runtime.anotherProcess());
    const stream = events();
    const start = (session: SimulatedSession) =>
      counts(read(session.spark, stream))
        .writeStream.outputMode("update")
        .format("noop")
        .option("checkpointLocation", "/shared")
        .start();
    const query = await start(one);
    await query.processAllAvailable();
    for (const session of [one, two, other]) {
      const second = await start(session).then(
        async (q) =>
          q.awaitTermination().then(
            () => undefined,
            (e: unknown) => e,
          ),
        (e: unknown) => e,
      );
      expect(String(second)).toContain("CONCURRENT_QUERY");
    }
    expect(query.isActive).toBe(true);
    await query.stop();
    const next = await start(other);
    await next.processAllAvailable();
    await next.stop();
    fired("E9");
  });

  test("one of another query is refused by name", async () => {
    await using session = await simulatedSession();
    const stream = events();
    stream.add([row(1, "a")]);
    const run = async (frame: DataFrame, mode: "update" | "append" | "complete"): Promise<string> => {
      try {
        const query = await frame.writeStream
          .outputMode(mode)
          .format("noop")
          .option("checkpointLocation", "/first")
          .start();
        await query.processAllAvailable();
        await query.stop();
        return "ran";
      } catch (error) {
        return (
          String(error)
            .replace(/^MillraceError: /, "")
            .match(/\[[A-Z_.]+\]/g)
            ?.join(" ") ?? String(error)
        );
      }
    };
    const source = read(session.spark, stream);
    const plain = (frame: { readonly plan: unknown }): DataFrame => frame as unknown as DataFrame;
    expect(await run(plain(counts(source)), "update")).toBe("ran");
    expect(await run(plain(counts(source)), "complete")).toContain("CHECKPOINT_OUTPUT_MODE_CHANGED");
    expect(await run(plain(source.groupBy("at").count()), "update")).toContain("STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE");
    expect(await run(plain(source.groupBy("key").agg(() => ({ a: count("*"), b: count("at") }))), "update")).toContain(
      "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
    );
    expect(await run(plain(source), "update")).toContain("STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA");
    expect(await run(plain(counts(source)), "update")).toBe("ran");
    fired("E3");
    fired("E4");
    fired("E7");
  });
});

test("event times in the far future close every window, and say so", async () => {
  await using session = await simulatedSession();
  const stream = events();
  const query = await read(session.spark, stream)
    .withWatermark("at", "1 minute")
    .groupBy(window("at", "10 minutes"))
    .count()
    .selectExpr("unix_timestamp(window.start) AS start", "count")
    .writeStream.format("memory")
    .queryName("far")
    .start();
  for (const seconds of [0, 8.64e12, 700, 1300]) {
    stream.add([row(seconds, "a")]);
    await query.processAllAvailable();
  }
  expect(await session.spark.table("far").collect()).toEqual([{ start: 0, count: 1 }]);
  const late = query.recentProgress.flatMap((p) => p.stateOperators.map((s) => s.numRowsDroppedByWatermark));
  expect(late.reduce((a, b) => a + b, 0)).toBe(2);
  await query.stop();
  fired("C4");
});

describe("a checkpoint and an output directory on a disk that", () => {
  const rows = [[row(1, "a"), row(2, "b")], [row(3, "a")], [row(4, null)]];
  /** One run over all rows; what it threw, or undefined. */
  async function run(
    session: SimulatedSession,
    stream: MemoryStream,
  ): Promise<{ readonly errorClass: string; readonly message: string } | undefined> {
    try {
      const query = await read(session.spark, stream)
        .selectExpr("key")
        .writeStream.format("json")
        .option("checkpointLocation", "/checkpoint")
        .start("/out");
      try {
        await query.processAllAvailable();
      } finally {
        await query.stop();
      }
      return undefined;
    } catch (error) {
      return error as { errorClass: string; message: string };
    }
  }
  const filled = (): MemoryStream => {
    const stream = events();
    for (const batch of rows) stream.add(batch);
    return stream;
  };

  test.each(["ENOSPC", "EROFS", "EACCES", "EIO"] as const)(
    "fails with %s from any operation on: a named error, nothing lost or doubled",
    async (code: FaultCode) => {
      const clean = createSimulatedRuntime(1);
      await using all = await simulatedSession(clean);
      expect(await run(all, filled())).toBeUndefined();
      const operations = clean.fs.operationCount;
      expect(operations).toBeGreaterThan(20);
      const step = Math.max(1, Math.floor(operations / 25));
      for (let at = 0; at < operations; at += step) {
        const broken = createSimulatedRuntime(1, {
          faults: Array.from({ length: 400 }, (_, i) => ({ at: at + i, fault: code })),
        });
        const session = await simulatedSession(broken);
        const stream = filled();
        const error = await run(session, stream);
        await session.spark.stop();
        if (error !== undefined) {
          expect(error.errorClass, `at ${at}: ${error.message}`).toMatch(
            /^(STREAM_FAILED|CHECKPOINT_WRITE_FAILED|TASK_WRITE_FAILED)$/,
          );
          expect(error.message, `at ${at}`).toContain(code);
          fired(code === "EIO" ? "B9" : "B8");
        }
        const repaired = broken.restart();
        await using next = await simulatedSession(repaired);
        expect(await run(next, stream), `restart after ${at}`).toBeUndefined();
        const found = await next.spark.read.schema("key STRING").json("/out").collect();
        expect(found.map((r) => r["key"]).sort(), `at ${at}`).toEqual(["a", "a", "b", null]);
      }
    },
  );
});
