/** What the tests of sinks share: contexts on a simulated runtime, and batches from arrays. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import {
  createSimulatedRuntime,
  type SimulatedRuntime,
  type SimulatedRuntimeOptions,
} from "../runtime/simulated/index.ts";
import type { StructType } from "../types/data-type.ts";
import type { SinkBatch, StreamSinkContext } from "./contract.ts";

export type ContextChange = Partial<StreamSinkContext>;

export function contextOf(
  runtime: SimulatedRuntime,
  schema: StructType,
  options: Readonly<Record<string, string>> = {},
  change: ContextChange = {},
): StreamSinkContext {
  return {
    runtime,
    options: new Map(Object.entries(options)),
    path: undefined,
    schema,
    partitionColumns: [],
    timeZone: "UTC",
    conf: () => undefined,
    warn: () => {},
    bigint: false,
    queryId: "query-1",
    outputMode: "append",
    durability: "fsync",
    signal: new AbortController().signal,
    ...change,
  };
}

export function testWorld(
  schema: StructType,
  options: Readonly<Record<string, string>> = {},
  world: SimulatedRuntimeOptions = {},
): { readonly runtime: SimulatedRuntime; readonly context: (change?: ContextChange) => StreamSinkContext } {
  const runtime = createSimulatedRuntime(1, world);
  return { runtime, context: (change) => contextOf(runtime, schema, options, change) };
}

export function partitionsOf(partitions: readonly (readonly RecordBatch[])[]): AsyncIterable<RecordBatch>[] {
  return partitions.map(async function* (batches) {
    yield* batches;
  });
}

export function batchOf(batchId: number, schema: StructType, ...partitions: (readonly RecordBatch[])[]): SinkBatch {
  return { batchId, schema, partitions: partitionsOf(partitions), signal: new AbortController().signal };
}
