/** The state of every kind of operator is dealt out to other partitions between two runs, and the query goes on as if nothing had been. */
import { describe, expect, test } from "vitest";
import { col, count, type DataFrame, expr, max, type Schema, sessionWindow, window } from "millrace";
import {
  createSimulatedRuntime,
  type Fault,
  MemoryStream,
  parseDdl,
  repartitionCheckpoint,
  type SimulatedRuntime,
  verifyCheckpoint,
} from "millrace/engine";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { simulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
const frame = (df: unknown): Frame => df as Frame;
type Events = DataFrame<{ k: "string"; n: "int"; at: "timestamp" }>;
type Build = (events: Events, others: Events) => Frame;

interface Rows {
  readonly k: string | null;
  readonly n: number;
  readonly at: Date;
}
/** Three runs with rows in each; the last closes what waits for the watermark. */
const portions: readonly (readonly Rows[])[] = [0, 1, 2].map((run) => [
  ...Array.from({ length: 40 }, (_, i) => ({
    k: i % 13 === 0 ? null : `key ${(i * 7) % 11}`,
    n: (i * (run + 1)) % 5,
    at: new Date(1_000_000_000_000 + run * 60_000 + i * 1_000),
  })),
  ...(run === 2 ? [{ k: "last", n: 0, at: new Date(1_000_001_000_000) }] : []),
]);

const builds: Readonly<Record<string, readonly ["append" | "update", Build]>> = {
  "a windowed aggregation": [
    "append",
    (e) =>
      frame(
        e
          .withWatermark("at", "10 seconds")
          .groupBy(window("at", "20 seconds"), "k")
          .agg(() => ({ rows: count(), most: max("n") })),
      ),
  ],
  "an aggregation without keys": ["update", (e) => frame(e.agg(() => ({ rows: count() })))],
  deduplication: ["append", (e) => frame(e.dropDuplicates("k", "n"))],
  "deduplication within the watermark": [
    "append",
    (e) => frame(e.withWatermark("at", "5 minutes").dropDuplicatesWithinWatermark("k")),
  ],
  "a limit": ["append", (e) => frame(e.limit(70))],
  sessions: [
    "append",
    (e) =>
      frame(
        e
          .withWatermark("at", "10 seconds")
          .groupBy(sessionWindow("at", "5 seconds"), "k")
          .agg(() => ({ rows: count() })),
      ),
  ],
  "a join of streams": [
    "append",
    (e, o) =>
      frame(
        e
          .withWatermark("at", "2 minutes")
          .alias("a")
          .join(
            o.withWatermark("at", "2 minutes").alias("b"),
            expr("a.k = b.k AND a.n = b.n AND b.at BETWEEN a.at - INTERVAL 30 SECONDS AND a.at + INTERVAL 30 SECONDS"),
            "left",
          )
          .select(col("a.k").alias("k"), col("a.at").alias("at"), col("b.at").alias("other")),
      ),
  ],
  "transformWithState with a map": [
    "append",
    (e) =>
      frame(
        e
          .groupByKey((row) => row.k, "string")
          .transformWithState(
            (handle) => {
              const seen = handle.getMapState("seen", "int", "int!");
              return {
                *handleInputRows(key, rows) {
                  for (const row of rows) {
                    const n = row.n ?? 0;
                    const times = (seen.containsKey(n) ? seen.getValue(n)! : 0) + 1;
                    seen.updateValue(n, times);
                    yield { key, n, times };
                  }
                },
              };
            },
            { output: { key: "string", n: "int", times: "int" }, timeMode: "ProcessingTime" },
          ),
      ),
  ],
};

const files = (runtime: SimulatedRuntime): string[] => [...runtime.fs.files().keys()].sort();

/** All rows that came, sorted; `between` happens after each run but the last. */
async function played(
  [mode, build]: readonly ["append" | "update", Build],
  between: (runtime: SimulatedRuntime, run: number) => Promise<void>,
): Promise<string[]> {
  await using session = await simulatedSession();
  const [left, right] = [0, 1].map(() => new MemoryStream(parseDdl("k STRING, n INT, at TIMESTAMP")));
  const rows: string[] = [];
  for (const [run, portion] of portions.entries()) {
    left!.add(portion);
    right!.add(portion.map((row) => ({ ...row, at: new Date(row.at.getTime() + 7_000) })));
    const [events, others] = [left!, right!].map((stream, i) =>
      session.spark.readStream
        .name(i === 0 ? "left" : "right")
        .from(stream, { k: "string", n: "int", at: "timestamp" }),
    );
    const query = await build(events!, others!)
      .writeStream.outputMode(mode)
      .option("checkpointLocation", "/checkpoint")
      .trigger({ availableNow: true })
      .foreachBatch(async (batch) => {
        for (const row of await batch.collect())
          rows.push(JSON.stringify(row, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v)));
      })
      .start();
    await query.awaitTermination();
    if (run < 2) await between(session.runtime, run);
  }
  return rows.sort();
}

