/** Checkpoints that are encrypted: nothing readable lies on the disk, and whatever reads a checkpoint needs its key. */
import { expect, test } from "vitest";
import { count } from "millrace";
import {
  applyRepair,
  checkpointFileSystem,
  countByKey,
  createSimulatedRuntime,
  describeCheckpoint,
  loadCheckpointKeys,
  planRepair,
  type SimulatedRuntime,
  verifyCheckpoint,
} from "millrace/engine";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { simulatedSession } from "./simulated-session.ts";

const setting = "millrace.checkpoint.encryption.keys";
const user = "grace.hopper@example.com";

async function world(): Promise<SimulatedRuntime> {
  const runtime = createSimulatedRuntime(1, { startMs: 1_700_000_000_000 });
  const files = { "/keys/old": "0a".repeat(32), "/keys/new": "0b".repeat(32) };
  for (const [path, text] of Object.entries(files)) await write(runtime, path, text);
  return runtime;
}
async function write(runtime: SimulatedRuntime, path: string, text: string): Promise<void> {
  await runtime.fs.apply([
    { op: "makeDirectory", path: path.slice(0, path.lastIndexOf("/")) },
    { op: "write", path, bytes: Buffer.from(text) },
  ]);
}
let arrived = 0;
/** Lets a file with clicks arrive and runs the query over all that came; the counts as the last batch left them. */
async function run(runtime: SimulatedRuntime, keys: string | undefined, times = 1): Promise<unknown[]> {
  await using session = await simulatedSession(runtime, {
    "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
    "spark.sql.streaming.fileSource.log.compactInterval": "3",
    ...(keys === undefined ? {} : { [setting]: keys }),
  });
  for (let i = 0; i < times; i++) await write(runtime, `/in/${user}-${arrived++}.json`, `{"user":"${user}"}\n`);
  let rows: unknown[] = [];
  const query = await session.spark.readStream
    .schema({ user: "string" })
    .option("maxFilesPerTrigger", 1)
    .json("/in")
    .groupBy("user")
    .agg(() => ({ n: count() }))
    .writeStream.outputMode("complete")
    .foreachBatch(async (batch) => void (rows = await batch.collect()))
    .option("checkpointLocation", "/checkpoint")
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  return rows;
}
function filesWith(runtime: SimulatedRuntime, text: string): string[] {
  const found = [...runtime.fs.files()].filter(
    ([path, bytes]) => path.startsWith("/checkpoint/") && Buffer.from(bytes).includes(text),
  );
  return found.map(([path]) => path);
}
async function opened(runtime: SimulatedRuntime, keys: string | undefined) {
  return { ...runtime, fs: checkpointFileSystem(runtime, "/checkpoint", await loadCheckpointKeys(keys, runtime)) };
}

test("a search of the files finds the key of the state and the names of files, but not when they are encrypted", async () => {
  const plain = await world();
  expect(await run(plain, undefined, 5)).toEqual([{ user, n: 5 }]);
  const places = filesWith(plain, user).map((path) => path.split("/")[2]);
  expect(new Set(places)).toEqual(new Set(["_engine", "sources", "state"]));
  const encrypted = await world();
  expect(await run(encrypted, "file:/keys/old", 5)).toEqual([{ user, n: 5 }]);
  const paths = [...encrypted.fs.files().keys()].filter((path) => path.startsWith("/checkpoint/"));
  expect(paths.some((path) => path.endsWith(".snapshot"))).toBe(true);
  expect(paths.some((path) => path.endsWith(".compact"))).toBe(true);
  expect(paths.length).toBeGreaterThan(20);
  for (const text of [user, "hopper", "batchWatermarkMs", "stateStoreSave", "renewedAtMs", "v1\n"]) {
    expect(filesWith(encrypted, text)).toEqual([]);
  }
  const secret = "0a".repeat(32);
  for (const path of paths) {
    const bytes = Buffer.from(await encrypted.fs.readFile(path));
    expect(bytes.subarray(0, 8).toString(), path).toBe("MLRCRYP1");
    expect(bytes.includes(secret) || bytes.includes(Buffer.from(secret, "hex")), path).toBe(false);
  }
});

test("no key and another key are errors that name the key, before anything is written", async () => {
  const runtime = await world();
  await run(runtime, "file:/keys/old", 2);
  const before = runtime.fs.files();
  const id = (await loadCheckpointKeys("file:/keys/old", runtime))[0]!.id;
  const missing = await run(runtime, undefined).catch(String);
  expect(missing).toContain("CHECKPOINT_ENCRYPTION_KEY.MISSING");
  expect(missing).toContain(id);
  expect(await run(runtime, "file:/keys/new").catch(String)).toContain("CHECKPOINT_ENCRYPTION_KEY.UNKNOWN");
  for (const keys of [undefined, "file:/keys/new"]) {
    const { fs } = await opened(runtime, keys);
    await expect(verifyCheckpoint(fs, "/checkpoint")).rejects.toThrow("CHECKPOINT_ENCRYPTION_KEY");
    // Not taken for damage that is to be moved away.
    await expect(planRepair(fs, "/checkpoint")).rejects.toThrow("CHECKPOINT_ENCRYPTION_KEY");
    await expect(describeCheckpoint(fs, "/checkpoint")).rejects.toThrow("CHECKPOINT_ENCRYPTION_KEY");
    fired("B18");
    await using session = await simulatedSession(runtime, keys === undefined ? {} : { [setting]: keys });
    const state = session.spark.read.format("statestore").load("/checkpoint");
    await expect(state.collect()).rejects.toThrow("CHECKPOINT_ENCRYPTION_KEY");
  }
  const inCheckpoint = (files: ReadonlyMap<string, Uint8Array>): string[] =>
    [...files.keys()].filter((path) => path.startsWith("/checkpoint/"));
  expect(inCheckpoint(runtime.fs.files())).toEqual(inCheckpoint(before));
  expect(await run(runtime, "file:/keys/old")).toEqual([{ user, n: 5 }]);
});

