import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createSimulatedRuntime,
  SimulatedCrash,
  type Fault,
  type SimulatedRuntime,
} from "../runtime/simulated/index.ts";
import { stringType } from "../types/data-type.ts";
import { HdfsStateStoreProvider, type HdfsStateStoreOptions } from "./hdfs-state-store.ts";
import type { StateStore } from "./state-store.ts";
import { dedupDelta } from "./spark-state.test-support.ts";
import { createRowDecoder } from "./unsafe-row-reader.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";

const encode = (s: string): Uint8Array => new TextEncoder().encode(s);
const decode = (b: Uint8Array): string => new TextDecoder().decode(b);
const directory = "/cp/state/0/0";

function provider(runtime: SimulatedRuntime, options?: HdfsStateStoreOptions): HdfsStateStoreProvider {
  return new HdfsStateStoreProvider(runtime.fs, runtime.random, directory, options);
}
function content(store: StateStore): Record<string, string> {
  return Object.fromEntries([...store.entries()].map(({ key, value }) => [decode(key), decode(value)]).sort());
}
/** Batch `n` of a fixed history: some keys change, some go. */
function runBatch(store: StateStore, n: number): void {
  for (let i = 0; i < 5; i++) store.put(encode(`k${(n * 3 + i) % 11}`), encode(`v${n}-${i}`));
  store.remove(encode(`k${(n * 7) % 11}`));
}
function expected(version: number): Record<string, string> {
  const model = new Map<string, string>();
  for (let n = 0; n < version; n++) {
    for (let i = 0; i < 5; i++) model.set(`k${(n * 3 + i) % 11}`, `v${n}-${i}`);
    model.delete(`k${(n * 7) % 11}`);
  }
  return Object.fromEntries([...model].sort());
}
async function commit(runtime: SimulatedRuntime, store: StateStore): Promise<void> {
  await runtime.fs.apply(store.commitProgram());
  store.committed();
}

test("versions are written, rolled back, replayed and loaded again", async () => {
  const runtime = createSimulatedRuntime(1);
  const first = provider(runtime);
  for (let n = 0; n < 15; n++) {
    const store = await first.open(n);
    expect(content(store)).toEqual(expected(n));
    runBatch(store, n);
    if (n % 4 === 3) {
      store.abort();
      const again = await first.open(n);
      expect(content(again)).toEqual(expected(n));
      runBatch(again, n);
      await commit(runtime, again);
    } else {
      await commit(runtime, store);
    }
    await first.maintain();
  }
  const names = (await runtime.fs.list(directory)).map((e) => e.name);
  expect(names).toContain("11.snapshot");
  expect(names.filter((n) => n.endsWith(".delta")).length).toBe(15);
  const replay = await first.open(14);
  expect(content(replay)).toEqual(expected(14));
  runBatch(replay, 14);
  expect(replay.changedCount).toBe(5);
  await commit(runtime, replay);
  for (const version of [15, 14, 12, 11, 10, 1, 0]) {
    expect(content(await provider(runtime).open(version))).toEqual(expected(version));
  }
  // One provider walks back past what it keeps in memory, also across its snapshot.
  const walker = provider(runtime);
  for (let version = 15; version >= 0; version--)
    expect(content(await walker.open(version))).toEqual(expected(version));
});

test("retention keeps the last versions loadable and the directory bounded", async () => {
  const runtime = createSimulatedRuntime(1);
  const store = provider(runtime, { minBatchesToRetain: 5, minDeltasForSnapshot: 3 });
  for (let n = 0; n < 60; n++) {
    const open = await store.open(n);
    runBatch(open, n);
    await commit(runtime, open);
    await store.maintain();
    for (let back = Math.max(0, n + 1 - 5); n % 10 === 9 && back <= n + 1; back++) {
      expect(content(await provider(runtime).open(back))).toEqual(expected(back));
    }
    expect((await runtime.fs.list(directory)).length).toBeLessThan(20);
  }
});

