/** Any history of batches, restarts and losses leaves the state that a plain map has, on both sides of the checkpoint. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HdfsStateStoreProvider, type StateStore } from "millrace/engine";
import {
  bytesOf,
  commit,
  content,
  diskProvider,
  directory,
  localDirectory,
  newMachine,
  textOf,
} from "./disk-world.test-support.ts";

const key = fc.integer({ min: 0, max: 40 }).map((n) => `key ${n}`);
const value = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("x".repeat(300), "y".repeat(700)));
type Change =
  | { readonly kind: "put" | "putNew" | "replace"; readonly key: string; readonly value: string }
  | { readonly kind: "remove"; readonly key: string }
  | { readonly kind: "removeWhere"; readonly rest: number }
  | { readonly kind: "relieve" };
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("put", "putNew", "replace"), key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("removeWhere" as const), rest: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "relieve" } as const) },
);
const step = fc.record({
  changes: fc.array(change, { maxLength: 12 }),
  end: fc.constantFrom("commit", "commit", "commit", "commit", "abort", "abortPrepared"),
  then: fc.constantFrom("go on", "go on", "go on", "restart", "back", "power", "lose", "damage", "memory", "unmarked"),
});

function apply(store: StateStore, model: Map<string, string>, one: Change): void {
  if (one.kind === "relieve") return store.relieve();
  if (one.kind === "removeWhere") {
    store.forEach((bytes, keyStart, keyEnd, _vs, _ve, entry) => {
      const text = textOf(bytes.slice(keyStart, keyEnd));
      if (text.length % 4 !== one.rest) return;
      store.removeEntry(entry);
      model.delete(text);
    });
    return;
  }
  const bytes = bytesOf(one.key);
  if (one.kind === "remove") {
    store.remove(bytes);
    model.delete(one.key);
    return;
  }
  const written = bytesOf(one.value);
  if (one.kind === "put") {
    store.put(bytes, written);
    model.set(one.key, one.value);
  } else if (one.kind === "putNew") {
    expect(store.putNew(bytes, 0, bytes.length, written, 0, written.length) >= 0).toBe(!model.has(one.key));
    if (!model.has(one.key)) model.set(one.key, one.value);
  } else {
    const entry = store.find(bytes, 0, bytes.length);
    expect(entry >= 0).toBe(model.has(one.key));
    if (entry < 0) return;
    const [start, end] = [store.valueStart(entry), store.valueEnd(entry)];
    expect(textOf(store.arena.slice(start, end))).toBe(model.get(one.key));
    store.setValue(entry, written, 0, written.length);
    model.set(one.key, one.value);
  }
}

const sorted = (model: ReadonlyMap<string, string>): Record<string, string> => Object.fromEntries([...model].sort());

test("state on disk is what a map holds, through any history", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), fc.integer(), async (steps, seed) => {
      let runtime = newMachine(seed);
      // Nothing, something or everything of what was read stays in memory.
      const options = { cacheBytes: [1, 1024, 1 << 20][(seed >>> 0) % 3]! };
      let provider = diskProvider(runtime, options);
      const versions: Map<string, string>[] = [new Map()];
      for (const { changes, end, then } of steps) {
        const version = versions.length - 1;
        const store = await provider.open(version);
        expect(store.size).toBe(versions[version]!.size);
        const model = new Map(versions[version]);
        for (const one of changes) apply(store, model, one);
        expect(content(store)).toEqual(sorted(model));
        if (end === "commit") {
          await commit(runtime, store);
          versions.push(model);
          await provider.maintain();
        } else {
          if (end === "abortPrepared") store.commitProgram();
          store.abort();
        }
        if (then === "go on") continue;
        if (then === "memory") {
          // Goes on with the other provider for a batch; what lies on the local disk is old afterwards.
          await provider.close();
          const other = new HdfsStateStoreProvider(runtime.fs, runtime.random, directory);
          const opened = await other.open(versions.length - 1);
          expect(content(opened)).toEqual(sorted(versions.at(-1)!));
          opened.put(bytesOf("other"), bytesOf(`${versions.length}`));
          await commit(runtime, opened);
          versions.push(new Map([...versions.at(-1)!, ["other", `${versions.length}`]]));
        } else if (then === "unmarked") {
          // Dies between the delta and the mark.
          const opened = await provider.open(versions.length - 1);
          opened.put(bytesOf("unmarked"), bytesOf(`${versions.length}`));
          await runtime.fs.apply(opened.commitProgram());
          versions.push(new Map([...versions.at(-1)!, ["unmarked", `${versions.length}`]]));
        } else if (then === "back" && versions.length > 1) versions.pop();
        else if (then === "lose") runtime.localFiles.removeAll();
        else if (then === "damage") {
          for (const [path, length] of runtime.localFiles.lengths())
            runtime.localFiles.damage(path, (seed >>> 1) % length);
        }
        runtime = runtime.restart({ power: then === "power" });
        provider = diskProvider(runtime, options);
      }
      const last = versions.length - 1;
      for (const version of [last, Math.max(0, last - 1)]) {
        const read = new HdfsStateStoreProvider(runtime.fs, runtime.random, directory, { readOnly: true });
        expect(content(await read.open(version))).toEqual(sorted(versions[version]!));
        expect(content(await diskProvider(runtime).open(version))).toEqual(sorted(versions[version]!));
      }
      expect(runtime.localFiles.lengths().size).toBeGreaterThan(0);
      expect([...runtime.localFiles.lengths().keys()].every((path) => path.startsWith(localDirectory))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
