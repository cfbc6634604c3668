import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSimulatedRuntime, SimulatedCrash, type SimulatedRuntime } from "../runtime/simulated/index.ts";
import {
  applyCheckpointProgram,
  type CheckpointFiles,
  checkStateSettings,
  commitLogCodec,
  confOnRestart,
  describeCheckpoint,
  offsetLogCodec,
  openCommitLog,
  openFileSinkLog,
  openFileSourceLog,
  openOffsetLog,
  openQueryMetadata,
  parseLogOffset,
  parseLosslessJson,
  pathOfUri,
  printLosslessJson,
  sparkConfDefaults,
  uriOfPath,
  verifyCheckpoint,
  visibleFiles,
} from "./index.ts";
import { deriveCompactInterval } from "./compactible-log.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";

const filesOf = (runtime: SimulatedRuntime): CheckpointFiles => ({
  fs: runtime.fs,
  random: runtime.random,
  durability: "fsync",
});
const bytes = (s: string): Uint8Array => new TextEncoder().encode(s);
async function textOf(runtime: SimulatedRuntime, path: string): Promise<string> {
  return new TextDecoder().decode(await runtime.fs.readFile(path));
}

/** `offsets/0` of Spark 4.3.0. */
const sparkOffsets = `v1
{"batchWatermarkMs":0,"batchTimestampMs":1795255813304,"conf":{"spark.sql.streaming.stateStore.providerClass":"org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider","spark.sql.dropDuplicates.deterministicKeyOrder.enabled":"true","spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion":"2","spark.sql.streaming.stateStore.rocksdb.formatVersion":"5","spark.sql.streaming.queryEvolution.enableSourceEvolution":"false","spark.sql.streaming.stateStore.encodingFormat":"unsaferow","spark.sql.streaming.statefulOperator.useStrictDistribution":"true","spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion":"2","spark.sql.streaming.multipleWatermarkPolicy":"min","spark.sql.streaming.stateStore.rowChecksum.enabled":"false","spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled":"true","spark.sql.streaming.aggregation.stateFormatVersion":"2","spark.sql.function.protobufExtensions.enabled":"false","spark.sql.shuffle.partitions":"2","spark.sql.streaming.join.stateFormatVersion":"2","spark.sql.streaming.stateStore.compression.codec":"lz4","spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan":"false"}}
{"logOffset":0}`;

