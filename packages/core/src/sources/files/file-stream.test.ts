import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Runtime } from "../../runtime/runtime.ts";
import {
  createSimulatedRuntime,
  settle,
  SimulatedCrash,
  type SimulatedRuntime,
  withApply,
} from "../../runtime/simulated/index.ts";
import { field, stringType, structType, bigintType } from "../../types/data-type.ts";
import type { MicroBatchSource, OffsetJson } from "../contract.ts";
import { put, readRangeOf, testContext, type TestContext } from "../source.test-support.ts";
import { jsonProvider, textProvider } from "./providers.ts";
import { fired } from "../../runtime/simulated/fault-count.test-support.ts";

const schema = structType([field("value", stringType)]);
const open = (context: TestContext): Promise<MicroBatchSource> =>
  textProvider.openStream!(context, { schema, columns: schema });
const text = (rows: readonly (readonly unknown[])[]): unknown[] => rows.map((row) => row[0]);

async function world(files: Readonly<Record<string, string>> = {}): Promise<SimulatedRuntime> {
  const runtime = createSimulatedRuntime(7, { startMs: 1_000_000 });
  await put(runtime, "/in/.keep", "");
  for (const [path, content] of Object.entries(files)) await add(runtime, path, content);
  return runtime;
}
async function add(runtime: SimulatedRuntime, path: string, content = path): Promise<void> {
  await runtime.clock.advance(10);
  await put(runtime, path, content);
}

/** Runs until nothing is new; the rows of every batch, and the last offset. */
async function drain(
  source: MicroBatchSource,
  context: TestContext,
  start: OffsetJson | null,
): Promise<[unknown[][], OffsetJson | null]> {
  const batches: unknown[][] = [];
  for (let at = start; ;) {
    const next = await source.latestOffset(at, source.defaultLimit);
    if (next === null || next === at) return [batches, at];
    batches.push(text(await readRangeOf(source, context, at, next)));
    await source.commit(next);
    at = next;
  }
}

test("files are taken in the order of their times, at most so many a batch; offsets and log are Spark's", async () => {
  const runtime = await world({ "/in/b": "b", "/in/a": "a", "/in/c d": "c" });
  const context = testContext(runtime, ["/in"], { maxFilesPerTrigger: "2" });
  const source = await open(context);
  expect(source.description).toBe("FileStreamSource[file:/in]");
  expect(await source.initialOffset()).toBeNull();
  const [batches, end] = await drain(source, context, null);
  expect(batches).toEqual([["b", "a"], ["c"]]);
  expect(end).toBe('{"logOffset":1}');
  expect(new TextDecoder().decode(await runtime.fs.readFile("/checkpoint/sources/0/1"))).toBe(
    'v1\n{"path":"file:///in/c%20d","timestamp":1000030,"batchId":1}',
  );
});

test("limits in bytes always take the first file; latestFirst turns the order", async () => {
  const files = { "/in/a": "aaaa", "/in/b": "bb", "/in/c": "cc", "/in/d": "dddddd" };
  const byBytes = testContext(await world(files), ["/in"], { maxBytesPerTrigger: "4" });
  expect((await drain(await open(byBytes), byBytes, null))[0]).toEqual([["aaaa"], ["bb", "cc"], ["dddddd"]]);
  const latest = testContext(await world(files), ["/in"], { maxFilesPerTrigger: "3", latestFirst: "true" });
  expect((await drain(await open(latest), latest, null))[0]).toEqual([["dddddd", "cc", "bb"], ["aaaa"]]);
  const both = testContext(await world(), ["/in"], { maxFilesPerTrigger: "1", maxBytesPerTrigger: "1" });
  await expect(open(both)).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
});

test("a batch that was logged but not begun when the run died is the next batch, with the same files", async () => {
  const runtime = await world({ "/in/a": "a" });
  const first = testContext(runtime, ["/in"]);
  const end = await (await open(first)).latestOffset(null, { kind: "all" });
  await add(runtime, "/in/b", "b");
  const context = testContext(runtime.restart(), ["/in"]);
  const source = await open(context);
  expect(await source.latestOffset(null, { kind: "all" })).toBe(end);
  expect((await drain(source, context, null))[0]).toEqual([["a"], ["b"]]);
  fired("A2");
});

