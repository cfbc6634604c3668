/** State above the memory that it may take fails the batch by name before anything of it is visible. */
import { createSimulatedRuntime, MemoryStream, parseDdl } from "millrace/engine";
import { expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { stateProviders } from "../state-providers.ts";
import { sessionOn } from "./one-query.ts";

test("distinct keys without a watermark end at the limit; with a higher one the batch comes again", async () => {
  const runtime = createSimulatedRuntime(1);
  const stream = new MemoryStream(parseDdl("k STRING"));
  let keys = 0;
  const seen = new Set<string>();
  const run = async (limit: string): Promise<{ errorClass?: string; message?: string } | null> => {
    const spark = await sessionOn({ runtime, conf: { "millrace.state.maxBytes": limit } });
    try {
      const query = await spark.readStream
        .from(stream, { k: "string" })
        .dropDuplicates("k")
        .writeStream.option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .foreachBatch(async (batch) => {
          for (const row of await batch.collect()) seen.add(String((row as Readonly<Record<string, unknown>>)["k"]));
        })
        .start();
      await query.awaitTermination();
      return null;
    } catch (error) {
      return (error as { cause: { errorClass: string; message: string } }).cause;
    } finally {
      await spark.stop();
    }
  };
  let failure = null;
  for (let batch = 0; batch < 50 && failure === null; batch++) {
    stream.add(Array.from({ length: 2000 }, () => ({ k: `key ${keys++}` })));
    failure = await run("1m");
  }
  expect(failure).toMatchObject({ errorClass: "STATE_STORE_TOO_LARGE" });
  expect(failure!.message).toMatch(/limit|1048576/);
  expect(seen.size).toBe(keys - 2000);
  fired("G1");
  expect(await run("1g")).toBe(null);
  expect(seen.size).toBe(keys);
});

test("the index of a join and the groups of a batch count", async () => {
  const runtime = createSimulatedRuntime(1);
  const schema = { k: "string!", at: "timestamp!" } as const;
  const ddl = "k STRING NOT NULL, at TIMESTAMP NOT NULL";
  const rows = Array.from({ length: 3000 }, (_, i) => ({ k: `key ${i}`, at: "2024-01-01T00:00:00Z" }));
  const spark = await sessionOn({ runtime, conf: { ...stateProviders.disk, "millrace.state.maxBytes": "600k" } });
  const stream = (): MemoryStream => {
    const made = new MemoryStream(parseDdl(ddl));
    made.add(rows);
    return made;
  };
  const read = (from: MemoryStream) => spark.readStream.from(from, schema);
  const failureOf = async (start: () => Promise<{ awaitTermination(): Promise<unknown> }>): Promise<unknown> => {
    try {
      await (await start()).awaitTermination();
      return null;
    } catch (error) {
      return (error as { cause: unknown }).cause;
    }
  };
  const [left, right] = [read(stream()).withColumnRenamed("at", "left_at"), read(stream())];
  const joined = await failureOf(() =>
    left
      .join(right, "k")
      .writeStream.format("noop")
      .option("checkpointLocation", "/joined")
      .trigger({ availableNow: true })
      .start(),
  );
  expect(joined).toMatchObject({ errorClass: "STATE_STORE_TOO_LARGE" });
  const counted = await failureOf(() =>
    read(stream())
      .groupBy("k")
      .count()
      .writeStream.outputMode("update")
      .format("noop")
      .option("checkpointLocation", "/counted")
      .trigger({ availableNow: true })
      .start(),
  );
  expect(counted).toMatchObject({ errorClass: "STATE_STORE_TOO_LARGE" });
  await spark.stop();
});