describe("offsets and commits", () => {
  test("an entry has the bytes that Spark writes", () => {
    const entry = offsetLogCodec.decode("/offsets/0", sparkOffsets);
    expect(entry.conf).toEqual(sparkConfDefaults(2));
    expect(entry.offsets).toEqual(['{"logOffset":0}']);
    const conf = sparkConfDefaults(2);
    expect(offsetLogCodec.encode({ ...entry, conf })).toBe(sparkOffsets);
    expect(commitLogCodec.encode({ nextBatchWatermarkMs: 0 })).toBe('v1\n{"nextBatchWatermarkMs":0}');
  });

  test("old and lenient forms are read", () => {
    expect(offsetLogCodec.decode("/o", 'v1\n\n{"logOffset":3}\n-').offsets).toEqual(['{"logOffset":3}', null]);
    expect(offsetLogCodec.decode("/o", 'v1\n{"batchWatermarkMs":5,"batchTimestampMs":6,"new":[1]}\n0')).toEqual({
      batchWatermarkMs: 5,
      batchTimestampMs: 6,
      conf: new Map(),
      offsets: ["0"],
    });
    for (const text of ["v1", "v1\n", "v1\n{}"]) {
      expect(commitLogCodec.decode("/c", text)).toEqual({ nextBatchWatermarkMs: 0 });
    }
    expect(
      confOnRestart(new Map(), sparkConfDefaults(7)).get("spark.sql.streaming.aggregation.stateFormatVersion"),
    ).toBe("1");
    expect(confOnRestart(sparkConfDefaults(3), sparkConfDefaults(7))).toEqual(sparkConfDefaults(3));
  });

  test("torn and foreign entries are named errors", () => {
    const torn = [];
    for (let length = 0; length < sparkOffsets.length; length++) {
      try {
        offsetLogCodec.decode("/cp/offsets/0", sparkOffsets.slice(0, length));
        torn.push(length);
      } catch (error) {
        expect(error).toMatchObject({ errorClass: "CHECKPOINT_LOG_CORRUPTED", parameters: { path: "/cp/offsets/0" } });
      }
    }
    expect(torn).toEqual([]);
    expect(() => offsetLogCodec.decode("/o", "v2\n{}")).toThrow(/UNSUPPORTED_LOG_VERSION.*v1, but encountered v2/);
    expect(() => commitLogCodec.decode("/c", 'v1\n{"nextBatch')).toThrow(/CHECKPOINT_LOG_CORRUPTED/);
    expect(() => commitLogCodec.decode("/c", "")).toThrow(/CHECKPOINT_LOG_CORRUPTED/);
    const rocks = new Map([["spark.sql.streaming.stateStore.providerClass", "RocksDBStateStoreProvider"]]);
    expect(() => checkStateSettings("/cp", rocks)).toThrow(/STATE_STORE_PROVIDER_NOT_SUPPORTED/);
    fired("B1");
    fired("B2");
    fired("B4");
  });

  test("adding, listing, purging; a second writer of the same batch fails", async () => {
    const runtime = createSimulatedRuntime(1);
    const log = openCommitLog(filesOf(runtime), "/cp");
    await runtime.fs.apply([
      ...(await log.prepareProgram()),
      { op: "makeDirectory", path: "/cp/commits/7" },
      { op: "write", path: "/cp/commits/.3.x.tmp", bytes: bytes("v1") },
      { op: "write", path: "/cp/commits/5x", bytes: bytes("v1") },
    ]);
    expect(await log.latest()).toBeNull();
    for (let id = 0; id < 5; id++) await log.add(id, { nextBatchWatermarkMs: id * 10 });
    expect(await log.latest()).toEqual({ batchId: 4, entry: { nextBatchWatermarkMs: 40 } });
    const other = openCommitLog(filesOf(runtime), "/cp");
    expect(await other.batchIds()).toEqual([0, 1, 2, 3, 4]);
    await expect(other.add(4, { nextBatchWatermarkMs: 1 })).rejects.toMatchObject({
      errorClass: "CONCURRENT_STREAM_LOG_UPDATE",
      parameters: { batchId: "4" },
    });
    await log.purge(3);
    expect(await openCommitLog(filesOf(runtime), "/cp").batchIds()).toEqual([3, 4]);
    expect(await log.get(2)).toBeNull();
    await applyCheckpointProgram(runtime.fs, await log.prepareProgram());
    const names = (await runtime.fs.list("/cp/commits")).map((e) => e.name);
    expect(names).toEqual(["3", "4", "5x", "7"]);
  });

  test("a full disk is a named error and leaves no temporary file", async () => {
    const runtime = createSimulatedRuntime(1, { faults: [{ at: 1, fault: "ENOSPC" }] });
    const log = openOffsetLog(filesOf(runtime), "/cp");
    await runtime.fs.apply(await log.prepareProgram());
    const entry = { batchWatermarkMs: 0, batchTimestampMs: 1, conf: sparkConfDefaults(1), offsets: ["1"] };
    await expect(log.add(0, entry)).rejects.toMatchObject({
      errorClass: "CHECKPOINT_WRITE_FAILED",
      parameters: { code: "ENOSPC" },
    });
    expect(await runtime.fs.list("/cp/offsets")).toEqual([]);
  });
});

test("the query id is drawn once and a checkpoint without it is refused", async () => {
  const runtime = createSimulatedRuntime(1);
  const id = await openQueryMetadata(filesOf(runtime), "/cp");
  expect(await textOf(runtime, "/cp/metadata")).toBe(`{"id":"${id}"}`);
  expect(await openQueryMetadata(filesOf(runtime), "/cp")).toBe(id);
  await openOffsetLog(filesOf(runtime), "/cp")
    .prepareProgram()
    .then((program) => runtime.fs.apply(program));
  await runtime.fs.apply([
    { op: "write", path: "/cp/offsets/0", bytes: bytes(sparkOffsets) },
    { op: "remove", path: "/cp/metadata" },
  ]);
  await expect(openQueryMetadata(filesOf(runtime), "/cp")).rejects.toMatchObject({
    errorClass: "CHECKPOINT_METADATA_MISSING",
  });
  fired("B15");
});

