/** Small plans and what runs them, for the tests of operators. */
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { AggregateCall, Call, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { partialSchema } from "../physical-plan/partial-schema.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import type { KeyPrefix } from "../state/key-prefix.ts";
import { OpenStore } from "../state/open-store.ts";
import type { StateStore } from "../state/state-store.ts";
import { VersionedMap } from "../state/versioned-map.ts";
import { type DataType, field, type SqlValue, type StructType, structType } from "../types/data-type.ts";
import { createSimulatedRuntime } from "../runtime/simulated/index.ts";
import { compilePlan } from "./compile-plan.ts";
import type { BatchContext } from "./context.ts";
import { openOperatorMemory, type OperatorMemory } from "./memory/operator-memory.ts";

export const column = (ordinal: number, type: DataType): Expr & { readonly kind: "BoundReference" } => ({
  kind: "BoundReference",
  ordinal,
  type,
  nullable: true,
});
export const literal = (value: SqlValue, type: DataType): Expr => ({ kind: "Literal", value, type });
export const call = (fn: string, type: DataType, ...args: readonly Expr[]): Call => ({
  kind: "Call",
  fn,
  args,
  type,
  nullable: true,
  ansi: true,
});
export const aggregate = (fn: string, type: DataType, ...args: readonly Expr[]): AggregateCall => ({
  kind: "AggregateCall",
  fn,
  args,
  distinct: false,
  type,
  nullable: true,
  ansi: true,
});

export function context(changes: Partial<BatchContext> = {}): BatchContext {
  return {
    batchId: -1,
    nowMicros: 0n,
    seed: 7n,
    signal: new AbortController().signal,
    openScan: () => Promise.reject(new Error("no scan")),
    openState: () => Promise.reject(new Error("no state")),
    watermark: () => ({ late: 0n, evict: 0n }),
    recordEventTime: () => {},
    observe: () => {},
    metrics: { rows: () => {}, state: () => {} },
    atEnd: () => undefined,
    memory: memoryOf(2 ** 30),
    ...changes,
  };
}

/** Memory of a size over a simulated disk. */
export function memoryOf(limitBytes: number): OperatorMemory {
  return openOperatorMemory(createSimulatedRuntime(1), { limitBytes, directory: "/tmp" });
}

export async function rowsOf(
  plan: PhysicalPlan,
  codegen = true,
  changes: Partial<BatchContext> = {},
): Promise<SqlValue[][]> {
  const compiled = compilePlan(plan, { timeZone: "UTC", ansi: true, codegen, bigint: false });
  const rows: SqlValue[][] = [];
  for (const partition of await compiled.execute(context(changes))) {
    for await (const batch of partition) rows.push(...valuesOfBatch(batch));
  }
  return rows;
}

let nextId = 0;
/** A node number that no other node of the tests has. */
export const newId = (): number => nextId++;
export function local(batch: RecordBatch): PhysicalPlan {
  return { kind: "LocalScan", id: nextId++, schema: batch.schema, batch, columns: batch.columns.map((_, i) => i) };
}
export const table = (schema: StructType, rows: readonly (readonly SqlValue[])[]): PhysicalPlan =>
  local(batchFromValues(schema, rows));
export function final(
  input: PhysicalPlan,
  keys: readonly Expr[],
  aggregates: readonly AggregateCall[],
  steps: (PhysicalPlan & { kind: "PartialAggregate" })["steps"] = [],
): PhysicalPlan {
  const keyFields = keys.map((key, i) => field(`k${i}`, typeOf(key)));
  const schema = partialSchema(keyFields, aggregates);
  const partial: PhysicalPlan = { kind: "PartialAggregate", id: nextId++, schema, input, steps, keys, aggregates };
  const exchange: PhysicalPlan = {
    kind: "Exchange",
    id: nextId++,
    schema,
    input: partial,
    partitioning: { kind: "single" },
  };
  return {
    kind: "FinalAggregate",
    id: nextId++,
    schema: structType([...keyFields, ...aggregates.map((a, i) => field(`a${i}`, a.type))]),
    input: exchange,
    keyCount: keys.length,
    aggregates,
  };
}
export function union(...inputs: readonly PhysicalPlan[]): PhysicalPlan {
  return { kind: "Union", id: nextId++, schema: inputs[0]!.schema, inputs };
}

/** A store in memory that is never committed: each batch of a test changes it further. */
export class CountingStore extends OpenStore {
  /** Keys put since it was made. */
  puts = 0;
  constructor(prefix?: KeyPrefix) {
    super(new VersionedMap(2, prefix), 0, { program: () => [], committed() {}, aborted() {} });
  }
  override putRange(...range: Parameters<StateStore["putRange"]>): number {
    this.puts++;
    return super.putRange(...range);
  }
  override putNew(...range: Parameters<StateStore["putNew"]>): number {
    this.puts++;
    return super.putNew(...range);
  }
  override setValue(...range: Parameters<StateStore["setValue"]>): void {
    this.puts++;
    super.setValue(...range);
  }
}
