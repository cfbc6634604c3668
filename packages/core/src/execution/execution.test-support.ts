/** Small plans and what runs them, for the tests of operators. */
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { AggregateCall, Call, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { partialSchema } from "../physical-plan/partial-schema.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import type { KeyPrefix } from "../state/key-prefix.ts";
import type { StateStore } from "../state/state-store.ts";
import { type EntriesMoved, VersionedMap, type VisitEntry } from "../state/versioned-map.ts";
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

/** A state store in memory that is never committed: each batch of a test changes it further. */
export class MemoryStateStore implements StateStore {
  readonly version = 0;
  readonly #map: VersionedMap;
  /** Keys put since it was made. */
  puts = 0;
  constructor(prefix?: KeyPrefix) {
    this.#map = new VersionedMap(2, prefix);
  }
  get size(): number {
    return this.#map.size;
  }
  get changedCount(): number {
    return this.#map.changedCount;
  }
  get arena(): Uint8Array {
    return this.#map.arena;
  }
  get(key: Uint8Array): Uint8Array | null {
    const entry = this.find(key, 0, key.length);
    return entry < 0 ? null : this.arena.slice(this.valueStart(entry), this.valueEnd(entry));
  }
  put(key: Uint8Array, value: Uint8Array): void {
    this.putRange(key, 0, key.length, value, 0, value.length);
  }
  remove(key: Uint8Array): void {
    this.#map.remove(key, 0, key.length);
  }
  entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    const found: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
    this.#map.forEach((arena, ks, ke, vs, ve) => found.push({ key: arena.slice(ks, ke), value: arena.slice(vs, ve) }));
    return found.values();
  }
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#map.find(bytes, start, end);
  }
  lookAhead(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, from: number, to: number): void {
    this.#map.lookAhead(bytes, starts, ends, from, to);
  }
  lookAheadAt(entries: Int32Array, from: number, to: number): void {
    this.#map.lookAheadAt(entries, from, to);
  }
  keyStart(entry: number): number {
    return this.#map.keyStart(entry);
  }
  keyEnd(entry: number): number {
    return this.#map.keyEnd(entry);
  }
  valueStart(entry: number): number {
    return this.#map.valueStart(entry);
  }
  valueEnd(entry: number): number {
    return this.#map.valueEnd(entry);
  }
  putRange(...range: Parameters<StateStore["putRange"]>): number {
    this.puts++;
    return this.#map.put(...range);
  }
  putNew(...range: Parameters<StateStore["putNew"]>): number {
    this.puts++;
    return this.#map.putNew(...range);
  }
  setValue(entry: number, value: Uint8Array, start: number, end: number): void {
    this.puts++;
    this.#map.setValue(entry, value, start, end);
  }
  removeEntry(entry: number): void {
    this.#map.removeEntry(entry);
  }
  forEach(visit: VisitEntry): void {
    this.#map.forEach(visit);
  }
  forEachWithPrefix(row: Uint8Array, start: number, visit: VisitEntry): void {
    this.#map.forEachWithPrefix(row, start, visit);
  }
  forEachChange(visit: VisitEntry): void {
    this.#map.forEachChange(visit);
  }
  follow(listener: EntriesMoved): boolean {
    const known = this.#map.onMoved === listener;
    this.#map.onMoved = listener;
    return known;
  }
  relieve(): void {}
  memoryUsedBytes(): number {
    return 0;
  }
  commitProgram(): readonly [] {
    return [];
  }
  committed(): void {}
  abort(): void {}
}
