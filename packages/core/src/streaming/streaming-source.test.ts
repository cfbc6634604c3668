import type { RecordBatch } from "../columnar/record-batch.ts";
import { expect, test } from "vitest";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { Expr } from "../expressions/expression.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import type { ScanExec } from "../physical-plan/physical-plan.ts";
import type { StructType } from "../types/data-type.ts";
import { scanRequestOf, StreamingSource } from "./streaming-source.ts";
import { eventSchema, Topic, TopicSource } from "./streaming.test-support.ts";

const read: Read = { kind: "Read", format: "topic", options: new Map(), paths: [], streaming: true };
const only = (name: string): StructType => ({
  kind: "struct",
  fields: eventSchema.fields.filter((f) => f.name === name),
});
const isUser: Expr = {
  kind: "Call",
  fn: "isnotnull",
  args: [{ kind: "BoundReference", ordinal: 0, type: { kind: "string" }, nullable: true }],
  type: { kind: "boolean" },
  nullable: false,
  ansi: true,
};
const scan = (schema: StructType, filters: readonly Expr[] = []): ScanExec => ({
  kind: "Scan",
  id: 0,
  schema,
  tableSchema: eventSchema,
  read,
  filters,
  sourceIndex: 0,
});

test("a source that is read twice gives the columns of both scans, and each scan takes its own", async () => {
  const scans = [scan(only("at")), scan(only("user"), [isUser])];
  const { request, filter } = scanRequestOf(scans);
  expect(request.columns).toEqual(eventSchema);
  expect(filter).toBeNull();
  const topic = new Topic();
  topic.add(["a", 1], ["b", 2]);
  const source = new StreamingSource(0, new TopicSource(topic), request.columns, filter);
  source.start = "0";
  source.end = await source.endAfter("0", false);
  expect(source.end).toBe("2");
  const { range } = source;
  const open = await source.openScan(scans[1]!, undefined, range);
  const rows: unknown[] = [];
  for (const split of open.splits) {
    for await (const batch of open.read(split, new AbortController().signal)) rows.push(...valuesOfBatch(batch));
  }
  expect(rows).toEqual([["a"], ["b"]]);
  expect(range.rows).toBe(2);
  expect(open.filtered).toBe(false);
});

test("a filter is pushed into a source that is read once, and works as soon as it is compiled", async () => {
  const scans = [scan(eventSchema, [isUser])];
  const { request, filter } = scanRequestOf(scans);
  expect(request.filter!.columns).toEqual([0]);
  const batch = batchFromValues(eventSchema, [
    ["a", 1n],
    [null, 2n],
  ]);
  const selection = new Int32Array(2);
  expect(request.filter!.select(batch, selection)).toBe(2);
  const source = new StreamingSource(
    0,
    Object.assign(new TopicSource(new Topic()), { filtered: true }),
    request.columns,
    filter,
  );
  const compiled = {
    columns: [0],
    conjuncts: [isUser],
    select: (_: RecordBatch, positions: Int32Array) => {
      positions[0] = 0;
      return 1;
    },
  };
  const open = await source.openScan(scans[0]!, compiled, source.range);
  expect(open.filtered).toBe(true);
  expect(request.filter!.select(batch, selection)).toBe(1);
});

test("nothing is planned for a source without new data", async () => {
  const source = new StreamingSource(0, new TopicSource(new Topic()), eventSchema, null);
  expect((await source.openScan(scan(eventSchema), undefined, source.range)).splits).toEqual([]);
});
