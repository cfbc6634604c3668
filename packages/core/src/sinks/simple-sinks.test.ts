import { describe, expect, test } from "vitest";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { bigintType, field, type SqlValue, stringType, structType } from "../types/data-type.ts";
import { consoleSink } from "./console.ts";
import { foreachSink } from "./foreach.ts";
import { foreachBatchSink } from "./foreach-batch.ts";
import { MemorySinkTable, memorySink } from "./memory.ts";
import { noopSink } from "./noop.ts";
import { rowSink } from "./row-sink.ts";
import { batchOf, partitionsOf, testWorld } from "./sinks.test-support.ts";

const schema = structType([field("user", stringType), field("n", bigintType)]);
const rowsOf = (...rows: SqlValue[][]): RecordBatch => batchFromValues(schema, rows);
const valuesOf = (batches: readonly RecordBatch[]): SqlValue[][] => batches.flatMap(valuesOfBatch);

describe("console", () => {
  test("prints each batch as Spark does, when it commits", async () => {
    const { runtime, context } = testWorld(schema);
    const sink = await consoleSink.openStream!(context());
    const prepared = await sink.write(batchOf(0, schema, [rowsOf(["ann", 1n], ["a long name that is cut", null])]));
    expect(runtime.process.output).toBe("");
    await prepared.commit();
    await (await sink.write(batchOf(1, schema, []))).commit();
    expect(runtime.process.output).toBe(`-------------------------------------------
Batch: 0
-------------------------------------------
+--------------------+----+
|                user|   n|
+--------------------+----+
|                 ann|   1|
|a long name that ...|NULL|
+--------------------+----+

-------------------------------------------
Batch: 1
-------------------------------------------
+----+---+
|user|  n|
+----+---+
+----+---+

`);
  });

  test("shows numRows rows, says that there are more, and aligns left when it does not truncate", async () => {
    const { runtime, context } = testWorld(schema, { numrows: "1", truncate: "false" });
    const sink = await consoleSink.openStream!(context());
    const batch = batchOf(
      7,
      schema,
      [rowsOf(["a name of more than twenty letters", 1n])],
      [rowsOf(["b", 2n], ["c", 3n])],
    );
    const prepared = await sink.write(batch);
    expect(prepared.numOutputRows).toBe(3);
    await prepared.commit();
    expect(runtime.process.output.split("\n").slice(3)).toEqual([
      "+----------------------------------+---+",
      "|user                              |n  |",
      "+----------------------------------+---+",
      "|a name of more than twenty letters|1  |",
      "+----------------------------------+---+",
      "only showing top 1 row",
      "",
      "",
    ]);
  });

  test("refuses options that make no sense", async () => {
    const { context } = testWorld(schema, { truncate: "perhaps" });
    await expect(consoleSink.openStream!(context())).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
  });
});

describe("memory", () => {
  test("appends batches once and replaces them in complete mode", async () => {
    const { context } = testWorld(schema);
    const table = new MemorySinkTable();
    const sink = await memorySink(table).openStream!(context());
    const first = await sink.write(batchOf(0, schema, [rowsOf(["a", 1n])]));
    expect(table.batches()).toEqual([]);
    await first.commit();
    await (await sink.write(batchOf(0, schema, [rowsOf(["again", 1n])]))).commit();
    await (await sink.write(batchOf(1, schema, [rowsOf(["b", 2n])]))).commit();
    await (await sink.write(batchOf(2, schema, [rowsOf(["aborted", 2n])]))).abort();
    expect(valuesOf(table.batches())).toEqual([
      ["a", 1n],
      ["b", 2n],
    ]);
    expect(table.latestBatchId).toBe(1);

    const complete = await memorySink(table).openStream!(context({ outputMode: "complete" }));
    expect(table.batches()).toEqual([]);
    for (const id of [0, 1]) await (await complete.write(batchOf(id, schema, [rowsOf(["c", BigInt(id)])]))).commit();
    expect(valuesOf(table.batches())).toEqual([["c", 1n]]);
  });

  test("does not recover from a checkpoint but in complete mode", async () => {
    const { runtime, context } = testWorld(schema);
    const table = new MemorySinkTable();
    await runtime.fs.apply([{ op: "makeDirectory", path: "/cp/offsets" }]);
    await memorySink(table).openStream!(context({ checkpointPath: "/cp" }));
    await runtime.fs.apply([{ op: "write", path: "/cp/offsets/0", bytes: new Uint8Array(1) }]);
    await expect(memorySink(table).openStream!(context({ checkpointPath: "/cp" }))).rejects.toMatchObject({
      errorClass: "_LEGACY_ERROR_TEMP_1299",
    });
    await memorySink(table).openStream!(context({ checkpointPath: "/cp", outputMode: "complete" }));
  });
});