test("a file is read up to the size it had when it was listed, also in a replay; the change is told", async () => {
  const runtime = await world({ "/in/a": "one\n" });
  const context = testContext(runtime, ["/in"]);
  const source = await open(context);
  const end = (await source.latestOffset(null, { kind: "all" }))!;
  await add(runtime, "/in/a", "one\ntwo\n");
  expect(text(await readRangeOf(source, context, null, end))).toEqual(["one"]);
  expect(context.warnings[0]).toContain("/in/a has changed");
  const second = runtime.restart();
  const again = testContext(second, ["/in"]);
  expect(text(await readRangeOf(await open(again), again, null, end))).toEqual(["one"]);
  // Spark's checkpoints have no sizes: the file is read as it is.
  await second.fs.apply([{ op: "removeTree", path: "/checkpoint/_engine" }]);
  const foreign = testContext(second.restart(), ["/in"]);
  expect(text(await readRangeOf(await open(foreign), foreign, null, end))).toEqual(["one", "two"]);
  fired("D8");
});

test("a file that vanished is an error that names it, or is skipped", async () => {
  for (const ignore of ["false", "true"]) {
    const runtime = await world({ "/in/a": "a", "/in/b": "b" });
    const context = testContext(runtime, ["/in"], { ignoreMissingFiles: ignore });
    const source = await open(context);
    const end = (await source.latestOffset(null, { kind: "all" }))!;
    await runtime.fs.apply([{ op: "remove", path: "/in/a" }]);
    const rows = readRangeOf(source, context, null, end);
    if (ignore === "true") expect(text(await rows)).toEqual(["b"]);
    else await expect(rows).rejects.toMatchObject({ parameters: { path: "/in/a" } });
  }
  fired("D8");
});

test("files older than maxFileAge before the newest are not taken, and the memory of them is bounded", async () => {
  const runtime = await world();
  const context = testContext(runtime, ["/in"], { maxFileAge: "1s" });
  const source = await open(context);
  let at: OffsetJson | null = null;
  for (let i = 0; i < 50; i++) {
    await runtime.clock.advance(300);
    await add(runtime, `/in/f${i}`, String(i));
    const [batches, end] = await drain(source, context, at);
    expect(batches).toEqual([[String(i)]]);
    at = end;
  }
  expect(Number(source.metrics!().get("numFilesSeen"))).toBeLessThan(6);
  expect(Number(source.metrics!().get("numFilesTooOld"))).toBeGreaterThan(40);
  // Old entries leave the log, too.
  const compact = new TextDecoder().decode(await runtime.fs.readFile("/checkpoint/sources/0/49.compact"));
  expect(compact.split("\n").length).toBeLessThan(8);
  const again = testContext(runtime.restart(), ["/in"], { maxFileAge: "1s" });
  expect((await drain(await open(again), again, at))[0]).toEqual([]);
  fired("D9");
});

test("fileNameOnly: one file of a name", async () => {
  const runtime = await world({ "/in/x/a": "1", "/in/y/a": "2" });
  const context = testContext(runtime, ["/in/*"], { fileNameOnly: "true" });
  expect((await drain(await open(context), context, null))[0]).toEqual([["1"]]);
});

test("available now reads what was there at the start, in batches", async () => {
  const runtime = await world({ "/in/a": "a", "/in/b": "b", "/in/c": "c" });
  const context = testContext(runtime, ["/in"], { maxFilesPerTrigger: "2" });
  const source = await open(context);
  await source.prepareForAvailableNow!();
  await add(runtime, "/in/d", "d");
  expect((await drain(source, context, null))[0]).toEqual([["a", "b"], ["c"]]);
});