describe("compactible logs", () => {
  test("the interval of an existing log", () => {
    expect([deriveCompactInterval(10, 9), deriveCompactInterval(10, 3), deriveCompactInterval(10, 19)]).toEqual([
      10, 4, 10,
    ]);
    expect([deriveCompactInterval(3, 11), deriveCompactInterval(10, 23), deriveCompactInterval(5, 12)]).toEqual([
      3, 12, 13,
    ]);
  });

  test("a source log has Spark's bytes, compacts, expires and reads as one list", async () => {
    const runtime = createSimulatedRuntime(1, { startMs: 1_000_000 });
    const log = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0", {
      minBatchesToRetain: 5,
      compactInterval: 4,
    });
    await runtime.fs.apply(await log.prepareProgram());
    const all = [];
    for (let id = 0; id < 30; id++) {
      const entry = { path: `/in/b c ü+%${id}.txt`, timestampMs: 1795255811937 + id, batchId: id };
      all.push(entry);
      await log.add(id, [entry]);
      runtime.clock.stepWallClock(60_000);
      const fresh = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0");
      expect(await fresh.entries()).toEqual(all);
      if (id >= 7) expect(await fresh.compactInterval()).toBe(4);
    }
    expect(await log.entries(20)).toEqual(all.slice(0, 21));
    const names = (await runtime.fs.list("/cp/sources/0")).map((e) => e.name);
    expect(names).toContain("27.compact");
    expect(names).not.toContain("3.compact");
    expect(await textOf(runtime, "/cp/sources/0/29")).toBe(
      'v1\n{"path":"file:///in/b%20c%20ü+%2529.txt","timestamp":1795255811966,"batchId":29}',
    );
    await runtime.fs.apply([{ op: "remove", path: "/cp/sources/0/28" }]);
    const broken = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0");
    await expect(broken.entries()).rejects.toMatchObject({ errorClass: "CHECKPOINT_BATCHES_MISSING" });
  });

  test("a sink manifest has Spark's bytes and forgets by retention", async () => {
    const runtime = createSimulatedRuntime(1, { startMs: 0 });
    const log = openFileSinkLog(filesOf(runtime), runtime.clock, "/out dir", { compactInterval: 3, retentionMs: 10 });
    await runtime.fs.apply(await log.prepareProgram());
    const entry = (n: number): { path: string; size: number; modificationTimeMs: number; action: "add" } => ({
      path: `/out dir/part-${n}`,
      size: n,
      modificationTimeMs: n,
      action: "add",
    });
    await log.add(0, [entry(27)]);
    expect(await textOf(runtime, "/out dir/_spark_metadata/0")).toBe(
      'v1\n{"path":"file:///out%20dir/part-27","size":27,"isDir":false,"modificationTime":27,"blockReplication":1,"blockSize":33554432,"action":"add"}',
    );
    await log.add(1, []);
    expect(await textOf(runtime, "/out dir/_spark_metadata/1")).toBe("v1");
    runtime.clock.stepWallClock(40);
    await log.add(2, [entry(40), entry(41)]);
    expect((await log.entries()).map((e) => e.size)).toEqual([40, 41]);
    expect(visibleFiles([entry(1), entry(2), { ...entry(1), action: "delete" }])).toEqual([entry(2)]);
  });

  test("a compact file is a copy of the last one and what came after it, until entries expire", async () => {
    const runtime = createSimulatedRuntime(1, { startMs: 100 });
    const options = { compactInterval: 2, retentionMs: 100 };
    const log = openFileSinkLog(filesOf(runtime), runtime.clock, "/out", options);
    await runtime.fs.apply(await log.prepareProgram());
    const sizes = async (): Promise<readonly number[]> =>
      (await openFileSinkLog(filesOf(runtime), runtime.clock, "/out", options).entries()).map((e) => e.size);
    const all: number[] = [];
    for (let id = 0; id < 10; id++) {
      const reads = runtime.fs.readCount;
      // Batches add no file, one or two.
      const added = Array.from({ length: id % 3 }, (_, i) => 10 * id + i);
      const modificationTimeMs = runtime.clock.nowMs();
      await log.add(
        id,
        added.map((size) => ({ path: `/out/${size}`, size, modificationTimeMs, action: "add" as const })),
      );
      if (id > 1) expect(runtime.fs.readCount - reads, `reads of batch ${id}`).toBe(0);
      all.push(...added);
      expect(await sizes()).toEqual(all);
    }
    runtime.clock.stepWallClock(101);
    await log.add(10, []);
    expect(await sizes()).toEqual(all);
    await log.add(11, []);
    expect(await sizes()).toEqual([]);
  });

  test("the interval doubles as the log grows, and all entries are there whoever opens it when", async () => {
    const runtime = createSimulatedRuntime(1);
    const options = { compactInterval: 3, minBatchesToRetain: 30, mostCopiedPerBatch: 2, cleanupDelayMs: 0 };
    let log = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0", options);
    await runtime.fs.apply(await log.prepareProgram());
    const intervals = new Set<number>();
    for (let id = 0; id < 200; id++) {
      await log.add(id, [{ path: `/f${id}`, timestampMs: id, batchId: id }]);
      await log.settled();
      const fresh = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0");
      expect((await fresh.entries()).map((e) => e.batchId)).toEqual(Array.from({ length: id + 1 }, (_, i) => i));
      if (id >= 5) expect(await fresh.compactInterval()).toBe(await log.compactInterval());
      for (let kept = Math.max(0, id - 30); kept <= id; kept++) {
        expect((await fresh.get(kept))?.some(({ batchId }) => batchId === kept)).toBe(true);
      }
      intervals.add(await log.compactInterval());
      if (id === 100) log = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0", options);
    }
    expect([...intervals]).toEqual([3, 6, 12, 24]);
    expect((await runtime.fs.list("/cp/sources/0")).length).toBeLessThan(30 + 2 * 24);
  });

  test.each([
    ["", { compactInterval: 3 }, 8],
    [", also while the interval doubles", { compactInterval: 2, mostCopiedPerBatch: 1, cleanupDelayMs: 0 }, 14],
  ])("a crash at any operation loses no acknowledged entry%s", async (_, options, count) => {
    const run = async (runtime: SimulatedRuntime, acknowledged: number[]): Promise<void> => {
      const log = openFileSourceLog(filesOf(runtime), runtime.clock, "/cp/sources/0", options);
      await applyCheckpointProgram(runtime.fs, await log.prepareProgram());
      const start = (await log.latestBatchId()) ?? -1;
      for (let id = start + 1; id < count; id++) {
        await log.add(id, [{ path: `/f${id}`, timestampMs: id, batchId: id }]);
        acknowledged.push(id);
      }
    };
    const dry = createSimulatedRuntime(1);
    await run(dry, []);
    for (let at = 0; at < dry.fs.operationCount; at++) {
      for (const fault of ["crashBefore", "crashAfter", "torn", "loseUnsynced"] as const) {
        const runtime = createSimulatedRuntime(1, { faults: [{ at, fault }] });
        const acknowledged: number[] = [];
        await expect(run(runtime, acknowledged)).rejects.toBeInstanceOf(SimulatedCrash);
        const next = runtime.restart();
        const log = openFileSourceLog(filesOf(next), next.clock, "/cp/sources/0", options);
        const found = (await log.entries()).map((e) => e.batchId);
        expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
        expect(found.length - acknowledged.length).toBeLessThanOrEqual(1);
        await run(next, acknowledged);
        const all = openFileSourceLog(filesOf(next), next.clock, "/cp/sources/0");
        expect((await all.entries()).map((e) => e.batchId)).toEqual(Array.from({ length: count }, (_, i) => i));
      }
    }
    fired("A12");
  });
});