describe("foreach", () => {
  const calls: unknown[] = [];
  const recording = (over: Partial<Parameters<typeof foreachSink>[0]> = {}) =>
    foreachSink({
      open: async (partition, epoch) => {
        calls.push(["open", partition, epoch]);
        return true;
      },
      process: (row) => void calls.push({ ...row }),
      close: (error) => void calls.push(["close", error]),
      ...over,
    });
  const run = async (sink: ReturnType<typeof foreachSink>) => {
    calls.length = 0;
    const { context } = testWorld(schema);
    const stream = await sink.openStream!(context());
    const prepared = await stream.write(batchOf(4, schema, [rowsOf(["a", 1n])], [], [rowsOf(["b", 2n])]));
    expect(calls).toEqual([]);
    await prepared.commit();
  };

  test("opens and closes every partition, also one without rows", async () => {
    await run(recording());
    expect(calls).toEqual([
      ["open", 0, 4],
      { user: "a", n: 1 },
      ["close", null],
      ["open", 1, 4],
      ["close", null],
      ["open", 2, 4],
      { user: "b", n: 2 },
      ["close", null],
    ]);
  });

  test("close is called when open said no", async () => {
    await run(recording({ open: () => false }));
    expect(calls).toEqual([
      ["close", null],
      ["close", null],
      ["close", null],
    ]);
  });

  test("close is not called when open threw", async () => {
    const failure = new Error("no connection");
    await expect(run(recording({ open: () => Promise.reject(failure) }))).rejects.toBe(failure);
    expect(calls).toEqual([]);
  });

  test("close gets what process threw, and its own failure does not hide it", async () => {
    const failure = new Error("refused");
    const close = (error: unknown) => {
      calls.push(error);
      throw new Error("close failed too");
    };
    await expect(run(recording({ process: () => Promise.reject(failure), close }))).rejects.toBe(failure);
    expect(calls).toEqual([["open", 0, 4], failure]);
  });
});

test("foreachBatch gets the rows of a batch when it commits", async () => {
  const seen: unknown[] = [];
  const sink = foreachBatchSink(async (batches, of, id) => void seen.push([id, of, valuesOf(batches)]));
  const stream = await sink.openStream!(testWorld(schema).context());
  const prepared = await stream.write(batchOf(3, schema, [rowsOf(["a", 1n])], [rowsOf(["b", 2n])]));
  expect(seen).toEqual([]);
  await prepared.commit();
  expect(seen).toEqual([
    [
      3,
      schema,
      [
        ["a", 1n],
        ["b", 2n],
      ],
    ],
  ]);
});

test("a sink of the user's gets typed rows, and no batch that it has", async () => {
  const written: unknown[] = [];
  const sink = rowSink<{ user: string; n: number }>({
    name: "mine",
    guarantee: "exactly-once",
    write: async ({ queryId, batchId, rows }) =>
      void written.push([queryId, batchId, rows.map((r) => `${r.user}=${r.n}`)]),
    lastCommittedBatch: async () => 1,
  });
  const stream = await sink.openStream!(testWorld(schema).context());
  expect(stream).toMatchObject({ description: "mine", guarantee: "exactly-once" });
  expect(await stream.lastCommittedBatch!()).toBe(1);
  for (const id of [1, 2])
    await (await stream.write(batchOf(id, schema, [rowsOf(["a", 1n])], [rowsOf(["b", 2n])]))).commit();
  expect(written).toEqual([["query-1", 2, ["a=1", "b=2"]]]);
  expect(await stream.lastCommittedBatch!()).toBe(2);
});

