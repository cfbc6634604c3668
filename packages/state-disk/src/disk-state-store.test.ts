import { describe, expect, test } from "vitest";
import {
  FileSystemError,
  HdfsStateStoreProvider,
  keyPrefix,
  parseDdl,
  type SimulatedRuntime,
  type StateStore,
} from "millrace/engine";
import {
  batch,
  bytesOf,
  commit,
  content,
  diskProvider,
  directory,
  localDirectory,
  newMachine,
  textOf,
  tiny,
} from "./disk-world.test-support.ts";

const many = (count: number, value: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, `${value} ${i}`]));
const logBytes = (runtime: SimulatedRuntime): number =>
  [...runtime.localFiles.lengths().values()].reduce((sum, length) => sum + length, 0);
/** Versions of the snapshots, and of the deltas, of the checkpoint. */
function filesOf(runtime: SimulatedRuntime, kind: string): number[] {
  const names = [...runtime.fs.files().keys()].filter((path) => path.startsWith(directory) && path.endsWith(kind));
  return names.map((path) => Number(/(\d+)\.\w+$/.exec(path)![1])).sort((a, b) => a - b);
}

describe("a restart", () => {
  test("takes up what is on the local disk, and reads of the checkpoint only what came after", async () => {
    const runtime = newMachine();
    const before = diskProvider(runtime);
    for (let version = 0; version < 6; version++) await batch(runtime, before, version, many(50, `v${version}`));
    await before.close();
    for (const version of [1, 2, 3, 4, 5])
      await runtime.fs.apply([{ op: "remove", path: `${directory}/${version}.delta` }]);
    for (const version of filesOf(runtime, "snapshot"))
      await runtime.fs.apply([{ op: "remove", path: `${directory}/${version}.snapshot` }]);
    const store = await diskProvider(runtime).open(6);
    expect(store.size).toBe(50);
    expect(textOf(store.get(bytesOf("key 7"))!)).toBe("v5 7");
  });

  test("can go back by a batch that is run again", async () => {
    let runtime = newMachine();
    const before = diskProvider(runtime);
    for (let version = 0; version < 4; version++) await batch(runtime, before, version, many(50, `v${version}`));
    runtime = runtime.restart();
    const after = diskProvider(runtime);
    expect(textOf((await after.open(3)).get(bytesOf("key 7"))!)).toBe("v2 7");
    await batch(runtime, after, 3, { "key 7": "another" });
    const again = await diskProvider(runtime.restart()).open(4);
    expect([again.get(bytesOf("key 7")), again.get(bytesOf("key 8"))].map((value) => textOf(value!))).toEqual([
      "another",
      "v2 8",
    ]);
  });

  test("does not believe a copy when the batch was run elsewhere since", async () => {
    const runtime = newMachine();
    await batch(runtime, diskProvider(runtime), 0, { a: "here" });
    const elsewhere = new HdfsStateStoreProvider(runtime.fs, runtime.random, directory);
    await batch(runtime, elsewhere, 0, { b: "there" });
    await batch(runtime, elsewhere, 1, { c: "there" });
    expect(content(await diskProvider(runtime.restart()).open(2))).toEqual({ b: "there", c: "there" });
  });

  test("does not believe a copy when somebody else held the checkpoint since", async () => {
    const runtime = newMachine();
    await batch(runtime, diskProvider(runtime, { epoch: 4 }), 0, { a: "1", b: "2" });
    await batch(runtime, diskProvider(runtime, { epoch: 5 }), 1, { c: "3" });
    const [path] = runtime.localFiles.lengths().keys();
    expect(content(await diskProvider(runtime, { epoch: 6 }).open(2))).toEqual({ a: "1", b: "2", c: "3" });
    expect(runtime.localFiles.lengths().has(path!)).toBe(true);
    // An erasure has taken `a` out of the first delta, and left the second one alone.
    const erased = newMachine();
    await batch(erased, new HdfsStateStoreProvider(erased.fs, erased.random, directory), 0, { b: "2" });
    const bytes = await erased.fs.readFile(`${directory}/1.delta`);
    await runtime.fs.apply([{ op: "write", path: `${directory}/1.delta`, bytes }]);
    expect(content(await diskProvider(runtime, { epoch: 8 }).open(2))).toEqual({ b: "2", c: "3" });
    expect(runtime.localFiles.lengths().get(path!)).toBeLessThan(200);
  });

  test("makes a damaged copy anew, whatever byte is damaged", async () => {
    const runtime = newMachine();
    const before = diskProvider(runtime);
    for (let version = 0; version < 3; version++) await batch(runtime, before, version, many(20, `v${version}`));
    await before.close();
    const expected = many(20, "v2");
    for (let at = 0; at < 2048; at += 7) {
      for (const [path, length] of runtime.localFiles.lengths()) {
        if (at < length) runtime.localFiles.damage(path, at);
      }
      const provider = diskProvider(runtime);
      const state = content(await provider.open(3));
      expect(state).toEqual(Object.fromEntries(Object.entries(expected).sort()));
      await provider.close();
    }
  });

  test("leaves alone what an old process still writes into the files it had", async () => {
    const runtime = newMachine();
    const old = diskProvider(runtime);
    await batch(runtime, old, 0, { a: "1" });
    const straggler = await old.open(1);
    straggler.put(bytesOf("a"), bytesOf("of the old process"));
    const next = diskProvider(runtime.anotherProcess());
    await batch(runtime, next, 1, { b: "2" });
    straggler.commitProgram();
    straggler.committed();
    await batch(runtime, next, 2, { c: "3" });
    expect(content(await diskProvider(runtime.restart()).open(3))).toEqual({ a: "1", b: "2", c: "3" });
  });
});