test("cleanSource deletes or archives what a committed batch has read", async () => {
  for (const clean of ["delete", "archive"]) {
    const runtime = await world({ "/in/a": "a" });
    const context = testContext(runtime, ["/in"], { cleanSource: clean, sourceArchiveDir: "/old" });
    await drain(await open(context), context, null);
    expect(await runtime.fs.stat("/in/a")).toBeNull();
    expect((await runtime.fs.stat("/old/in/a")) !== null).toBe(clean === "archive");
  }
  const inside = testContext(await world(), ["/in"], { cleanSource: "archive", sourceArchiveDir: "/in/old" });
  await expect(open(inside)).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
});

test("a directory that did not change is not listed again; one that just changed is", async () => {
  const runtime = await world();
  for (let i = 0; i < 20; i++) await add(runtime, `/in/f${i}`);
  const context = testContext(runtime, ["/in"]);
  let lists = 0;
  let stats = 0;
  const { fs } = runtime;
  const counting = new Proxy(fs, {
    get(target, name) {
      if (name === "list") lists++;
      if (name === "stat") stats++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const watched = { ...context, runtime: { ...runtime, fs: counting } };
  const source = await open(watched);
  const [, at] = await drain(source, watched, null);
  await runtime.clock.advance(5000);
  await source.latestOffset(at, { kind: "all" });
  lists = stats = 0;
  for (let i = 0; i < 5; i++) expect(await source.latestOffset(at, { kind: "all" })).toBe(at);
  expect(lists).toBe(0);
  expect(stats).toBeLessThanOrEqual(10);
  await add(runtime, "/in/new");
  expect(await source.latestOffset(at, { kind: "all" })).not.toBe(at);
  expect(lists).toBe(1);
});

test("bad records of a batch become one file with a name that a replay repeats", async () => {
  const runtime = await world({ "/in/b": '{"a":1}\nno\n', "/in/a": "never\n" });
  const columns = structType([field("a", bigintType)]);
  const context = testContext(runtime, ["/in"], { deadLetterPath: "/letters" });
  const source = await jsonProvider.openStream!(context, { schema: columns, columns });
  const end = (await source.latestOffset(null, { kind: "all" }))!;
  const files: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    expect(text(await readRangeOf(source, context, null, end))).toEqual([1n]);
    files.push(source.takeBatchFiles!(3).map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]));
  }
  expect(files[0]).toEqual(files[1]);
  expect(files[0]).toMatchObject([
    ["/letters/query/batch-000003-source-0.json", expect.stringContaining('"record":"never"') as string],
  ]);
});

test("more bad records in one batch than memory is given for end the query, naming the option", async () => {
  const runtime = await world({ "/in/a": "never\n".repeat(20), "/in/b": "no\n" });
  const columns = structType([field("a", bigintType)]);
  const context = testContext(runtime, ["/in"], { badRecordsPath: "/letters", maxBadRecordsBytes: "1k" });
  const source = await jsonProvider.openStream!(context, { schema: columns, columns });
  const end = (await source.latestOffset(null, { kind: "all" }))!;
  const failure = await readRangeOf(source, context, null, end).catch((error: unknown) => error);
  expect(failure).toMatchObject({ errorClass: "BAD_RECORDS_LIMIT_EXCEEDED" });
  expect(String(failure)).toMatch(/more than 1024 bytes.*\/in\/a.*maxFilesPerTrigger.*maxBadRecordsBytes/);
});

/** A disk that is busy with other things after so many operations of a program that writes sizes. */
function slowSizes(runtime: SimulatedRuntime, operations: number): Runtime {
  return withApply(runtime, async (program, own) => {
    const isSizes = program.some(
      (operation) => operation.op === "rename" && operation.to.includes("/_engine/sources/"),
    );
    const first = isSizes ? operations : program.length;
    await own(program.slice(0, first));
    if (isSizes) await settle(50);
    await own(program.slice(first));
  });
}

