/** Offsets that stand for fewer rows than they count, and a source that cannot read anything twice. */
import type { RowSource } from "millrace";
import { createSimulatedRuntime, MemoryStream, parseDdl } from "millrace/engine";
import { expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { event, eventColumns, eventSchema, sessionOn } from "./one-query.ts";

test("a range of offsets with holes gives the rows that are there", async () => {
  // As a compacted or transactional log: of ten offsets, three hold a row.
  const source: RowSource<{ n: number }, number> = {
    name: "holes",
    initialOffset: () => -1,
    latestOffset: (start) => Math.min(start + 10, 39),
    *read(start, end) {
      for (let n = start + 1; n <= end; n++) if (n % 10 === 1 || n % 10 === 4 || n === 25) yield { n };
    },
  };
  await using spark = await sessionOn({ runtime: createSimulatedRuntime(1) });
  const seen: unknown[] = [];
  const query = await spark.readStream
    .from(source, { n: "int" })
    .writeStream.option("checkpointLocation", "/checkpoint")
    .foreachBatch(async (batch) => void seen.push((await batch.collect()).map((row) => row["n"])))
    .start();
  await query.processAllAvailable();
  await query.stop();
  expect(seen).toEqual([
    [1, 4],
    [11, 14],
    [21, 24, 25],
    [31, 34],
  ]);
  fired("D5", 4);
});

test("what a socket gave and no batch committed is lost with the process, with a warning", async () => {
  let runtime = createSimulatedRuntime(1);
  const seen: string[] = [];
  let failing = true;
  for (const line of ["lost", "kept"]) {
    const listener = runtime.network.listen("localhost", 9999);
    const spark = await sessionOn({ runtime });
    const query = await spark.readStream
      .format("socket")
      .option("host", "localhost")
      .option("port", 9999)
      .load()
      .writeStream.option("checkpointLocation", "/checkpoint")
      .foreachBatch(async (batch) => {
        const rows = await batch.collect();
        if (failing && rows.length > 0) throw new Error("down");
        seen.push(...rows.map((row) => String((row as Readonly<Record<string, unknown>>)["value"])));
      })
      .start();
    const server = (await listener.accept())!;
    await server.write(new TextEncoder().encode(`${line}\n`));
    for (let i = 0; i < 5; i++) await runtime.clock.advance(100);
    if (failing) await expect(query.awaitTermination()).rejects.toMatchObject({ errorClass: "STREAM_FAILED" });
    else await query.processAllAvailable();
    await query.stop();
    await spark.stop();
    await server.close();
    listener.close();
    if (!failing) break;
    failing = false;
    runtime = runtime.restart();
  }
  expect(seen).toEqual(["kept"]);
  expect(runtime.process.logged.some(({ level }) => level === "WARN")).toBe(true);
  fired("D15");
});

test("rows that come twice are passed through, or dropped by dropDuplicates, also in a later run", async () => {
  const runtime = createSimulatedRuntime(1);
  const stream = new MemoryStream(parseDdl(eventColumns));
  const seen = { all: 0, once: 0 };
  for (let run = 0; run < 3; run++) {
    await using spark = await sessionOn({ runtime });
    stream.add([event(1, "a"), event(2, "b"), event(1, "a")]);
    for (const kind of ["all", "once"] as const) {
      const events = spark.readStream.from(stream, eventSchema);
      const query = await (kind === "all" ? events : events.dropDuplicates("at", "k")).writeStream
        .option("checkpointLocation", `/checkpoint/${kind}`)
        .trigger({ availableNow: true })
        .foreachBatch(async (batch) => void (seen[kind] += (await batch.collect()).length))
        .start();
      await query.awaitTermination();
    }
    fired("D6");
  }
  expect(seen).toEqual({ all: 9, once: 2 });
});

test("a source without rows makes no batch, and holds the watermark of the others until it has been idle for long enough", async () => {
  for (const timeout of [undefined, "1 minute"]) {
    const runtime = createSimulatedRuntime(1);
    await using spark = await sessionOn({
      runtime,
      conf: timeout === undefined ? {} : { "millrace.streaming.idleSourceTimeout": timeout },
    });
    const [busy, idle] = [0, 1].map(() => new MemoryStream(parseDdl(eventColumns)));
    const streams = [busy!, idle!].map((stream) =>
      spark.readStream.from(stream, eventSchema).withWatermark("at", "1 second"),
    );
    const query = await streams[0]!
      .union(streams[1]!)
      .groupBy("at")
      .count()
      .writeStream.format("noop")
      .option("checkpointLocation", "/checkpoint")
      .start();
    await query.processAllAvailable();
    expect(query.recentProgress.filter(({ numInputRows }) => numInputRows > 0)).toEqual([]);
    for (let i = 1; i <= 4; i++) {
      busy!.add([event(i * 100, "a")]);
      await query.processAllAvailable();
      await runtime.clock.advance(40_000);
    }
    const watermark = query.lastProgress?.eventTime?.["watermark"];
    if (timeout === undefined) expect(watermark).toBe("1970-01-01T00:00:00.000Z");
    else expect(watermark! > "1970-01-01T00:01:00").toBe(true);
    await query.stop();
    fired("D14");
  }
});
