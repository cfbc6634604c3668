/**
 * Streaming aggregation. For each partition of a batch, in Spark's order of effects:
 *
 * 1. append and update: partial rows whose event time is at or before the late watermark are dropped and counted;
 * 2. partial rows are merged with each other and with the state of their keys, and the merged buffers are put back;
 * 3. output — append: groups at or before the eviction watermark come out and leave the state; update: changed groups
 *    come out, then expired ones leave; complete: all groups come out.
 *
 * Keys and buffers lie in the state as UnsafeRows. Groups without new rows are not touched in update mode. Groups leave only
 * when the watermark moved since the batch before: a key at or before the earlier watermark has left or was dropped as late.
 */
import { type AggregatePlan, planAggregate } from "../../codegen/aggregate-plan.ts";
import type { AggregateStore } from "../../codegen/aggregate-stores.ts";
import { evaluateBuffers, mergeBuffers } from "../../codegen/compile-aggregate.ts";
import { KeyCompiler, type KeyTable } from "../../codegen/group-keys.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { referencesTo } from "../../expressions/traverse.ts";
import type { StateAggregateExec, StateStoreDescription } from "../../physical-plan/stateful.ts";
import type { StateStore } from "../../state/state-store.ts";
import { createRowEncoder, RowsEncoder } from "../../state/unsafe-row.ts";
import { compiledPerUse, type Operator, type OperatorEnvironment, type Partition } from "../operators/operator.ts";
import { type KeyEventTime, keyEventTime } from "./key-event-time.ts";
import { allEntries, EntryColumns } from "./entry-columns.ts";
import { LeavingByStore, type LeavingEntries } from "./leaving-entries.ts";
import { statefulOperator, type StatePartition } from "./state-partition.ts";

export function compileStateAggregate(plan: StateAggregateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const schema = plan.state.stores[0]!;
  const compiled = compiledPerUse(environment, [], () => {
    const plans = plan.aggregates.map((call) =>
      planAggregate(call, environment.codegen.context, environment.codegen.codegen),
    );
    const keys = referencesTo(schema.key.fields);
    const compiler = new KeyCompiler(schema.key, environment.codegen);
    return { plans, compiler, assigner: compiler.assigner(keys, input.schema, { missing: "insert", nulls: "group" }) };
  });
  environment.source(plan.id, compiled(0).assigner.source);
  const leaving = new LeavingByStore();
  return statefulOperator(plan, [input], async function* (state, rows) {
    const { plans, compiler, assigner } = compiled(state.index);
    const run = new StateAggregation(plan, schema, plans, compiler.table(), state, leaving.of(state.index));
    try {
      yield* run.run(rows!, (batch, groups) => assigner.assign(run.table, batch, groups));
    } finally {
      run.release();
    }
  });
}

/** Keys that are encoded, and looked up, at a stretch. */
const keysPerStretch = 1024;

class StateAggregation {
  readonly table: KeyTable;
  readonly #plan: StateAggregateExec;
  readonly #schema: StateStoreDescription;
  readonly #plans: readonly AggregatePlan[];
  readonly #stores: readonly AggregateStore[];
  readonly #state: StatePartition;
  readonly #store: StateStore;
  readonly #keyColumns: EntryColumns;
  readonly #valueColumns: EntryColumns;
  /** By group: its entry in the store; −1: it has none yet. */
  #entries: Int32Array = new Int32Array(64);
  readonly #eventTime: KeyEventTime | undefined;
  readonly #leaving: LeavingEntries;
  #released = false;

