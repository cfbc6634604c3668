/** A disk that takes its time, and a wall clock that leaps: what progress tells, and which rows come. */
import type { SparkSession } from "millrace";
import { createSimulatedRuntime, MemoryStream, parseDdl, withApply, writesOffsets } from "millrace/engine";
import { expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { sessionOn } from "./one-query.ts";

test("a log that takes 30 s to write is in the progress, and the batch is told to fall behind", async () => {
  const runtime = createSimulatedRuntime(1);
  const { clock } = runtime;
  const slow = withApply(runtime, async (program, own) => {
    if (writesOffsets(program)) await clock.sleep(30_000);
    await own(program);
  });
  const spark = await sessionOn({ runtime: slow });
  const stream = new MemoryStream(parseDdl("n INT"));
  stream.add([{ n: 1 }]);
  const query = await spark.readStream
    .from(stream, {})
    .writeStream.format("noop")
    .option("checkpointLocation", "/checkpoint")
    .trigger({ processingTime: "5 seconds" })
    .start();
  for (let i = 0; i < 40; i++) await clock.advance(1000);
  expect(query.lastProgress?.durationMs["walCommit"]).toBeGreaterThanOrEqual(30_000);
  expect(query.lastProgress?.numInputRows).toBe(1);
  expect(runtime.process.logged.some(({ message }) => message.includes("falling behind"))).toBe(true);
  fired("B12");
  await ended(spark, clock);
});

async function ended(spark: SparkSession, clock: { advance(ms: number): Promise<void> }): Promise<void> {
  let done = false;
  const stopping = spark.stop().finally(() => (done = true));
  for (let i = 0; i < 200 && !done; i++) await clock.advance(500);
  await stopping;
}

test("a wall clock that leaps neither loses nor doubles rows of a rate source", async () => {
  const runtime = createSimulatedRuntime(1, { startMs: 1_700_000_000_000 });
  const spark = await sessionOn({ runtime });
  const values: number[] = [];
  const sizes: number[] = [];
  const query = await spark.readStream
    .format("rate")
    .option("rowsPerSecond", 2)
    .load()
    .writeStream.option("checkpointLocation", "/checkpoint")
    .trigger({ processingTime: "1 second" })
    .foreachBatch(async (batch) => {
      const rows = await batch.collect();
      sizes.push(rows.length);
      for (const row of rows) values.push(Number((row as Readonly<Record<string, unknown>>)["value"]));
    })
    .start();
  for (const leap of [0, 3_600_000, -7_200_000, 0, 86_400_000, 0]) {
    runtime.clock.stepWallClock(leap);
    for (let i = 0; i < 3; i++) {
      await runtime.clock.advance(1000);
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }
  await ended(spark, runtime.clock);
  expect(query.exception).toBe(null);
  expect(values.length).toBeGreaterThan(86_400);
  expect(values).toEqual(Array.from({ length: values.length }, (_, i) => i));
  expect(Math.max(...sizes)).toBeGreaterThan(7200);
  fired("C2", 3);
});