test("keys are changed by a restart: the first writes, all read; show tells which are still needed", async () => {
  const runtime = await world();
  await run(runtime, undefined, 2);
  const [old, next] = await loadCheckpointKeys("file:/keys/old,file:/keys/new", runtime);
  expect(await run(runtime, "file:/keys/old", 2)).toEqual([{ user, n: 4 }]);
  const mixed = await countByKey(runtime.fs, "/checkpoint");
  expect(mixed.get(null)).toBeGreaterThan(0);
  expect(mixed.get(old!.id)).toBeGreaterThan(0);
  expect(await run(runtime, "file:/keys/new").catch(String)).toContain(`encrypted with the key ${old!.id}`);
  expect(await run(runtime, "file:/keys/new,file:/keys/old", 3)).toEqual([{ user, n: 8 }]);
  expect((await countByKey(runtime.fs, "/checkpoint")).get(next!.id)).toBeGreaterThan(10);
  // The newest logs and snapshots are of the new key, and nothing older is read.
  expect(await run(runtime, "file:/keys/new")).toEqual([{ user, n: 9 }]);
});

test("the tools read with the key: verify, show, repair, statestore, state-metadata", async () => {
  const runtime = await world();
  await run(runtime, "file:/keys/old", 4);
  const reading = await opened(runtime, "file:/keys/new,file:/keys/old");
  expect(await verifyCheckpoint(reading.fs, "/checkpoint")).toEqual([]);
  expect(await describeCheckpoint(reading.fs, "/checkpoint")).toMatchObject({ latestCommittedBatch: 3 });
  {
    await using session = await simulatedSession(runtime, { [setting]: "file:/keys/old" });
    const state = session.spark.read.format("statestore").load("/checkpoint");
    expect(await state.selectExpr("key.user", "value.count").collect()).toEqual([{ user, count: 4 }]);
    const metadata = session.spark.read.format("state-metadata").load("/checkpoint");
    expect(await metadata.select("operatorName", "maxBatchId").collect()).toEqual(
      [
        { operatorName: "stateStoreSave", maxBatchId: 3 },
        { operatorName: "stateStoreSave", maxBatchId: 3 },
      ].slice(0, await metadata.count()),
    );
  }
  // A commit that was changed is damage, and the batch is run again.
  const path = "/checkpoint/commits/3";
  const bytes = (await runtime.fs.readFile(path)).map((byte, i) => (i === 40 ? byte ^ 1 : byte));
  await runtime.fs.apply([{ op: "write", path, bytes }]);
  const found = await verifyCheckpoint(reading.fs, "/checkpoint");
  expect(found.map(({ message }) => message)).toEqual([
    expect.stringContaining("it was changed after it was encrypted"),
  ]);
  const plan = await planRepair(reading.fs, "/checkpoint");
  expect(plan.steps.map((step) => step.path)).toEqual([path]);
  fired("B19");
  await applyRepair(reading, "/checkpoint", plan);
  expect(await run(runtime, "file:/keys/new,file:/keys/old", 1)).toEqual([{ user, n: 5 }]);
});

test("a key that is given instead of a reference is refused without being shown", async () => {
  const secret = "0c".repeat(32);
  const failure = await simulatedSession(undefined, { [setting]: secret }).catch(String);
  expect(failure).toContain("INVALID_CONF_VALUE");
  expect(failure).toContain("never a key itself");
  expect(failure).not.toContain(secret);
  await using session = await simulatedSession();
  expect(() => session.spark.conf.set(setting, "env:X")).toThrow("CANNOT_MODIFY_CONFIG");
});

test("a temporary checkpoint is encrypted too", async () => {
  const runtime = await world();
  const seen: string[] = [];
  await using session = await simulatedSession(runtime, { [setting]: "file:/keys/old" });
  await write(runtime, "/in/a.json", `{"user":"${user}"}\n`);
  const query = await session.spark.readStream
    .schema({ user: "string" })
    .json("/in")
    .groupBy("user")
    .agg(() => ({ n: count() }))
    .writeStream.outputMode("complete")
    .foreachBatch(async () => {
      for (const [path, bytes] of runtime.fs.files()) if (Buffer.from(bytes).includes(user)) seen.push(path);
    })
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  expect(seen).toEqual(["/in/a.json"]);
});