test("noop pulls every row, batch and stream", async () => {
  const { context } = testWorld(schema);
  const stream = await noopSink.openStream!(context());
  expect((await stream.write(batchOf(0, schema, [rowsOf(["a", 1n])], [rowsOf(["b", 2n])]))).numOutputRows).toBe(2);
  const batch = await noopSink.openBatch!(context(), "append");
  expect(await batch.write(partitionsOf([[rowsOf(["a", 1n])]]), new AbortController().signal)).toEqual({ rows: 1 });
});

test("rows are copied: what the engine does with its buffers afterwards is not seen", async () => {
  const table = new MemorySinkTable();
  const sink = await memorySink(table).openStream!(testWorld(schema).context());
  const rows = rowsOf(["abc", 1n]);
  const prepared = await sink.write(batchOf(0, schema, [rows]));
  for (const column of rows.columns) if (column.kind === "bytes") column.bytes.fill(0x78);
  await prepared.commit();
  expect(valuesOf(table.batches())).toEqual([["abc", 1n]]);
});

test("an aborted batch ends with the signal's reason", async () => {
  const abort = new AbortController();
  abort.abort(new Error("stopped"));
  const sink = await noopSink.openStream!(testWorld(schema).context());
  await expect(sink.write({ ...batchOf(0, schema, [rowsOf(["a", 1n])]), signal: abort.signal })).rejects.toThrow(
    "stopped",
  );
});

describe("in real time", () => {
  const live = { batchId: 3, schema, signal: new AbortController().signal };

  test("memory shows rows at once, console when the batch is over, noop counts", async () => {
    const { runtime, context } = testWorld(schema);
    const table = new MemorySinkTable();
    const writes = [];
    for (const provider of [memorySink(table), consoleSink, noopSink]) {
      const write = (await provider.openStream!(context())).beginRealTime!(live);
      await write.write(rowsOf(["ann", 1n]), 0);
      await write.write(rowsOf(["bob", 2n], ["cy", 3n]), 1);
      writes.push(write);
    }
    expect(valuesOf(table.batches())).toEqual([
      ["ann", 1n],
      ["bob", 2n],
      ["cy", 3n],
    ]);
    expect(writes.map((write) => write.numOutputRows)).toEqual([3, 3, 3]);
    expect(runtime.process.output).toBe("");
    for (const write of writes) await write.end();
    expect(runtime.process.output).toContain("Batch: 3\n");
    expect(runtime.process.output).toContain("| bob|  2|");
  });

  test("foreach opens a partition with its first row, and closes all when the batch ends or fails", async () => {
    const calls: string[] = [];
    const functions = {
      open: (partition: number, epoch: number) => {
        calls.push(`open ${partition} ${epoch}`);
        return partition !== 1;
      },
      process: (row: Record<string, unknown>) => {
        if (row["user"] === "bad") throw new Error("bad row");
        calls.push(String(row["user"]));
      },
      close: (error: unknown) => void calls.push(`close ${String(error)}`),
    };
    const { context } = testWorld(schema);
    const sink = await foreachSink(functions).openStream!(context());
    const write = sink.beginRealTime!(live);
    await write.write(rowsOf(["ann", 1n]), 0);
    await write.write(rowsOf(["bob", 2n]), 1);
    await write.write(rowsOf(["cy", 3n]), 0);
    await write.end();
    expect(calls.splice(0)).toEqual(["open 0 3", "ann", "open 1 3", "cy", "close null", "close null"]);
    const failing = sink.beginRealTime!(live);
    const failure = await failing.write(rowsOf(["bad", 0n]), 0).catch((error: unknown) => error);
    await failing.abort(failure);
    expect(calls).toEqual(["open 0 3", "close Error: bad row"]);
  });
});
