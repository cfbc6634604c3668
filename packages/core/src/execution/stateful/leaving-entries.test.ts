import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSimulatedRuntime, type SimulatedRuntime } from "../../runtime/simulated/index.ts";
import { HdfsStateStoreProvider } from "../../state/hdfs-state-store.ts";
import { bigintType } from "../../types/data-type.ts";
import { encodeRow } from "../../state/unsafe-row.ts";
import { longAt } from "./key-event-time.ts";
import { LeavingEntries, type TimesOfEntries } from "./leaving-entries.ts";

/** Of entries whose values begin with their time; −1: they never leave. */
const times: TimesOfEntries = {
  leavesAt(arena, _keyStart, valueStart) {
    const time = longAt(arena, valueStart + 8);
    return time === -1 ? Infinity : time;
  },
};
const keyOf = (key: number): Uint8Array => encodeRow([bigintType], [BigInt(key)]);
/** Values of other lengths leave garbage behind, of which the store rids itself by giving entries other numbers. */
function valueOf(time: number, length: number): Uint8Array {
  const value = new Uint8Array(16 + 4096 * length);
  value.set(encodeRow([bigintType], [BigInt(time)]));
  return value;
}
const newProvider = (runtime: SimulatedRuntime): HdfsStateStoreProvider =>
  new HdfsStateStoreProvider(runtime.fs, runtime.random, "/cp/state/0/0");

const change = fc.record({
  key: fc.nat(12),
  time: fc.option(fc.integer({ min: -1, max: 60 }), { nil: null, freq: 6 }),
  length: fc.nat(4),
});
const steps = fc.array(
  fc.record({
    changes: fc.array(change, { maxLength: 12 }),
    limit: fc.nat(40),
    late: fc.option(change, { nil: null }),
    end: fc.constantFrom("commit", "commit", "commit", "abort", "abort before the end", "back", "restart"),
  }),
  { maxLength: 14 },
);

test("entries are given when their time has come, whatever becomes of batches", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (batches) => {
      const runtime = createSimulatedRuntime(1);
      let provider = newProvider(runtime);
      let leaving = new LeavingEntries();
      const versions: ReadonlyMap<number, number>[] = [new Map()];
      for (const { changes, limit, late, end } of batches) {
        const version = versions.length - 1;
        const store = await provider.open(version);
        const model = new Map(versions[version]!);
        const apply = ({ key, time, length }: (typeof changes)[number]): void => {
          if (time === null) store.remove(keyOf(key));
          else store.put(keyOf(key), valueOf(time, length));
          if (time === null) model.delete(key);
          else model.set(key, time);
        };
        changes.forEach(apply);
        leaving.open(store, times);
        if (end === "abort before the end") {
          store.abort();
          continue;
        }
        const due = leaving.take(limit);
        const keys = Array.from(due, (entry) => longAt(store.arena, store.keyStart(entry) + 8));
        expect(keys.toSorted()).toEqual(
          Array.from(model.keys())
            .filter((key) => model.get(key)! >= 0 && model.get(key)! <= limit)
            .toSorted(),
        );
        expect(due).toEqual(due.toSorted());
        for (const entry of due) store.removeEntry(entry);
        for (const key of keys) model.delete(key);
        if (late !== null) {
          apply(late);
          leaving.noteChanges();
        }
        const rest = Array.from(model.values()).filter((time) => time >= 0);
        expect(leaving.close()).toBe(Math.min(Infinity, ...rest));
        if (end === "abort") {
          store.abort();
          continue;
        }
        await runtime.fs.apply(store.commitProgram());
        store.committed();
        versions.push(model);
        if (end === "back" && versions.length > 2) versions.pop();
        if (end === "restart") {
          provider = newProvider(runtime);
          leaving = new LeavingEntries();
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("a time that is due as a double, and not exactly, is asked for again", async () => {
  const runtime = createSimulatedRuntime(1);
  const store = await newProvider(runtime).open(0);
  store.put(keyOf(1), valueOf(5, 0));
  const leaving = new LeavingEntries();
  let isDue = false;
  leaving.open(store, { ...times, isDue: () => isDue });
  expect(leaving.take(5)).toEqual(new Int32Array(0));
  isDue = true;
  expect(leaving.take(5)).toEqual(Int32Array.of(0));
});

test("a batch reads the times of what it changes and of what leaves, however much there is", async () => {
  const runtime = createSimulatedRuntime(1);
  const provider = newProvider(runtime);
  const leaving = new LeavingEntries();
  let reads = 0;
  const counted: TimesOfEntries = {
    leavesAt(...entry) {
      reads++;
      return times.leavesAt(...entry);
    },
  };
  const kept = 5000;
  for (let batch = 0; batch < 40; batch++) {
    const store = await provider.open(batch);
    const [from, to] = batch === 0 ? [0, kept] : [kept + 10 * (batch - 1), kept + 10 * batch];
    for (let key = from; key < to; key++) store.put(keyOf(key), valueOf(key, 0));
    reads = 0;
    leaving.open(store, counted);
    const due = leaving.take(10 * batch - 1);
    for (const entry of due) store.removeEntry(entry);
    expect(leaving.close()).toBe(10 * batch);
    expect(due.length).toBe(batch === 0 ? 0 : 10);
    // Those that came, those that left, and the first of each run, of which there are few.
    if (batch > 0) expect(reads).toBeLessThan(60);
    await runtime.fs.apply(store.commitProgram());
    store.committed();
  }
});