test("URIs of paths are Hadoop's, both ways", () => {
  expect(uriOfPath("/tmp/in/q?#[x].txt")).toBe("file:///tmp/in/q%3F%23%5Bx%5D.txt");
  expect(uriOfPath(`/k=v&'"<>{}|\\^\`~;,@:!$().txt`)).toBe("file:///k=v&'%22%3C%3E%7B%7D%7C%5C%5E%60~;,@:!$().txt");
  expect(pathOfUri("file:/a%20b")).toBe("/a b");
  expect(pathOfUri("hdfs://x/a")).toBeNull();
  expect(pathOfUri("file:///a%2")).toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      expect(pathOfUri(uriOfPath(`/${name}`))).toBe(`/${name}`);
    }),
  );
});

test("offsets beyond 2^53 keep every digit", () => {
  expect(printLosslessJson(parseLosslessJson('{"t":{"0":9007199254740993,"1":-9223372036854775808}}'))).toBe(
    '{"t":{"0":9007199254740993,"1":-9223372036854775808}}',
  );
  expect(parseLogOffset("/o", '{"logOffset":12}')).toBe(12);
  expect(parseLogOffset("/o", "7")).toBe(7);
  expect(() => parseLogOffset("/o", '{"logOffset":1.5}')).toThrow(/CHECKPOINT_LOG_CORRUPTED/);
  expect(parseLosslessJson('{"__proto__":1}')).toEqual(new Map([["__proto__", 1n]]));
  for (const wrong of ["", "{", "[1,]", "01", '"\n"', '"\\x"', "1 2", "tru", "[".repeat(600)]) {
    expect(() => parseLosslessJson(wrong)).toThrow(/at character \d+$/);
  }
  fc.assert(
    fc.property(fc.json({ depthSize: "medium" }), (text) => {
      expect(JSON.parse(printLosslessJson(parseLosslessJson(text)))).toEqual(JSON.parse(text));
    }),
  );
  fired("D16");
});