describe("a full local disk", () => {
  test("at any write fails the batch, and with room again the next start goes on", async () => {
    for (let failing = 0; failing < 40; failing++) {
      const runtime = newMachine();
      runtime.localFiles.beforeWrite = (path, write) => {
        if (write === failing) throw new FileSystemError("ENOSPC", "write", path);
      };
      const model: Record<string, string> = {};
      let provider = diskProvider(runtime);
      let failures = 0;
      for (let version = 0; version < 8;) {
        const changes = many(30, `v${version}`);
        try {
          await batch(runtime, provider, version, changes);
        } catch (error) {
          expect(error).toMatchObject({ code: "ENOSPC" });
          failures++;
          // In the same process, and after the state was committed too.
          if (filesOf(runtime, "delta").at(-1) === version) {
            provider = diskProvider(runtime);
            continue;
          }
          provider = diskProvider(runtime);
          if (filesOf(runtime, "delta").at(-1) !== version + 1) continue;
        }
        Object.assign(model, changes);
        version++;
      }
      expect(failures).toBeLessThanOrEqual(1);
      expect(content(await diskProvider(runtime).open(8))).toEqual(Object.fromEntries(Object.entries(model).sort()));
    }
  });
});

describe("the log", () => {
  test("stays within a multiple of what counts, however often keys change", async () => {
    const runtime = newMachine();
    const sizes = { ...tiny, segmentBytes: 1 << 20, chunkBytes: 1 << 16 };
    const provider = diskProvider(runtime, { minDeltasForSnapshot: 1000 }, sizes);
    const value = "x".repeat(2000);
    for (let version = 0; version < 120; version++) await batch(runtime, provider, version, many(100, value));
    // 100 records of about 2 KB, and the garbage that is let lie.
    expect(logBytes(runtime)).toBeLessThan(8 << 20);
    expect(provider.customMetrics["rocksdbTotalBytesWritten"]).toBeGreaterThan(20 << 20);
    const cold = many(100, value);
    expect(content(await diskProvider(runtime.restart(), {}, sizes).open(120))).toEqual(
      Object.fromEntries(Object.entries(cold).sort()),
    );
  });

  test("has a bounded number of files, however often a run begins", async () => {
    const runtime = newMachine();
    const sizes = { ...tiny, segmentBytes: 1 << 20, leastSegmentBytes: 1 << 18, idleBytes: 1 << 20 };
    for (let version = 0; version < 120; version++) {
      const provider = diskProvider(runtime, {}, sizes);
      await batch(runtime, provider, version, { [`key ${version}`]: "x", "key 0": `${version}` });
      await provider.close();
    }
    expect(runtime.localFiles.lengths().size).toBeLessThan(40);
    expect((await diskProvider(runtime, {}, sizes).open(120)).size).toBe(120);
  });

  test("keeps keys that never change while others do", async () => {
    let runtime = newMachine();
    const sizes = { ...tiny, segmentBytes: 1 << 18, chunkBytes: 1 << 14 };
    let provider = diskProvider(runtime, { minDeltasForSnapshot: 1000 }, sizes);
    await batch(runtime, provider, 0, { ...many(50, "cold"), gone: "soon" });
    await batch(runtime, provider, 1, { gone: null });
    for (let version = 2; version < 150; version++) {
      await batch(runtime, provider, version, { hot: `${version}${"x".repeat(60_000)}` });
      if (version % 40 !== 0) continue;
      runtime = runtime.restart();
      provider = diskProvider(runtime, { minDeltasForSnapshot: 1000 }, sizes);
    }
    const store = await diskProvider(runtime.restart(), {}, sizes).open(150);
    expect(store.size).toBe(51);
    expect(textOf(store.get(bytesOf("key 49"))!)).toBe("cold 49");
    expect(store.get(bytesOf("gone"))).toBe(null);
    expect(logBytes(runtime)).toBeLessThan(8 << 20);
  });
});

