import { describe, expect, test } from "vitest";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { compactBatch } from "../../columnar/compact.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { openFileSinkLog, visibleFiles } from "../../checkpoint/file-sink-log.ts";
import { FileSystemError } from "../../runtime/file-system.ts";
import { MillraceError } from "../../errors/index.ts";
import { type Fault, SimulatedCrash, type SimulatedRuntime } from "../../runtime/simulated/index.ts";
import { bigintType, field, type SqlValue, stringType, structType } from "../../types/data-type.ts";
import type { StreamSink } from "../contract.ts";
import { batchOf, type ContextChange, contextOf, testWorld } from "../sinks.test-support.ts";
import { jsonSink, textSink } from "./providers.ts";
import { fired } from "../../runtime/simulated/fault-count.test-support.ts";

const schema = structType([field("id", bigintType), field("name", stringType)]);
const startMs = 1_700_000_000_000;

function rowsOf(...rows: SqlValue[][]): RecordBatch {
  return batchFromValues(schema, rows);
}
/** Two partitions of the batch's own rows; every third batch is empty. */
function partitionsOf(batchId: number): RecordBatch[][] {
  if (batchId % 3 === 1) return [[], []];
  return [[rowsOf([BigInt(batchId), "a"], [BigInt(batchId), "b"])], [rowsOf([BigInt(batchId), "c"])]];
}
const expectedOf = (batchId: number): string[] =>
  batchId % 3 === 1 ? [] : ["a", "b", "c"].map((name) => `{"id":${batchId},"name":"${name}"}`);

type Options = Readonly<Record<string, string>>;

async function openSink(
  runtime: SimulatedRuntime,
  options: Options = {},
  change: ContextChange = {},
): Promise<StreamSink> {
  return jsonSink.openStream!(contextOf(runtime, schema, options, { path: "/out", ...change }));
}

async function runBatch(sink: StreamSink, batchId: number): Promise<void> {
  const prepared = await sink.write(batchOf(batchId, schema, ...partitionsOf(batchId)));
  try {
    await prepared.commit();
  } catch (error) {
    await prepared.abort();
    throw error;
  }
}

/** What a reader sees: the lines of the files of the manifest. Sizes must be those of the manifest. */
async function visibleLines(runtime: SimulatedRuntime): Promise<string[]> {
  const log = openFileSinkLog({ fs: runtime.fs, random: runtime.random, durability: "fsync" }, runtime.clock, "/out");
  const lines: string[] = [];
  for (const { path, size } of visibleFiles(await log.entries())) {
    const bytes = await runtime.fs.readFile(path);
    expect(bytes.length).toBe(size);
    // What stands in the name of the directory is not in the file.
    const name = /\/name=([^/]*)\//.exec(path)?.[1];
    for (const line of new TextDecoder().decode(bytes).split("\n").slice(0, -1)) {
      lines.push(name === undefined ? line : line.replace("}", `,"name":"${name}"}`));
    }
  }
  return lines;
}
const textAt = (runtime: SimulatedRuntime, path: string): string =>
  new TextDecoder().decode(runtime.fs.files().get(path));
const namesIn = async (runtime: SimulatedRuntime, path: string): Promise<string[]> =>
  (await runtime.fs.list(path)).map((entry) => entry.name);