test.each(Object.keys(builds))("%s goes on with more partitions, and with fewer", async (name) => {
  const golden = await played(builds[name]!, async () => undefined);
  expect(golden.length).toBeGreaterThan(0);
  const changed = await played(builds[name]!, async (runtime, run) => {
    const to = [5, 1][run]!;
    const { from, rows } = await repartitionCheckpoint(runtime, "/checkpoint", to);
    expect([from, rows > 0]).toEqual([[2, 5][run], true]);
    expect(await verifyCheckpoint(runtime.fs, "/checkpoint")).toEqual([]);
  });
  expect(changed).toEqual(golden);
});

async function checkpointed(): Promise<
  Awaited<ReturnType<typeof simulatedSession>> & { run(n: number): Promise<string[]> }
> {
  const session = await simulatedSession();
  const stream = new MemoryStream(parseDdl("k INT"));
  return Object.assign(session, {
    async run(n: number): Promise<string[]> {
      if (n > 0) stream.add(Array.from({ length: n }, (_, k) => ({ k })));
      const query = await frame(session.spark.readStream.from(stream, {}))
        .dropDuplicates()
        .writeStream.option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .format("json")
        .start("/out");
      await query.awaitTermination();
      const rows = await session.spark.read.schema({ k: "int" }).json("/out").collect();
      return rows.map(({ k }) => String(k)).sort();
    },
  });
}

test("the manifest of a file sink has no gap, also where the batch falls on a compact file", async () => {
  const world = await checkpointed();
  for (let n = 1; n <= 9; n++) await world.run(n);
  expect((await repartitionCheckpoint(world.runtime, "/checkpoint", 3)).batchId).toBe(9);
  expect(await world.run(10)).toHaveLength(10);
  for (let n = 11; n <= 13; n++) await world.run(n);
  expect(await world.run(0)).toHaveLength(13);
  expect(files(world.runtime)).toContain("/out/_spark_metadata/9.compact");
});

test("state of the batches before can still be read", async () => {
  const { spark, runtime, run } = await checkpointed();
  await run(20);
  await repartitionCheckpoint(runtime, "/checkpoint", 7);
  const rowsOf = (batchId: number): Promise<number> =>
    spark.read.format("statestore").option("batchId", batchId).load("/checkpoint").count();
  expect([await rowsOf(0), await rowsOf(1)]).toEqual([20, 20]);
  await repartitionCheckpoint(runtime, "/checkpoint", 1);
  expect([await rowsOf(0), await rowsOf(1), await rowsOf(2)]).toEqual([20, 20, 20]);
});

test("one whose commit was moved away is finished before the query goes on", async () => {
  const { runtime, run } = await checkpointed();
  await run(12);
  await repartitionCheckpoint(runtime, "/checkpoint", 1);
  await runtime.fs.apply([{ op: "remove", path: "/checkpoint/commits/1" }]);
  await expect(run(13)).rejects.toMatchObject({ errorClass: "CHECKPOINT_REPARTITION_UNFINISHED" });
  await repartitionCheckpoint(runtime, "/checkpoint", 1);
  expect(await run(13)).toHaveLength(13);
});

describe("is refused", () => {
  const refused = (errorClass: string): object => ({ errorClass });
  test("for no number, no checkpoint, the same number, and a batch that is to be repeated; nothing is written", async () => {
    const { runtime, run, spark } = await checkpointed();
    await expect(repartitionCheckpoint(runtime, "/checkpoint", 0)).rejects.toMatchObject(
      refused("STATE_REPARTITION_INVALID_PARAMETER.IS_NOT_GREATER_THAN_ZERO"),
    );
    await expect(repartitionCheckpoint(runtime, "/nothing", 3)).rejects.toMatchObject(
      refused("STATE_REPARTITION_INVALID_CHECKPOINT.NO_BATCH_FOUND"),
    );
    expect(files(runtime)).toEqual([]);
    await run(3);
    const before = files(runtime);
    await expect(repartitionCheckpoint(runtime, "/checkpoint", 2)).rejects.toMatchObject(
      refused("STATE_REPARTITION_INVALID_CHECKPOINT.SHUFFLE_PARTITIONS_ALREADY_MATCH"),
    );
    const last = before.filter((path) => path.includes("/checkpoint/commits/")).at(-1)!;
    await run(4);
    await runtime.fs.apply([{ op: "remove", path: last.replace(/\d+$/, "1") }]);
    await expect(repartitionCheckpoint(runtime, "/checkpoint", 3)).rejects.toMatchObject(
      refused("STATE_REPARTITION_INVALID_CHECKPOINT.LAST_BATCH_FAILED"),
    );
    await spark.stop();
  });

  test("while the query runs", async () => {
    const { spark, runtime } = await simulatedSession();
    const query = await spark.readStream
      .format("rate")
      .load()
      .writeStream.option("checkpointLocation", "/checkpoint")
      .format("noop")
      .start();
    await runtime.clock.advance(2000);
    await expect(repartitionCheckpoint(runtime, "/checkpoint", 3)).rejects.toMatchObject(
      refused("CONCURRENT_QUERY.OTHER_PROCESS"),
    );
    await query.stop();
  });
});

