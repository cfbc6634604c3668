import fc from "fast-check";
import { expect, test } from "vitest";
import { createSimulatedRuntime, type SimulatedRuntime } from "../../runtime/simulated/index.ts";
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { bigintType, field, stringType, structType } from "../../types/data-type.ts";
import type { MicroBatchSource, OffsetJson } from "../contract.ts";
import { fileProviders } from "../files/providers.ts";
import { put, readRangeOf, testContext, type TestContext } from "../source.test-support.ts";
import { fired } from "../../runtime/simulated/fault-count.test-support.ts";

const provider = fileProviders.find(({ names }) => names.includes("tail"))!;
const schema = structType([field("value", stringType)]);
const open = (context: TestContext): Promise<MicroBatchSource> =>
  provider.openStream!(context, { schema, columns: schema });

class Reader {
  context: TestContext;
  source!: MicroBatchSource;
  at: OffsetJson | null = null;
  readonly options: Record<string, string>;
  constructor(runtime: SimulatedRuntime, options: Record<string, string> = {}, path = "/logs/*.log") {
    this.options = options;
    this.context = testContext(runtime, [path], options);
  }
  async start(): Promise<this> {
    this.source = await open(this.context);
    this.at ??= await this.source.initialOffset();
    return this;
  }
  async batch(): Promise<unknown[]> {
    const next = (await this.source.latestOffset(this.at, this.source.defaultLimit))!;
    const rows = await readRangeOf(this.source, this.context, this.at, next);
    // The same range again gives the same rows.
    expect(await readRangeOf(this.source, this.context, this.at, next)).toEqual(rows);
    await this.source.commit(next);
    this.at = next;
    return rows.map((row) => row[0]);
  }
}

async function machine(): Promise<SimulatedRuntime> {
  const runtime = createSimulatedRuntime(3, { startMs: 1_000_000 });
  await runtime.fs.apply([{ op: "makeDirectory", path: "/logs" }]);
  return runtime;
}
async function append(runtime: SimulatedRuntime, path: string, content: string): Promise<void> {
  await runtime.clock.advance(10);
  await runtime.fs.apply([{ op: "append", path, bytes: encodeUtf8(content) }]);
}
const rename = (runtime: SimulatedRuntime, from: string, to: string): Promise<void> =>
  runtime.fs.apply([{ op: "rename", from, to }]);

test("whole lines only, as they come, from files that come", async () => {
  const runtime = await machine();
  const reader = await new Reader(runtime).start();
  expect(await reader.batch()).toEqual([]);
  await append(runtime, "/logs/a.log", "one\ntw");
  expect(await reader.batch()).toEqual(["one"]);
  const before = reader.at;
  expect(await reader.batch()).toEqual([]);
  expect(reader.at).toBe(before);
  await append(runtime, "/logs/a.log", "o\r\nthree");
  await append(runtime, "/logs/b.log", "b\n");
  expect((await reader.batch()).sort()).toEqual(["b", "two"]);
});

test("a restart goes on where the offset is", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "1\n2\n");
  const reader = await new Reader(runtime).start();
  expect(await reader.batch()).toEqual(["1", "2"]);
  await append(runtime, "/logs/a.log", "3\n");
  const again = new Reader(runtime.restart());
  again.at = reader.at;
  await again.start();
  expect(await again.batch()).toEqual(["3"]);
});

test("rotation: the old file is read to its end under its new name, in or out of the glob, then the new one", async () => {
  for (const rotated of ["/logs/a.1.log", "/logs/a.log.1"]) {
    const runtime = await machine();
    const reader = await new Reader(runtime).start();
    await append(runtime, "/logs/a.log", "1\n");
    expect(await reader.batch()).toEqual(["1"]);
    await append(runtime, "/logs/a.log", "2\n3");
    await rename(runtime, "/logs/a.log", rotated);
    await append(runtime, "/logs/a.log", "4\n");
    expect(await reader.batch()).toEqual(["2", "4"]);
    // Nobody completes the last line of the old file.
    await runtime.clock.advance(10_000);
    expect(await reader.batch()).toEqual(["3"]);
    expect(await reader.batch()).toEqual([]);
    expect(reader.context.warnings).toEqual([]);
  }
  fired("D2");
});

test("a file renamed between offset and read is found by its identity", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "1\n");
  const reader = await new Reader(runtime).start();
  const end = (await reader.source.latestOffset(reader.at, { kind: "all" }))!;
  await rename(runtime, "/logs/a.log", "/logs/a.log.1");
  expect(await readRangeOf(reader.source, reader.context, reader.at, end)).toEqual([["1"]]);
});

test("truncation is told, and the file read again from its start", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "first\nsecond\n");
  const reader = await new Reader(runtime).start();
  await reader.batch();
  await put(runtime, "/logs/a.log", "new\n");
  expect(await reader.batch()).toEqual(["new"]);
  expect(reader.context.warnings).toEqual([expect.stringContaining("/logs/a.log was truncated")]);
  fired("D2");
});

test("a file cut and filled beyond the old position is noticed by its first bytes", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "old\n");
  const reader = await new Reader(runtime).start();
  await reader.batch();
  await put(runtime, "/logs/a.log", "quite new\nlines\n");
  expect(await reader.batch()).toEqual(["quite new", "lines"]);
  expect(reader.context.warnings).toEqual([expect.stringContaining("was replaced")]);
  fired("D2");
});

