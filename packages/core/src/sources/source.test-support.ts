/** What the tests of file sources share: a context over a runtime, and rows of a source as values. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import { valuesOfBatch } from "../columnar/batch-from-values.ts";
import { encodeUtf8 } from "../columnar/utf8.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { SqlValue, StructType } from "../types/data-type.ts";
import type { MicroBatchSource, OffsetJson, PushedFilter, SourceProvider, StreamSourceContext } from "./contract.ts";

export interface TestContext extends StreamSourceContext {
  readonly warnings: string[];
}

export function testContext(
  runtime: Runtime,
  paths: readonly string[],
  options: Readonly<Record<string, string>> = {},
  conf: Readonly<Record<string, string>> = {},
): TestContext {
  const warnings: string[] = [];
  return {
    runtime,
    options: new Map(Object.entries(options).map(([name, value]) => [name.toLowerCase(), value])),
    paths,
    timeZone: "UTC",
    conf: (key) => conf[key],
    signal: new AbortController().signal,
    warn: (message) => void warnings.push(message),
    warnings,
    metadataPath: "/checkpoint/sources/0",
    durability: "fsync",
    queryId: "query",
  };
}

export async function put(runtime: Runtime, path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? encodeUtf8(content) : content;
  await runtime.fs.apply([
    { op: "makeDirectory", path: path.slice(0, path.lastIndexOf("/")) || "/" },
    { op: "write", path, bytes },
  ]);
}

export async function collect(batches: AsyncIterable<RecordBatch>): Promise<SqlValue[][]> {
  const rows: SqlValue[][] = [];
  for await (const batch of batches) rows.push(...valuesOfBatch(batch));
  return rows;
}

/** All rows of a batch read. */
export async function readAll(
  provider: SourceProvider,
  context: TestContext,
  schema: StructType,
  columns: StructType = schema,
  filter?: PushedFilter,
): Promise<SqlValue[][]> {
  const source = await provider.openBatch!(context, { schema, columns, ...(filter === undefined ? {} : { filter }) });
  const rows: SqlValue[][] = [];
  for (const split of source.splits) rows.push(...(await collect(source.read(split, context.signal))));
  await source.close();
  return rows;
}

/** Rows of the range (start, end] of a stream. */
export async function readRangeOf(
  source: MicroBatchSource,
  context: TestContext,
  start: OffsetJson | null,
  end: OffsetJson,
): Promise<SqlValue[][]> {
  const rows: SqlValue[][] = [];
  for (const split of await source.plan(start, end)) rows.push(...(await collect(source.read(split, context.signal))));
  return rows;
}