test("a snapshot that cannot be written leaves no temporary file", async () => {
  for (const at of [0, 1, 4]) {
    const full = createSimulatedRuntime(1);
    const store = provider(full, { minDeltasForSnapshot: 2 });
    for (let n = 0; n < 4; n++) {
      const open = await store.open(n);
      runBatch(open, n);
      await commit(full, open);
    }
    const before = [...full.fs.files().keys()];
    // The same store on a disk whose write, sync or rename fails.
    const broken = full.restart({ survive: "all", plan: { faults: [{ at, fault: "ENOSPC" }] } });
    const again = provider(broken, { minDeltasForSnapshot: 2 });
    await again.open(4).then((open) => open.abort());
    await expect(again.maintain()).rejects.toMatchObject({ code: "ENOSPC" });
    expect([...broken.fs.files().keys()]).toEqual(before);
  }
});

test("a version that is written again with other rows stays so when power is lost, though it had a snapshot", async () => {
  const runtime = createSimulatedRuntime(1);
  const store = provider(runtime, { minDeltasForSnapshot: 2 });
  for (let n = 0; n < 3; n++) {
    const open = await store.open(n);
    runBatch(open, n);
    await commit(runtime, open);
    await store.maintain();
  }
  expect(await runtime.fs.stat(`${directory}/3.snapshot`)).not.toBeNull();
  const again = runtime.restart();
  const open = await provider(again).open(2);
  open.put(encode("other"), encode("row"));
  await commit(again, open);
  const last = again.restart({ power: true });
  expect(content(await provider(last).open(3))).toEqual({ ...expected(2), other: "row" });
});

test("a file of Spark is read", async () => {
  const runtime = createSimulatedRuntime(1);
  await runtime.fs.apply([
    { op: "makeDirectory", path: directory },
    { op: "write", path: `${directory}/1.delta`, bytes: new Uint8Array(Buffer.from(dedupDelta, "hex")) },
  ]);
  const store = await provider(runtime).open(1);
  expect([...store.entries()].map(({ key }) => createRowDecoder([stringType]).decode(key))).toEqual([["x"]]);
});

describe("damage", () => {
  async function prepared(versions: number): Promise<SimulatedRuntime> {
    const runtime = createSimulatedRuntime(2);
    const store = provider(runtime, { minDeltasForSnapshot: 3 });
    for (let n = 0; n < versions; n++) {
      const open = await store.open(n);
      runBatch(open, n);
      await commit(runtime, open);
      await store.maintain();
    }
    return runtime;
  }
  test("a torn, missing or foreign delta is a named error, never the end of the data", async () => {
    const runtime = await prepared(3);
    const path = `${directory}/2.delta`;
    const bytes = await runtime.fs.readFile(path);
    for (let length = 0; length < bytes.length; length++) {
      await runtime.fs.apply([{ op: "write", path, bytes: bytes.subarray(0, length) }]);
      await expect(provider(runtime).open(3)).rejects.toMatchObject({
        errorClass: "CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE",
      });
    }
    await runtime.fs.apply([{ op: "remove", path }]);
    await expect(provider(runtime).open(3)).rejects.toMatchObject({
      errorClass: "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS",
      parameters: { fileToRead: path },
    });
    await expect(provider(runtime).open(-1)).rejects.toMatchObject({
      errorClass: "CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION",
    });
    fired("B5");
    fired("B6");
  });
  test("a damaged snapshot is passed over while all deltas are there", async () => {
    const runtime = await prepared(6);
    await runtime.fs.apply([{ op: "write", path: `${directory}/4.snapshot`, bytes: encode("nonsense") }]);
    const repaired = provider(runtime);
    expect(content(await repaired.open(6))).toEqual(expected(6));
    await repaired.open(6);
    expect(repaired.metrics).toMatchObject({
      loadedMapCacheHitCount: 1,
      loadedMapCacheMissCount: 1,
      numSnapshotsAutoRepaired: 1,
      snapshotLastUploaded: 4,
    });
    await runtime.fs.apply([{ op: "remove", path: `${directory}/1.delta` }]);
    await expect(provider(runtime).open(6)).rejects.toMatchObject({
      errorClass: "CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE",
      parameters: { fileToRead: `${directory}/4.snapshot` },
    });
    fired("B6");
  });
  test("a checksum file of Spark that does not match is noticed, and removed with the file it describes", async () => {
    const runtime = await prepared(2);
    const sum = `${directory}/2.delta.crc`;
    await runtime.fs.apply([
      { op: "write", path: sum, bytes: encode('{"algorithm":"CRC32C","value":1,"mainFileSize":1}') },
    ]);
    await expect(provider(runtime).open(2)).rejects.toMatchObject({
      errorClass: "CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE",
    });
    const replay = await provider(runtime).open(1);
    runBatch(replay, 1);
    await commit(runtime, replay);
    expect(await runtime.fs.stat(sum)).toBeNull();
    expect(content(await provider(runtime).open(2))).toEqual(expected(2));
    fired("B7");
  });
});