describe("exactly once", () => {
  test("the manifest has Spark's bytes", async () => {
    const { runtime } = testWorld(schema, {}, { startMs });
    const sink = await openSink(runtime);
    expect(sink).toMatchObject({ description: "FileSink[/out]", guarantee: "exactly-once" });
    expect(await sink.lastCommittedBatch!()).toBe(null);
    await runBatch(sink, 0);
    await runBatch(sink, 1);
    expect(await sink.lastCommittedBatch!()).toBe(1);
    const [first, second] = (await namesIn(runtime, "/out")).filter((name) => name.startsWith("part-"));
    expect(first).toMatch(/^part-00000-[0-9a-f-]{36}-c000\.json$/);
    expect(second).toMatch(/^part-00001-[0-9a-f-]{36}-c000\.json$/);
    const entry = (name: string, size: number): string =>
      `{"path":"file:///out/${name}","size":${size},"isDir":false,"modificationTime":1700000000000,"blockReplication":1,"blockSize":33554432,"action":"add"}`;
    expect(textAt(runtime, "/out/_spark_metadata/0")).toBe(`v1\n${entry(first!, 40)}\n${entry(second!, 20)}`);
    expect(textAt(runtime, "/out/_spark_metadata/1")).toBe("v1");
    expect(textAt(runtime, `/out/${first}`)).toBe('{"id":0,"name":"a"}\n{"id":0,"name":"b"}\n');
  });

  test("every tenth manifest file is compact, and readers see all batches through it", async () => {
    const { runtime } = testWorld(schema, {}, { startMs });
    const sink = await openSink(runtime);
    for (let id = 0; id < 23; id++) await runBatch(sink, id);
    const names = await namesIn(runtime, "/out/_spark_metadata");
    expect(names).toContain("9.compact");
    expect(names).toContain("19.compact");
    expect(await visibleLines(runtime)).toEqual(Array.from({ length: 23 }, (_, id) => expectedOf(id)).flat());
  });

  test("a batch that is in the manifest is pulled, counted, and not written again", async () => {
    const { runtime } = testWorld(schema);
    await runBatch(await openSink(runtime), 0);
    const before = [...runtime.fs.files().keys()];
    const again = await openSink(runtime);
    const prepared = await again.write(batchOf(0, schema, ...partitionsOf(0)));
    expect(prepared.numOutputRows).toBe(3);
    await prepared.commit();
    expect([...runtime.fs.files().keys()]).toEqual(before);
  });

  test("abort removes the files of the attempt", async () => {
    const { runtime } = testWorld(schema);
    const sink = await openSink(runtime);
    const prepared = await sink.write(batchOf(0, schema, ...partitionsOf(0)));
    expect((await namesIn(runtime, "/out")).length).toBe(3);
    await prepared.abort();
    expect(await namesIn(runtime, "/out")).toEqual(["_spark_metadata"]);
  });

  test("a batch costs two file programs: data, manifest", async () => {
    const { runtime } = testWorld(schema);
    let programs = 0;
    const fs = new Proxy(runtime.fs, {
      get(target, name) {
        if (name === "apply") programs++;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const sink = await openSink({ ...runtime, fs });
    programs = 0;
    await runBatch(sink, 0);
    expect(programs).toBe(2);
  });

  test("rows that exceed a chunk are written as they come, and gzip files have several members", async () => {
    const { runtime } = testWorld(schema);
    const sink = await textSink.openStream!(
      contextOf(runtime, structType([field("line", stringType)]), { compression: "gzip" }, { path: "/out" }),
    );
    const big = batchFromValues(
      structType([field("line", stringType)]),
      Array.from({ length: 3000 }, (_, i) => [String(i).repeat(1500)]),
    );
    await (await sink.write(batchOf(0, big.schema, [big, compactBatch(big)]))).commit();
    const name = (await namesIn(runtime, "/out")).find((entry) => entry.endsWith(".txt.gz"))!;
    const bytes = Buffer.from(runtime.fs.files().get(`/out/${name}`)!);
    const { gunzipSync } = await import("node:zlib");
    const lines = gunzipSync(bytes).toString().split("\n");
    expect(lines.length).toBe(6001);
    expect(lines[5999]).toBe("2999".repeat(1500));
  });
});

describe("what is refused", () => {
  test("a second query on the same directory", async () => {
    const { runtime } = testWorld(schema);
    await openSink(runtime);
    await expect(openSink(runtime, {}, { queryId: "query-2" })).rejects.toMatchObject({
      errorClass: "SINK_USED_BY_OTHER_QUERY",
    });
    fired("E11");
  });

  test("columns that cannot be partitions, a missing path, unknown compression", async () => {
    const { runtime } = testWorld(schema);
    const refused = async (errorClass: string, ...partitionColumns: string[]): Promise<void> =>
      expect(openSink(runtime, {}, { partitionColumns })).rejects.toMatchObject({ errorClass });
    await refused("_LEGACY_ERROR_TEMP_1155", "day");
    await refused("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "name", "id");
    await refused("COLUMN_ALREADY_EXISTS", "id", "ID");
    await expect(openSink(runtime, {}, { path: undefined })).rejects.toMatchObject({ errorClass: "MISSING_OPTION" });
    await expect(openSink(runtime, { compression: "lz4" })).rejects.toMatchObject({
      errorClass: "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
    });
    expect(jsonSink.outputModes).toEqual(["append"]);
  });
});

test("orphans are removed when they are old enough and the option asks for it", async () => {
  const { runtime } = testWorld(schema, {}, { startMs });
  const sink = await openSink(runtime);
  await runBatch(sink, 0);
  await sink.write(batchOf(1, schema, ...partitionsOf(0)));
  const next = runtime.restart();
  await openSink(next, { cleanorphansolderthan: "1 hour" });
  expect((await namesIn(next, "/out")).length).toBe(5);
  await next.clock.advance(3_600_001);
  await openSink(next, { cleanorphansolderthan: "1 hour" });
  expect((await namesIn(next, "/out")).length).toBe(3);
  expect(await visibleLines(next)).toEqual(expectedOf(0));
  fired("F6");
});

describe.each([
  ["into one directory", []],
  ["by partitions", ["name"]],
])("faults, %s", (_, partitionColumns) => {
  const batches = partitionColumns.length === 0 ? 12 : 5;

  /** Runs all batches as the engine does, remembering which ones its commit log would have. */
  async function run(runtime: SimulatedRuntime, done: Set<number>): Promise<void> {
    const sink = await openSink(runtime, {}, { partitionColumns });
    const inSink = (await sink.lastCommittedBatch!()) ?? -1;
    const next = done.size;
    expect(inSink).toBeLessThanOrEqual(next);
    // The engine has committed only what the sink acknowledged: none of it may be missing.
    expect(inSink).toBeGreaterThanOrEqual(next - 1);
    for (let id = next; id < batches; id++) {
      await runBatch(sink, id);
      done.add(id);
    }
  }

  async function operationsOfRun(): Promise<number> {
    const { runtime } = testWorld(schema, {}, { startMs });
    await run(runtime, new Set());
    return runtime.fs.operationCount;
  }

  const kinds: readonly Omit<Fault, "at">[] = [
    { fault: "crashBefore" },
    { fault: "crashAfter" },
    { fault: "crashAfter", survive: "random" },
    { fault: "loseUnsynced" },
    { fault: "torn" },
    { fault: "torn", tearAt: 0 },
    { fault: "torn", tearAt: -1 },
    { fault: "ENOSPC" },
    { fault: "EIO" },
  ];

  test.each(kinds.map((kind) => [JSON.stringify(kind), kind] as const))("%s at every operation", async (__, kind) => {
    const count = await operationsOfRun();
    expect(count).toBeGreaterThan(partitionColumns.length === 0 ? 80 : 50);
    for (let at = 0; at < count; at++) {
      const { runtime } = testWorld(schema, {}, { startMs, faults: [{ ...kind, at }] });
      const done = new Set<number>();
      await expect(run(runtime, done)).rejects.toSatisfy(
        (error) =>
          error instanceof SimulatedCrash ||
          (error instanceof MillraceError && error.errorClass === "CHECKPOINT_WRITE_FAILED"),
      );
      // A process crash and then, for the worst case, power loss after the restarted run.
      const next = runtime.restart();
      await run(next, done);
      const last = next.restart({ power: true });
      expect(await visibleLines(last), `fault at operation ${at}`).toEqual(
        Array.from({ length: batches }, (___, id) => expectedOf(id)).flat(),
      );
      for (const name of await namesIn(last, "/out/_spark_metadata")) expect(name).not.toMatch(/\.tmp$/);
      const hit = runtime.fs.log.at(-1)!.path;
      if (/_spark_metadata/.test(hit)) fired(/compact/.test(hit) ? "F8" : "A7");
    }
  });

  test("a failed write leaves nothing of the batch behind", async () => {
    const { runtime } = testWorld(schema);
    await openSink(runtime, {}, { partitionColumns });
    const next = runtime.restart({ plan: { faults: [{ at: 3, fault: "ENOSPC" }] } });
    const sink = await openSink(next, {}, { partitionColumns });
    await expect(sink.write(batchOf(0, schema, ...partitionsOf(0)))).rejects.toMatchObject({
      errorClass: "CHECKPOINT_WRITE_FAILED",
      cause: expect.any(FileSystemError) as unknown,
    });
    expect([...next.fs.files().keys()].filter((path) => path.includes("/part-"))).toEqual([]);
  });
});

test("a batch by partitions is one directory for each value, and orphans are found in them", async () => {
  const { runtime } = testWorld(schema, {}, { startMs });
  const change = { partitionColumns: ["name"] };
  const sink = await openSink(runtime, {}, change);
  const odd = rowsOf([1n, "a/b=c"], [2n, null], [3n, ""], [4n, "a/b=c"], [5n, "ä %"]);
  await (await sink.write(batchOf(0, schema, [odd]))).commit();
  const files = (): Record<string, string> =>
    Object.fromEntries(
      [...runtime.fs.files()]
        .filter(([path]) => path.includes("part-"))
        .map(([path, bytes]) => [path.replace(/-[0-9a-f]{8}-[0-9a-f-]{27}/, ""), new TextDecoder().decode(bytes)]),
    );
  expect(files()).toEqual({
    "/out/name=a%2Fb%3Dc/part-00000.c000.json": '{"id":1}\n{"id":4}\n',
    "/out/name=__HIVE_DEFAULT_PARTITION__/part-00000.c000.json": '{"id":2}\n{"id":3}\n',
    "/out/name=ä %25/part-00000.c000.json": '{"id":5}\n',
  });
  await sink.write(batchOf(1, schema, [odd]));
  const count = [...runtime.fs.files().keys()].filter((path) => path.includes("part-")).length;
  expect(count).toBe(6);
  await runtime.clock.advance(3_600_001);
  await openSink(runtime, { cleanorphansolderthan: "1 hour" }, change);
  expect([...runtime.fs.files().keys()].filter((path) => path.includes("part-")).length).toBe(3);
});