test("a checkpoint is described and verified", async () => {
  const runtime = createSimulatedRuntime(1);
  const files = filesOf(runtime);
  const id = await openQueryMetadata(files, "/cp");
  const [offsets, commits] = [openOffsetLog(files, "/cp"), openCommitLog(files, "/cp")];
  await runtime.fs.apply([...(await offsets.prepareProgram()), ...(await commits.prepareProgram())]);
  for (let n = 0; n < 3; n++) {
    await offsets.add(n, {
      batchWatermarkMs: n,
      batchTimestampMs: 10 + n,
      conf: sparkConfDefaults(1),
      offsets: [String(n)],
    });
    if (n < 2) await commits.add(n, { nextBatchWatermarkMs: n + 1 });
  }
  expect(await verifyCheckpoint(runtime.fs, "/cp")).toEqual([]);
  expect(await describeCheckpoint(runtime.fs, "/cp")).toMatchObject({
    queryId: id,
    latestOffsetBatch: 2,
    latestCommittedBatch: 1,
    nextBatch: 2,
    nextIsReplay: true,
    watermarkMs: 2,
    offsets: ["2"],
  });
  await runtime.fs.apply([
    { op: "write", path: "/cp/offsets/2", bytes: bytes("v1\n{") },
    { op: "remove", path: "/cp/offsets/0" },
    { op: "write", path: "/cp/offsets/.3.u.tmp", bytes: bytes("") },
    { op: "remove", path: "/cp/metadata" },
  ]);
  const findings = await verifyCheckpoint(runtime.fs, "/cp");
  expect(findings.map((f) => `${f.severity} ${f.path}`).sort()).toEqual([
    "error /cp/metadata",
    "error /cp/offsets/2",
    "warning /cp/commits/0",
    "warning /cp/offsets/.3.u.tmp",
  ]);
  expect(await verifyCheckpoint(runtime.fs, "/nowhere")).toMatchObject([{ severity: "error" }]);
});