describe("crashes", () => {
  const faults = ["crashBefore", "crashAfter", "loseUnsynced", "torn"] as const;
  const orders = [
    ["the sizes before the entry", 10],
    ["the name of the sizes after the entry", 5],
    ["the sizes after the entry", 0],
  ] as const;
  test.each(faults.flatMap((fault) => orders.map(([order, operations]) => [fault, order, operations] as const)))(
    "%s at every operation, %s: every file exactly once, with a compaction on the way",
    async (fault, _, operations) => {
      const files = Array.from({ length: 12 }, (_, i) => `f${String(i).padStart(2, "0")}`);
      for (let operation = 0; ; operation++) {
        const before = createSimulatedRuntime(operation, { startMs: 1_000_000 });
        for (const name of files) {
          await before.clock.advance(10);
          await put(before, `/in/${name}`, name);
          await before.fs.apply([
            { op: "sync", path: `/in/${name}` },
            { op: "syncDirectory", path: "/in" },
          ]);
        }
        const committed: unknown[] = [];
        let at: OffsetJson | null = null;
        // The offset log and the sink of this test are one atomic step.
        const run = async (runtime: SimulatedRuntime): Promise<void> => {
          const context = testContext(slowSizes(runtime, operations), ["/in"], { maxFilesPerTrigger: "1" });
          const source = await open(context);
          for (;;) {
            const next: OffsetJson | null = await source.latestOffset(at, source.defaultLimit);
            if (next === null || next === at) return;
            const rows = text(await readRangeOf(source, context, at, next));
            at = next;
            committed.push(...rows);
            await source.commit(next);
          }
        };
        const runtime = before.restart({ survive: "all", plan: { faults: [{ at: operation, fault }] } });
        let crashed = false;
        try {
          await run(runtime);
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) throw error;
          crashed = true;
          const next = runtime.restart();
          await run(next);
          const found = next.restart({ power: true }).fs.files();
          for (const path of found.keys()) {
            const entry = /^(.*)\/(sources\/\d+\/\d+)(?:\.compact)?$/.exec(path);
            if (entry === null || entry[1]!.endsWith("/_engine")) continue;
            // No entry without the sizes of its files.
            expect(found.get(`${entry[1]!}/_engine/${entry[2]!}`)?.length ?? 0, path).toBeGreaterThan(0);
          }
          const newest = /(?<!\/_engine)\/sources\/\d+\/11(\.compact)?$/;
          expect([...found.keys()].filter((path) => newest.test(path))).toHaveLength(1);
        }
        expect(committed).toEqual(files);
        if (!crashed) break;
      }
    },
  );

  test("any order of arrivals, batches and restarts gives every file once", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), n: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant("batch" as const), n: fc.constant(1) }),
      fc.record({ kind: fc.constant("restart" as const), n: fc.constant(1) }),
      fc.record({ kind: fc.constant("logOnly" as const), n: fc.constant(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, limit) => {
        let runtime = await world();
        const options = { maxFilesPerTrigger: String(limit) };
        let context = testContext(runtime, ["/in"], options);
        let source = await open(context);
        let at: OffsetJson | null = null;
        let count = 0;
        const seen: unknown[] = [];
        for (const { kind, n } of steps) {
          if (kind === "add") for (let i = 0; i < n; i++, count++) await add(runtime, `/in/f${count}`, `f${count}`);
          else if (kind === "restart") {
            runtime = runtime.restart();
            context = testContext(runtime, ["/in"], options);
            source = await open(context);
          } else if (kind === "logOnly") await source.latestOffset(at, source.defaultLimit);
          else {
            const next = await source.latestOffset(at, source.defaultLimit);
            if (next === null || next === at) continue;
            seen.push(...text(await readRangeOf(source, context, at, next)));
            await source.commit(next);
            at = next;
          }
        }
        const [rest] = await drain(source, context, at);
        expect([...seen, ...rest.flat()]).toEqual(Array.from({ length: count }, (_, i) => `f${i}`));
      }),
      { numRuns: 100 },
    );
  });

  test("two runs on one log: the second to write a number stops", async () => {
    const runtime = await world({ "/in/a": "a" });
    const one = await open(testContext(runtime, ["/in"]));
    const two = await open(testContext(runtime, ["/in"]));
    await one.latestOffset(null, { kind: "all" });
    await expect(two.latestOffset(null, { kind: "all" })).rejects.toMatchObject({
      errorClass: "CONCURRENT_STREAM_LOG_UPDATE",
    });
  });
});