  constructor(
    plan: StateAggregateExec,
    schema: StateStoreDescription,
    plans: readonly AggregatePlan[],
    table: KeyTable,
    state: StatePartition,
    leaving: LeavingEntries,
  ) {
    this.#leaving = leaving;
    this.table = table;
    this.#plan = plan;
    this.#schema = schema;
    this.#plans = plans;
    this.#stores = plans.map((aggregate) => aggregate.create());
    this.#state = state;
    this.#store = state.store();
    // The groups of the batch, at eight bytes for each of their buffers.
    state.holds(() => (this.#released ? 0 : table.memoryBytes + 8 * table.count * schema.value.fields.length));
    state.holds(() => leaving.memoryBytes);
    this.#keyColumns = new EntryColumns("key", schema.key);
    this.#valueColumns = new EntryColumns("value", schema.value);
    this.#eventTime = plan.eventTime === undefined ? undefined : keyEventTime(plan.eventTime, schema.key);
  }

  release(): void {
    this.#released = true;
    this.table.release();
  }

  async *run(
    partition: Partition,
    assign: (batch: RecordBatch, groups: Int32Array) => void,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const { outputMode } = this.#plan;
    const state = this.#state;
    const eventTime = outputMode === "complete" ? undefined : this.#eventTime;
    let inputRows = 0;
    for await (const batch of partition) {
      inputRows += batch.length;
      const rows = eventTime === undefined ? batch : state.onTime(batch, eventTime.ordinal);
      if (rows.length > 0) this.#merge(rows, assign);
    }
    // Without keys there is one group, which a batch without rows shows too.
    if (this.#plan.keyCount === 0 && inputRows === 0) this.#merge(this.#noRows(), assign);
    const updated = this.table.count;
    this.#save();
    state.updated = updated;
    state.updatesDone();
    if (outputMode === "update" && updated > 0) {
      const columns = [...this.table.keys(), ...this.#stores.map((store) => store.results(updated))];
      yield { schema: this.#plan.schema, length: updated, columns };
    }
    if (outputMode === "complete") yield* this.#rows(allEntries(this.#store));
    if (eventTime !== undefined) yield* this.#evict(eventTime);
  }

  *#evict({ expired, time }: KeyEventTime): Generator<RecordBatch, void, undefined> {
    const state = this.#state;
    const store = this.#store;
    const leaving = this.#leaving;
    leaving.open(store, { leavesAt: time, isDue: (arena, keyStart) => expired(arena, keyStart, state.evict) });
    if (state.watermarkMoved) {
      const due = leaving.take(Number(state.evict));
      if (this.#plan.outputMode === "append") yield* this.#rows(due);
      for (const entry of due) store.removeEntry(entry);
      state.removed += due.length;
    }
    state.leavesNext = leaving.close();
  }

  /** Merges partial rows; the state of a key that is new to this batch goes first, as its rows were first. */
  #merge(batch: RecordBatch, assign: (batch: RecordBatch, groups: Int32Array) => void): void {
    const before = this.table.count;
    const groups = new Int32Array(batch.length);
    assign(batch, groups);
    this.#restore(before);
    mergeBuffers(batch, this.#plan.keyCount, groups, this.table, this.#plans, this.#stores);
  }

  /** Merges what the state holds of groups from one on, and notes where it stands. */
  #restore(from: number): void {
    const to = this.table.count;
    if (to === from) return;
    const store = this.#store;
    if (to > this.#entries.length) {
      const grown = new Int32Array(Math.max(to, 2 * this.#entries.length));
      grown.set(this.#entries);
      this.#entries = grown;
    }
    const encoder = new RowsEncoder();
    encoder.bind(this.table.keys(from, to));
    const found = new Int32Array(to - from);
    const groups = new Int32Array(to - from);
    let count = 0;
    for (let first = from; first < to; first += keysPerStretch) {
      const stretch = Math.min(keysPerStretch, to - first);
      const { bytes, starts, ends } = encoder.encode(first - from, first - from + stretch);
      store.lookAhead(bytes, starts, ends, 0, stretch);
      for (let i = 0; i < stretch; i++) {
        const entry = store.find(bytes, starts[i]!, ends[i]!);
        this.#entries[first + i] = entry;
        if (entry < 0) continue;
        found[count] = entry;
        groups[count++] = first + i;
      }
    }
    const columns = this.#valueColumns.of(store, found, 0, count);
    const rows = { schema: this.#schema.value, length: count, columns };
    mergeBuffers(rows, 0, groups.subarray(0, count), this.table, this.#plans, this.#stores);
  }

  /** A keyless batch of no partial rows: the group exists, nothing is added to it. */
  #noRows(): RecordBatch {
    const columns = this.#stores.flatMap((store) => {
      store.ensure(1);
      return store.buffers(1);
    });
    return { schema: this.#schema.value, length: 1, columns };
  }

  #save(): void {
    const count = this.table.count;
    if (count === 0) return;
    const store = this.#store;
    const keys = createRowEncoder();
    const values = createRowEncoder();
    keys.bind(this.table.keys());
    values.bind(this.#stores.flatMap((aggregates) => aggregates.buffers(count)));
    for (let group = 0; group < count; group++) {
      const entry = this.#entries[group]!;
      const end = values.write(group);
      if (entry >= 0) store.setValue(entry, values.buffer, 0, end);
      else store.putRange(keys.buffer, 0, keys.write(group), values.buffer, 0, end);
    }
  }

  /** The final rows of entries. */
  *#rows(entries: ArrayLike<number>): Generator<RecordBatch, void, undefined> {
    const store = this.#store;
    for (let from = 0; from < entries.length; from += targetBatchRows) {
      const length = Math.min(targetBatchRows, entries.length - from);
      const buffers = this.#valueColumns.of(store, entries, from, length);
      const columns = [
        ...this.#keyColumns.of(store, entries, from, length),
        ...evaluateBuffers(this.#plans, buffers, length),
      ];
      yield { schema: this.#plan.schema, length, columns };
    }
  }
}
