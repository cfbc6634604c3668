import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryBatch } from "../../columnar/arbitraries.test-support.ts";
import { batchFromValues, valuesOfBatch } from "../../columnar/batch-from-values.ts";
import { decodeBatch, encodeBatch } from "../../columnar/block-format.ts";
import { sliceBatch } from "../../columnar/gather.ts";
import { isMillraceError } from "../../errors/index.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import { field, stringType, structType } from "../../types/data-type.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { memorySettings, openOperatorMemory } from "./operator-memory.ts";

/** More than is held back before a file is written. */
const large = batchFromValues(structType([field("s", stringType)]), [["x".repeat(300_000)]]);

test("a batch of any types comes back from its bytes, also when it is a slice of another", () => {
  fc.assert(
    fc.property(arbitraryBatch(), fc.nat(5), (batch, skip) => {
      const part = sliceBatch(batch, Math.min(skip, batch.length), batch.length);
      const read = decodeBatch(part.schema, encodeBatch(part));
      expect(valuesOfBatch(read)).toEqual(valuesOfBatch(part));
    }),
  );
});

test("a file gives back its rows, more than once, and its directory goes with the query", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryBatch(), fc.integer({ min: 1, max: 400 }), async (batch, times) => {
      const runtime = createSimulatedRuntime(1);
      const { spill } = openOperatorMemory(runtime, { limitBytes: 1, directory: "/tmp/here" });
      const file = spill.create(batch.schema);
      for (let i = 0; i < times; i++) await file.write(batch);
      for (let pass = 0; pass < 2; pass++) {
        let rows = 0;
        for await (const read of file.read()) {
          expect(valuesOfBatch(read)).toEqual(valuesOfBatch(batch));
          rows += read.length;
        }
        expect(rows).toBe(times * batch.length);
      }
      await spill.close();
      expect(await runtime.fs.list("/tmp/here").catch(() => [])).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

test("files of a process that is gone are removed by the next one that needs the directory", async () => {
  const runtime = createSimulatedRuntime(1);
  const fill = async (world: typeof runtime): Promise<void> => {
    const file = openOperatorMemory(world, { limitBytes: 1, directory: "/tmp" }).spill.create(large.schema);
    await file.write(large);
  };
  await fill(runtime);
  const other = runtime.anotherProcess();
  await fill(other);
  expect((await runtime.fs.list("/tmp")).length).toBe(2);
  const next = runtime.restart({ survive: "all" });
  await fill(next);
  expect((await next.fs.list("/tmp")).length).toBe(2);
});

/** The one file of rows under /tmp, and its bytes. */
async function spilled(runtime: ReturnType<typeof createSimulatedRuntime>): Promise<[string, Uint8Array]> {
  const [path] = [...runtime.fs.files().keys()].filter((each) => each.endsWith(".rows"));
  return [path!, await runtime.fs.readFile(path!)];
}

test("no text of a row lies on the disk, and no two runs write the same bytes", async () => {
  const word = "Grace Hopper ";
  const batch = batchFromValues(structType([field("s", stringType)]), [[word.repeat(30_000)]]);
  expect(Buffer.from(encodeBatch(batch)).includes(word)).toBe(true);
  const runtime = createSimulatedRuntime(1);
  const written: Uint8Array[] = [];
  for (let run = 0; run < 2; run++) {
    const { spill } = openOperatorMemory(runtime, { limitBytes: 1, directory: "/tmp" });
    const file = spill.create(batch.schema);
    for (let block = 0; block < 2; block++) {
      await file.write(batch);
      const [, bytes] = await spilled(runtime);
      expect(Buffer.from(bytes).includes("Hopper")).toBe(false);
      written.push(bytes);
      // A file that is filled anew does not repeat itself either.
      if (block === 0) await file.remove();
    }
    for await (const read of file.read()) expect(valuesOfBatch(read)).toEqual(valuesOfBatch(batch));
    await spill.close();
  }
  expect(new Set(written.map((bytes) => Buffer.from(bytes).toString("base64"))).size).toBe(4);
});

test("blocks that are changed, exchanged or of another file are not read", async () => {
  const half = encodeBatch(large).byteLength + 16;
  const changes: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
    (bytes) => bytes.map((byte, i) => (i === 1000 ? byte ^ 1 : byte)),
    (bytes) => Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)]),
    (bytes) => Buffer.concat([bytes.subarray(0, half), bytes.subarray(0, half)]),
  ];
  for (const change of changes) {
    const runtime = createSimulatedRuntime(1);
    const file = openOperatorMemory(runtime, { limitBytes: 1, directory: "/tmp" }).spill.create(large.schema);
    await file.write(large);
    await file.write(large);
    const [path, bytes] = await spilled(runtime);
    expect(bytes.length).toBe(2 * half);
    await runtime.fs.apply([{ op: "write", path, bytes: change(bytes) }]);
    const reading = (async () => {
      for await (const read of file.read()) expect(read.length).toBe(1);
    })();
    await expect(reading).rejects.toThrow("SPILL_FILE_CHANGED");
  }
});

test("a full disk is an error that says where", async () => {
  const runtime = createSimulatedRuntime(1);
  await runtime.fs.apply([{ op: "write", path: "/file", bytes: new Uint8Array(1) }]);
  const file = openOperatorMemory(runtime, { limitBytes: 1, directory: "/file/x" }).spill.create(large.schema);
  const error: unknown = await file.write(large).catch((failure: unknown) => failure);
  expect(isMillraceError(error, "SPILL_FILE_FAILED")).toBe(true);
});

test("reservations share the limit; what cannot do with less fails the query", () => {
  const budget = new MemoryBudget(100);
  const a = budget.reserve("a sort");
  const b = budget.reserve("a join");
  expect(a.tryResize(60)).toBe(true);
  expect(b.tryResize(50)).toBe(false);
  expect(b.bytes).toBe(0);
  expect(b.tryResize(40)).toBe(true);
  expect(() => b.require(41)).toThrow("Unable to acquire 41 bytes of memory for a join, got 40");
  a.hold(70);
  expect(budget.usedBytes).toBe(110);
  expect(a.tryResize(65)).toBe(true);
  a.release();
  b.require(100);
  expect(budget.freeBytes).toBe(0);
  expect(budget.peakBytes).toBe(110);
});

test("settings give the limit and the directory; else half of the memory", () => {
  const runtime = createSimulatedRuntime(1);
  expect(memorySettings(() => undefined, runtime)).toEqual({ limitBytes: 4 * 2 ** 30, directory: "/tmp" });
  const conf: Record<string, string> = { "millrace.memory.limit": "64m", "spark.local.dir": "/big" };
  expect(memorySettings((key) => conf[key], runtime)).toEqual({ limitBytes: 64 * 2 ** 20, directory: "/big" });
});
