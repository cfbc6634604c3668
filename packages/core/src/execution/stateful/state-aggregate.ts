/**
 * Streaming aggregation. For each partition of a batch, in Spark's order of effects:
 *
 * 1. append and update: partial rows whose event time is at or before the late watermark are dropped and counted;
 * 2. partial rows are merged with each other and with the state of their keys, and the merged buffers are put back;
 * 3. output — append: groups at or before the eviction watermark come out and leave the state; update: changed groups
 *    come out, then expired ones leave; complete: all groups come out.
 *
 * Keys and buffers lie in the state as UnsafeRows. Groups without new rows are not touched in update mode. Eviction walks
 * the state, but only when the watermark moved since the batch before (a key at or before the earlier watermark has left
 * or was dropped as late), and decodes of a key that stays only its event time.
 */
import { type AggregatePlan, planAggregate } from "../../codegen/aggregate-plan.ts";
import type { AggregateStore } from "../../codegen/aggregate-stores.ts";
import { evaluateBuffers, mergeBuffers } from "../../codegen/compile-aggregate.ts";
import { KeyCompiler, type KeyTable } from "../../codegen/group-keys.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import { referencesTo } from "../../expressions/traverse.ts";
import type { StateAggregateExec, StateStoreDescription } from "../../physical-plan/stateful.ts";
import type { StateStore } from "../../state/state-store.ts";
import { createRowEncoder } from "../../state/unsafe-row.ts";
import { createRowDecoder, type RowDecoder } from "../../state/unsafe-row-reader.ts";
import { compiledPerUse, type Operator, type OperatorEnvironment, type Partition } from "../operators/operator.ts";
import { EarliestTimes } from "./earliest-times.ts";
import { type KeyEventTime, keyEventTime } from "./key-event-time.ts";
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
  const earliest = new EarliestTimes();
  return statefulOperator(plan, [input], async function* (state, rows) {
    const { plans, compiler, assigner } = compiled(state.index);
    const run = new StateAggregation(plan, schema, plans, compiler.table(), state, earliest);
    try {
      yield* run.run(rows!, (batch, groups) => assigner.assign(run.table, batch, groups));
    } finally {
      run.table.release();
    }
  });
}

class StateAggregation {
  readonly table: KeyTable;
  readonly #plan: StateAggregateExec;
  readonly #schema: StateStoreDescription;
  readonly #plans: readonly AggregatePlan[];
  readonly #stores: readonly AggregateStore[];
  readonly #state: StatePartition;
  readonly #store: StateStore;
  readonly #keyDecoder: RowDecoder;
  readonly #valueDecoder: RowDecoder;
  readonly #eventTime: KeyEventTime | undefined;
  readonly #earliest: EarliestTimes;

  constructor(
    plan: StateAggregateExec,
    schema: StateStoreDescription,
    plans: readonly AggregatePlan[],
    table: KeyTable,
    state: StatePartition,
    earliest: EarliestTimes,
  ) {
    this.#earliest = earliest;
    this.table = table;
    this.#plan = plan;
    this.#schema = schema;
    this.#plans = plans;
    this.#stores = plans.map((aggregate) => aggregate.create());
    this.#state = state;
    this.#store = state.store();
    this.#keyDecoder = createRowDecoder(schema.key.fields.map((f) => f.type));
    this.#valueDecoder = createRowDecoder(schema.value.fields.map((f) => f.type));
    this.#eventTime = plan.eventTime === undefined ? undefined : keyEventTime(plan.eventTime, schema.key);
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
    if (outputMode === "complete") yield* this.#entries(() => true, false);
    if (eventTime !== undefined) yield* this.#evict(eventTime);
  }

  *#evict({ expired, time }: KeyEventTime): Generator<RecordBatch, void, undefined> {
    const state = this.#state;
    const { evict } = state;
    let stayed = Infinity;
    const leaves = (bytes: Uint8Array, start: number): boolean => {
      if (expired(bytes, start, evict)) return true;
      const at = time(bytes, start);
      if (at < stayed) stayed = at;
      return false;
    };
    if (state.watermarkMoved) {
      if (this.#plan.outputMode === "append") yield* this.#entries((key) => leaves(key, 0), true);
      else this.#removeExpired(leaves);
    }
    this.#earliest.update(state, this.#store, time, state.watermarkMoved ? stayed : undefined);
  }

  /** Merges partial rows; the state of a key that is new to this batch goes first, as its rows were first. */
  #merge(batch: RecordBatch, assign: (batch: RecordBatch, groups: Int32Array) => void): void {
    const before = this.table.count;
    const groups = new Int32Array(batch.length);
    assign(batch, groups);
    this.#restore(before);
    mergeBuffers(batch, this.#plan.keyCount, groups, this.table, this.#plans, this.#stores);
  }

  #restore(from: number): void {
    const to = this.table.count;
    if (to === from) return;
    const encoder = createRowEncoder();
    encoder.bind(this.table.keys(from, to));
    const builders = this.#schema.value.fields.map((f) => createBuilder(f.type));
    const groups: number[] = [];
    for (let g = from; g < to; g++) {
      const value = this.#store.get(encoder.encode(g - from));
      if (value === null) continue;
      this.#valueDecoder.appendTo(builders, value, 0, value.length);
      groups.push(g);
    }
    const columns = builders.map((builder) => builder.finish());
    const rows = { schema: this.#schema.value, length: groups.length, columns };
    mergeBuffers(rows, 0, Int32Array.from(groups), this.table, this.#plans, this.#stores);
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
    const keys = createRowEncoder();
    const values = createRowEncoder();
    keys.bind(this.table.keys());
    values.bind(this.#stores.flatMap((store) => store.buffers(count)));
    for (let g = 0; g < count; g++) this.#store.put(keys.encode(g), values.encode(g));
  }

  #removeExpired(expired: (bytes: Uint8Array, start: number) => boolean): void {
    this.#store.forEach((arena, keyStart, _keyEnd, _valueStart, _valueEnd, entry) => {
      if (!expired(arena, keyStart)) return;
      this.#store.removeEntry(entry);
      this.#state.removed++;
    });
  }

  /** The final rows of entries that are chosen by their key; with `remove` they leave the state. */
  *#entries(chosen: (key: Uint8Array) => boolean, remove: boolean): Generator<RecordBatch, void, undefined> {
    const newBuilders = () => ({
      keys: this.#schema.key.fields.map((f) => createBuilder(f.type)),
      values: this.#schema.value.fields.map((f) => createBuilder(f.type)),
    });
    const builders = newBuilders();
    let rows = 0;
    const finish = (): RecordBatch => {
      const length = rows;
      rows = 0;
      const values = builders.values.map((builder) => builder.finish());
      return {
        schema: this.#plan.schema,
        length,
        columns: [...builders.keys.map((b) => b.finish()), ...evaluateBuffers(this.#plans, values, length)],
      };
    };
    for (const { key, value } of this.#store.entries()) {
      if (!chosen(key)) continue;
      this.#keyDecoder.appendTo(builders.keys, key, 0, key.length);
      this.#valueDecoder.appendTo(builders.values, value, 0, value.length);
      rows++;
      if (remove) {
        this.#store.remove(key);
        this.#state.removed++;
      }
      if (rows === targetBatchRows) yield finish();
    }
    if (rows > 0) yield finish();
  }
}