test("a file removed before it was read whole is data loss, one read whole leaves the offset", async () => {
  for (const failOnDataLoss of ["true", "false"]) {
    const runtime = await machine();
    await append(runtime, "/logs/a.log", "1\n");
    await append(runtime, "/logs/b.log", "1\n");
    const reader = await new Reader(runtime, { failOnDataLoss }).start();
    await reader.batch();
    await append(runtime, "/logs/b.log", "2\n3");
    await reader.batch();
    await runtime.fs.apply([{ op: "remove", path: "/logs/a.log" }]);
    expect(await reader.batch()).toEqual([]);
    expect(reader.at).not.toContain("a.log");
    await runtime.fs.apply([{ op: "remove", path: "/logs/b.log" }]);
    if (failOnDataLoss === "true") {
      await expect(reader.batch()).rejects.toMatchObject({
        errorClass: "TAIL_DATA_LOSS",
        parameters: { path: "/logs/b.log", from: "4", to: "5" },
      });
    } else {
      expect(await reader.batch()).toEqual([]);
      expect(reader.context.warnings.join()).toContain("/logs/b.log");
    }
  }
  fired("D1");
});

test("a range that is gone when it is replayed is data loss with path and bytes", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "1\n22\n");
  const reader = await new Reader(runtime).start();
  const end = (await reader.source.latestOffset(reader.at, { kind: "all" }))!;
  await runtime.fs.apply([{ op: "remove", path: "/logs/a.log" }]);
  await expect(reader.source.plan(reader.at, end)).rejects.toMatchObject({
    parameters: { path: "/logs/a.log", from: "0", to: "5" },
  });
  fired("D1");
});

test("maxBytesPerTrigger cuts at lines, and takes a line that is longer than it", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "aa\nbb\ncccccccccccc\ndd\n");
  const reader = await new Reader(runtime, { maxBytesPerTrigger: "7" }).start();
  expect([await reader.batch(), await reader.batch(), await reader.batch(), await reader.batch()]).toEqual([
    ["aa", "bb"],
    ["cccccccccccc"],
    ["dd"],
    [],
  ]);
});

test("startingPosition latest begins behind the last whole line; compressed files are old logs", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "old\nhal");
  await append(runtime, "/logs/a.1.gz", "binary\n");
  const reader = await new Reader(runtime, { startingPosition: "latest" }, "/logs").start();
  await append(runtime, "/logs/a.log", "f\n");
  await append(runtime, "/logs/b.log", "b\n");
  expect((await reader.batch()).sort()).toEqual(["b", "half"]);
});

test("available now stops at what was there", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", "1\n");
  const reader = await new Reader(runtime).start();
  await reader.source.prepareForAvailableNow!();
  await append(runtime, "/logs/a.log", "2\n");
  await append(runtime, "/logs/b.log", "3\n");
  expect([await reader.batch(), await reader.batch()]).toEqual([["1"], []]);
});

test("JSON lines", async () => {
  const runtime = await machine();
  await append(runtime, "/logs/a.log", '{"a":1}\nno\n');
  const columns = structType([field("a", bigintType), field("_corrupt_record", stringType)]);
  const context = testContext(runtime, ["/logs/*.log"], { format: "json" });
  const source = await provider.openStream!(context, { schema: columns, columns });
  const start = await source.initialOffset();
  const end = (await source.latestOffset(start, { kind: "all" }))!;
  expect(await readRangeOf(source, context, start, end)).toEqual([
    [1n, null],
    [null, "no"],
  ]);
  await expect(open(testContext(runtime, ["/logs"], { format: "text", multiLine: "true" }))).rejects.toMatchObject({
    errorClass: "INVALID_OPTION",
  });
});

test("any history of appends, rotations, batches and restarts gives every line once, in order per file", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), n: fc.integer({ min: 0, max: 3 }), open: fc.boolean() }),
    fc.record({
      kind: fc.constantFrom("rotate" as const, "batch" as const, "restart" as const),
      n: fc.constant(0),
      open: fc.constant(false),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), async (steps, bytes) => {
      let runtime = await machine();
      let reader = await new Reader(runtime, { maxBytesPerTrigger: String(bytes) }).start();
      let count = 0;
      let rotations = 0;
      let pending = "";
      const seen: unknown[] = [];
      for (const { kind, n, open: unfinished } of steps) {
        if (kind === "append") {
          let content = pending === "" ? "" : `${pending.slice(2)}\n`;
          pending = "";
          for (let i = 0; i < n; i++) content += `line ${count++}\n`;
          if (unfinished) {
            pending = `line ${count++}`;
            content += pending.slice(0, 2);
          }
          if (content !== "") await append(runtime, "/logs/a.log", content);
        } else if (kind === "rotate") {
          if (pending !== "" || (await runtime.fs.stat("/logs/a.log")) === null) continue;
          await rename(runtime, "/logs/a.log", `/logs/a.log.${++rotations}`);
        } else if (kind === "batch") {
          seen.push(...(await reader.batch()));
        } else {
          runtime = runtime.restart({ survive: "all" });
          const next = new Reader(runtime, reader.options);
          next.at = reader.at;
          reader = await next.start();
        }
        // A file that is rotated away before it was ever looked at is outside of the watched names.
        if (kind === "append") seen.push(...(await reader.batch()));
      }
      if (pending !== "") await append(runtime, "/logs/a.log", `${pending.slice(2)}\n`);
      for (let rows = ["first"] as unknown[]; rows.length > 0;) seen.push(...(rows = await reader.batch()));
      const expected = Array.from({ length: count }, (_, i) => `line ${i}`);
      expect([...seen].sort()).toEqual([...expected].sort());
    }),
    { numRuns: 150 },
  );
});