describe("a snapshot", () => {
  test("is written in pieces beside the batches, and is the state of its version", async () => {
    const runtime = newMachine();
    const provider = diskProvider(runtime, { minDeltasForSnapshot: 2 });
    await batch(runtime, provider, 0, many(300, "first"));
    for (let version = 1; version < 40; version++) await batch(runtime, provider, version, many(20, `v${version}`));
    const [snapshot] = filesOf(runtime, "snapshot");
    // It began when the third delta was there, and many batches passed until it was written.
    expect(snapshot).toBe(3);
    await runtime.fs.apply(
      [1, 2, 3].map((version) => ({ op: "remove", path: `${directory}/${version}.delta` }) as const),
    );
    const memory = new HdfsStateStoreProvider(runtime.fs, runtime.random, directory, { readOnly: true });
    const expected = { ...many(300, "first"), ...many(20, "v2") };
    expect(content(await memory.open(3))).toEqual(Object.fromEntries(Object.entries(expected).sort()));
    expect(content(await memory.open(40))["key 3"]).toBe("v39 3");
  });

  test("comes when deltas are much beside the last one, not at a fixed number of them", async () => {
    const runtime = newMachine();
    const sizes = { ...tiny, sliceBytes: 1 << 20 };
    const provider = diskProvider(runtime, { minDeltasForSnapshot: 2 }, sizes);
    await batch(runtime, provider, 0, many(1000, "a value of some length"));
    for (let version = 1; version < 60; version++) await batch(runtime, provider, version, { one: `${version}` });
    expect(filesOf(runtime, "snapshot")).toEqual([3]);
    await batch(runtime, provider, 60, many(1000, "a value of some other length"));
    expect(filesOf(runtime, "snapshot")).toEqual([3, 61]);
  });

  test("is also written by runs of one batch each", async () => {
    const runtime = newMachine();
    for (let version = 0; version < 12; version++) {
      const provider = diskProvider(runtime, { minDeltasForSnapshot: 2 });
      await batch(runtime, provider, version, many(200, `v${version}`));
      await provider.close();
    }
    expect(filesOf(runtime, "snapshot").length).toBeGreaterThan(1);
    expect([...runtime.fs.files().keys()].filter((path) => path.endsWith(".tmp"))).toEqual([]);
  });
});

test("finds keys by their first columns, after restarts too", async () => {
  let runtime = newMachine();
  const schema = parseDdl("a BIGINT NOT NULL, b BIGINT NOT NULL");
  const row = (...numbers: number[]): Uint8Array => {
    const words = new BigInt64Array([0n, ...numbers.map(BigInt)]);
    return new Uint8Array(words.buffer);
  };
  const options = { keyPrefix: keyPrefix(schema, 1) };
  const found = (store: StateStore, a: number): number[] => {
    const seconds: number[] = [];
    store.forEachWithPrefix(row(a), 0, (bytes, keyStart) =>
      seconds.push(Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(keyStart + 16, true))),
    );
    return seconds.sort((x, y) => x - y);
  };
  let provider = diskProvider(runtime, options);
  for (let version = 0; version < 4; version++) {
    const store = await provider.open(version);
    for (let b = 0; b < 30; b++) store.put(row(b % 5, 100 * version + b), row(b));
    store.remove(row(0, 100 * version + 5));
    expect(found(store, 0).length).toBe(5 * (version + 1));
    store.relieve();
    expect(found(store, 1).length).toBe(6 * (version + 1));
    await commit(runtime, store);
    if (version !== 1) continue;
    runtime = runtime.restart();
    provider = diskProvider(runtime, options);
  }
  expect(found(await provider.open(4), 0)).not.toContain(305);
  expect([...runtime.localFiles.lengths().keys()][0]).toMatch(localDirectory);
});