/** Runs batches from what the caller knows to be committed; the crash decides how far it gets. */
async function runFrom(runtime: SimulatedRuntime, committed: { version: number }, until: number): Promise<void> {
  const store = provider(runtime, { minDeltasForSnapshot: 2, minBatchesToRetain: 2 });
  while (committed.version < until) {
    const open = await store.open(committed.version);
    expect(content(open)).toEqual(expected(committed.version));
    runBatch(open, committed.version);
    await commit(runtime, open);
    committed.version++;
    await store.maintain();
  }
}

test("a crash at any operation, also with power loss, loses no acknowledged version; the replay gives the same state", async () => {
  const until = 8;
  const dry = createSimulatedRuntime(3);
  await runFrom(dry, { version: 0 }, until);
  const total = dry.fs.operationCount;
  expect(total).toBeGreaterThan(50);
  for (let at = 0; at < total; at++) {
    for (const fault of ["crashBefore", "crashAfter", "torn", "loseUnsynced", "ENOSPC", "EIO"] as const) {
      const plan: Fault = { at, fault };
      const runtime = createSimulatedRuntime(3, { faults: [plan] });
      const committed = { version: 0 };
      await expect(runFrom(runtime, committed, until)).rejects.toSatisfy(
        (error) => error instanceof SimulatedCrash || (error as { code?: string }).code === fault,
      );
      const next = runtime.restart({ power: fault === "loseUnsynced" });
      await runFrom(next, committed, until);
      expect(content(await provider(next).open(until))).toEqual(expected(until));
      const names = (await next.fs.list(directory)).map((e) => e.name);
      expect(names.filter((n) => n.endsWith(".tmp"))).toEqual([]);
    }
  }
  fired("A10");
});

test("as a map with versions for any history", async () => {
  const change = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.option(fc.string({ maxLength: 12 })));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 8 }), async (batches) => {
      const runtime = createSimulatedRuntime(4);
      const store = provider(runtime, { minDeltasForSnapshot: 2 });
      const model = new Map<string, string>();
      for (const [n, batch] of batches.entries()) {
        const open = await store.open(n);
        for (const [k, v] of batch) {
          const key = `k${k}`;
          if (v === null) {
            open.remove(encode(key));
            model.delete(key);
          } else {
            open.put(encode(key), encode(v));
            model.set(key, v);
          }
          const value = open.get(encode(key));
          expect(value === null ? undefined : decode(value)).toBe(model.get(key));
        }
        await commit(runtime, open);
        await store.maintain();
        const fresh = await provider(runtime).open(n + 1);
        expect(content(fresh)).toEqual(Object.fromEntries([...model].sort()));
        expect(fresh.size).toBe(model.size);
      }
    }),
    { numRuns: 60 },
  );
});
