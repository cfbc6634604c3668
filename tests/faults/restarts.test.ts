/** Where a checkpoint may lie, what of a query may change, what user code sees twice, and what readers of the files see. */
import { createSimulatedRuntime, MemoryStream, parseDdl, type SimulatedRuntime } from "millrace/engine";
import { expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { classOf, countsIn, event, eventColumns, eventSchema, runCounts, sessionOn } from "./one-query.ts";

test.each(["s3://bucket/checkpoint", "hdfs://name:8020/checkpoint", "gs://bucket/c"])(
  "a checkpoint at %s is refused",
  async (location) => {
    const spark = await sessionOn({ runtime: createSimulatedRuntime(1) });
    const stream = new MemoryStream(parseDdl(eventColumns));
    const started = spark.readStream
      .from(stream, {})
      .writeStream.format("noop")
      .option("checkpointLocation", location)
      .start();
    await expect(started).rejects.toMatchObject({ errorClass: "UNSUPPORTED_PATH_SCHEME" });
    fired("B13");
    await spark.stop();
  },
);

test("another filter, projection, limit and trigger go on with the checkpoint", async () => {
  const runtime = createSimulatedRuntime(1);
  const spark = await sessionOn({ runtime });
  const stream = new MemoryStream(parseDdl(eventColumns));
  const seen: string[] = [];
  const changes = [
    { filter: "k <> 'x'", columns: ["k", "count"], trigger: { availableNow: true } },
    { filter: "k <> 'b'", columns: ["k", "count"], trigger: { availableNow: true } },
    { filter: "true", columns: ["count + 0 AS n", "upper(k) AS u"], trigger: { once: true } },
  ] as const;
  for (const { filter, columns, trigger } of changes) {
    stream.add([event(1, "a"), event(1, "b"), event(1, "x")]);
    const query = await spark.readStream
      .from(stream, eventSchema)
      .filter(filter)
      .groupBy("k")
      .count()
      .selectExpr(...columns)
      .writeStream.outputMode("update")
      .option("checkpointLocation", "/checkpoint")
      .trigger(trigger)
      .foreachBatch(async (batch) => void seen.push(JSON.stringify(await batch.collect())))
      .start();
    await query.awaitTermination();
    fired("E8");
  }
  const shown = seen.map((rows) => (JSON.parse(rows) as object[]).map((row) => Object.values(row).join(" ")).sort());
  expect(shown).toEqual([
    ["a 1", "b 1"],
    ["a 2", "x 1"],
    ["2 B", "2 X", "3 A"],
  ]);
  await spark.stop();
});

test("foreach sees a partition again with the same ids and the same rows in the same order", async () => {
  const runtime = createSimulatedRuntime(1);
  const stream = new MemoryStream(parseDdl(eventColumns));
  stream.add(Array.from({ length: 30 }, (_, i) => event(i, `k${i % 7}`)));
  const attempts: string[] = [];
  for (const fails of [true, true, false]) {
    const spark = await sessionOn({ runtime, conf: { "spark.sql.shuffle.partitions": "3" } });
    const rows: string[] = [];
    let closed = 0;
    const query = await spark.readStream
      .from(stream, eventSchema)
      .groupBy("k")
      .count()
      .writeStream.outputMode("update")
      .option("checkpointLocation", "/checkpoint")
      .trigger({ availableNow: true })
      .foreach({
        open: (partition, epoch) => rows.push(`open ${partition} ${epoch}`) > 0,
        process: (row) => void rows.push(JSON.stringify(row)),
        close: () => {
          if (++closed === 3 && fails) throw new Error("the answer is lost");
        },
      })
      .start();
    const failure = await query.awaitTermination().then(
      () => null,
      (error: unknown) => classOf(error),
    );
    expect(failure === null).toBe(!fails);
    attempts.push(rows.join("\n"));
    await spark.stop();
  }
  expect(attempts[0]).toContain("open 2 0");
  expect(new Set(attempts).size).toBe(1);
  fired("F5", 2);
});

test("a reader without the manifest may see rows of a batch twice, and none that are not of a batch", async () => {
  let runtime: SimulatedRuntime = createSimulatedRuntime(1);
  const stream = new MemoryStream(parseDdl(eventColumns));
  stream.add([event(5, "a"), event(8, "b")]);
  stream.add([event(500, "end")]);
  const { fs } = runtime;
  const onStep = (step: string): void => {
    const data = [...fs.files().keys()].some((path) => path.includes("/part-"));
    if (step === "P8" && data && !fs.crashed) fs.crash("all");
  };
  await runCounts({ runtime, stream, onStep }).catch(() => undefined);
  expect(fs.crashed).toBe(true);
  runtime = runtime.restart({ power: true, survive: "all" });
  expect(await runCounts({ runtime, stream })).toBe(null);
  const committed = await countsIn(runtime);
  const all = [...runtime.fs.files()]
    .filter(([path]) => path.includes("/part-"))
    .flatMap(([, bytes]) => new TextDecoder().decode(bytes).trim().split("\n"))
    .map((line) => Object.values(JSON.parse(line) as object).join(" "));
  expect(committed).toHaveLength(2);
  expect(all.length).toBe(4);
  expect([...new Set(all)].sort()).toEqual(committed);
  fired("F7");
});

test("a variable of another kind and another time mode of transformWithState are refused by name", async () => {
  const runtime = createSimulatedRuntime(1);
  const stream = new MemoryStream(parseDdl(eventColumns));
  const run = async (kind: "value" | "list", timeMode: "None" | "ProcessingTime"): Promise<string | null> => {
    const spark = await sessionOn({ runtime });
    stream.add([event(1, "a")]);
    try {
      const query = await spark.readStream
        .from(stream, eventSchema)
        .groupByKey((row) => row.k, "string")
        .transformWithState(
          (handle) => {
            if (kind === "value") handle.getValueState("seen", "bigint");
            else handle.getListState("seen", "bigint");
            return { handleInputRows: (k) => [{ k }] };
          },
          { output: { k: "string" }, outputMode: "update", timeMode },
        )
        .writeStream.outputMode("update")
        .format("noop")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .start();
      await query.awaitTermination();
      return null;
    } catch (error) {
      return classOf(error);
    } finally {
      await spark.stop();
    }
  };
  expect(await run("value", "None")).toBe(null);
  expect(await run("list", "None")).toBe("STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE");
  expect(await run("value", "ProcessingTime")).toBe("STATE_STORE_INVALID_CONFIG_AFTER_RESTART");
  fired("E5", 2);
  expect(await run("value", "None")).toBe(null);
});