/** How often each user has come, in the runs of one history; files and rows outlive the processes. */
function counted() {
  const stream = new MemoryStream(parseDdl("k INT"));
  return {
    add(rows: number): void {
      stream.add(Array.from({ length: rows }, (_, k) => ({ k: k % 7 })));
    },
    /** Adds what the batches gave out to `seen`: the last count of each user is its count. */
    async run(runtime: SimulatedRuntime, seen: Map<string, string>): Promise<void> {
      await using session = await simulatedSession(runtime);
      const query = await frame(session.spark.readStream.from(stream, {}))
        .groupBy("k")
        .count()
        .writeStream.outputMode("update")
        .option("checkpointLocation", "/checkpoint")
        .trigger({ availableNow: true })
        .foreachBatch(async (batch) => {
          for (const row of await batch.collect()) seen.set(String(row["k"]), String(row["count"]));
        })
        .start();
      await query.awaitTermination();
    },
  };
}

test("a fault of any file operation leaves a checkpoint that goes on as it was, or that must be finished first", async () => {
  const start = async () => {
    const history = counted();
    const runtime = createSimulatedRuntime(1);
    const seen = new Map<string, string>();
    history.add(20);
    await history.run(runtime, seen);
    history.add(9);
    await history.run(runtime, seen);
    return { history, runtime, seen };
  };
  const golden = await start();
  const before = golden.runtime.fs.operationCount;
  await repartitionCheckpoint(golden.runtime, "/checkpoint", 3);
  const operations = golden.runtime.fs.operationCount - before;
  expect(operations).toBeGreaterThan(30);
  golden.history.add(12);
  await golden.history.run(golden.runtime, golden.seen);
  const outcomes = { asBefore: 0, unfinished: 0, done: 0 };
  const faults: readonly Fault["fault"][] = ["crashBefore", "crashAfter", "torn", "loseUnsynced", "ENOSPC", "EIO"];
  for (let at = 0; at < operations; at++) {
    for (const fault of new Set([faults[at % faults.length]!, "loseUnsynced" as const])) {
      const place = `${fault} at operation ${at}`;
      const { history, runtime, seen } = await start();
      const faulty = runtime.restart({ plan: { faults: [{ at, fault }] } });
      await repartitionCheckpoint(faulty, "/checkpoint", 3).catch(() => undefined);
      const after = faulty.restart({ power: fault === "loseUnsynced" });
      const ended = files(after).includes("/checkpoint/commits/2");
      history.add(12);
      const failure: unknown = await history.run(after, seen).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) outcomes[ended ? "done" : "asBefore"]++;
      else {
        expect(failure, place).toMatchObject({ errorClass: "CHECKPOINT_REPARTITION_UNFINISHED" });
        await expect(repartitionCheckpoint(after, "/checkpoint", 4), place).rejects.toMatchObject({
          errorClass: "STATE_REPARTITION_INVALID_CHECKPOINT.LAST_BATCH_ABANDONED_REPARTITION",
        });
        await repartitionCheckpoint(after, "/checkpoint", 3);
        await history.run(after, seen);
        outcomes.unfinished++;
      }
      expect(seen, place).toEqual(golden.seen);
      await using session = await simulatedSession(after);
      const [operator] = await session.spark.read.format("state-metadata").load("/checkpoint").collect();
      expect(Number(operator!["numPartitions"]), place).toBe(failure === null && !ended ? 2 : 3);
      const found = await verifyCheckpoint(after.fs, "/checkpoint");
      expect(
        found.filter(({ severity }) => severity === "error"),
        place,
      ).toEqual([]);
      fired("B21");
    }
  }
  expect(outcomes.asBefore).toBeGreaterThan(5);
  expect(outcomes.unfinished).toBeGreaterThan(20);
}, 60_000);
