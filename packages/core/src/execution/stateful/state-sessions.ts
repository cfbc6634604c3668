/**
 * Aggregation by sessions. For each partition of a batch, in Spark's order of effects:
 *
 * 1. partial rows whose session ends at or before the late watermark are dropped and counted, also in complete mode, and
 *    also when they would have met a session of the state;
 * 2. the sessions that the state holds of the keys of the other rows come in; all are merged in the order of their starts;
 * 3. sessions that have changed are put back; those that went into a session with an earlier start leave;
 * 4. output — append: sessions at or before the eviction watermark come out and leave the state; complete: all come out.
 *
 * A value is a whole row (keys, session, buffers); its key is the other keys and the start of the session.
 */
import { type AggregatePlan, planAggregate } from "../../codegen/aggregate-plan.ts";
import { evaluateBuffers } from "../../codegen/compile-aggregate.ts";
import { type KeyAssigner, KeyCompiler, type KeyTable } from "../../codegen/group-keys.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { sortIndices } from "../../columnar/row-order.ts";
import { ascending } from "../../columnar/sort.ts";
import type { Vector } from "../../columnar/vector.ts";
import { referencesTo } from "../../expressions/traverse.ts";
import { otherKeys } from "../../physical-plan/plan-sessions.ts";
import type { StateSessionsExec } from "../../physical-plan/stateful.ts";
import type { StateStore } from "../../state/state-store.ts";
import { createRowEncoder } from "../../state/unsafe-row.ts";
import { intType, type StructType, structType } from "../../types/data-type.ts";
import { compiledPerUse, type Operator, type OperatorEnvironment, type Partition } from "../operators/operator.ts";
import { mergeSessions, timesOf } from "../sessions/merge-sessions.ts";
import { allEntries, EntryColumns } from "./entry-columns.ts";
import { type KeyEventTime, keyEventTime } from "./key-event-time.ts";
import { LeavingByStore, type LeavingEntries } from "./leaving-entries.ts";
import { statefulOperator, type StatePartition } from "./state-partition.ts";

interface CompiledSessions {
  readonly plans: readonly AggregatePlan[];
  readonly compiler: KeyCompiler;
  readonly assigner: KeyAssigner;
}

export function compileStateSessions(plan: StateSessionsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const { context, codegen } = environment.codegen;
  const others = otherKeys(plan.keyCount, plan.sessions);
  const compiled = compiledPerUse(environment, [], (): CompiledSessions => {
    const plans = plan.aggregates.map((call) => planAggregate(call, context, codegen));
    const references = referencesTo(input.schema.fields);
    const compiler = new KeyCompiler(structType(others.map((i) => input.schema.fields[i]!)), environment.codegen);
    const keys = others.map((i) => references[i]!);
    return { plans, compiler, assigner: compiler.assigner(keys, input.schema, { missing: "insert", nulls: "group" }) };
  });
  environment.source(plan.id, compiled(0).assigner.source);
  const leaving = new LeavingByStore();
  return statefulOperator(plan, [input], async function* (state, rows) {
    yield* new StateSessions(plan, others, compiled(state.index), state, leaving.of(state.index)).run(rows!);
  });
}

/** Sessions that the state holds of some keys. */
interface SavedSessions {
  readonly rows: RecordBatch;
  /** By row: the number of its key, and its entry in the store. */
  readonly keys: readonly number[];
  readonly entries: readonly number[];
}

class StateSessions {
  readonly #plan: StateSessionsExec;
  readonly #others: readonly number[];
  readonly #compiled: CompiledSessions;
  readonly #state: StatePartition;
  readonly #store: StateStore;
  /** Schema of the partial rows and of the values. */
  readonly #schema: StructType;
  readonly #columns: EntryColumns;
  readonly #eventTime: KeyEventTime | undefined;
  readonly #leaving: LeavingEntries;

  constructor(
    plan: StateSessionsExec,
    others: readonly number[],
    compiled: CompiledSessions,
    state: StatePartition,
    leaving: LeavingEntries,
  ) {
    this.#leaving = leaving;
    this.#plan = plan;
    this.#others = others;
    this.#compiled = compiled;
    this.#state = state;
    this.#store = state.store();
    this.#schema = plan.state.stores[0]!.value;
    this.#columns = new EntryColumns("value", this.#schema);
    this.#eventTime = plan.eventTime === undefined ? undefined : keyEventTime(plan.eventTime, this.#schema);
  }

  async *run(partition: Partition): AsyncGenerator<RecordBatch, void, undefined> {
    const { outputMode } = this.#plan;
    const state = this.#state;
    const eventTime = this.#eventTime;
    const batches: RecordBatch[] = [];
    let bytes = 0;
    state.holds(() => bytes + this.#leaving.memoryBytes);
    for await (const batch of partition) {
      const rows = eventTime === undefined ? batch : state.onTime(batch, eventTime.ordinal);
      if (rows.length === 0) continue;
      batches.push(rows);
      bytes += batchMemorySize(rows);
    }
    if (batches.length > 0) this.#merge(concatBatches(this.#schema, batches));
    bytes = 0;
    state.updatesDone();
    if (outputMode === "complete") yield* this.#rows(allEntries(this.#store));
    else if (eventTime !== undefined) yield* this.#ended(eventTime);
  }

  /** The sessions that the watermark has reached. */
  *#ended({ expired, time }: KeyEventTime): Generator<RecordBatch, void, undefined> {
    const state = this.#state;
    const store = this.#store;
    const leaving = this.#leaving;
    leaving.open(store, {
      leavesAt: (arena, _keyStart, valueStart) => time(arena, valueStart),
      isDue: (arena, _keyStart, valueStart) => expired(arena, valueStart, state.evict),
    });
    if (state.watermarkMoved) {
      const due = leaving.take(Number(state.evict));
      yield* this.#rows(due);
      for (const entry of due) store.removeEntry(entry);
      state.removed += due.length;
    }
    state.leavesNext = leaving.close();
  }

  #merge(added: RecordBatch): void {
    const { compiler, assigner, plans } = this.#compiled;
    const table = compiler.table();
    try {
      const addedKeys = new Int32Array(added.length);
      assigner.assign(table, added, addedKeys);
      const saved = this.#saved(table);
      const savedCount = saved.rows.length;
      const unordered = concatBatches(this.#schema, [saved.rows, added]);
      const keys = new Int32Array(unordered.length);
      keys.set(saved.keys);
      keys.set(addedKeys, savedCount);
      const { sessions, keyCount } = this.#plan;
      const session = sessions[0]!;
      // Of equal starts those of the state come first.
      const order = sortIndices(
        [
          { kind: "i32", type: intType, length: keys.length, validity: null, values: keys },
          timesOf(unordered.columns[session]!, 0),
        ],
        [ascending, ascending],
      );
      const rows = gatherBatch(unordered, order, order.length);
      const sameKeys = (before: number, row: number): boolean => keys[order[before]!] === keys[order[row]!];
      const merged = mergeSessions(rows, { keyCount, sessions, plans }, sameKeys);
      // A session of one row that was in the state is as it was.
      const changed = new Uint8Array(merged.count);
      const starts = timesOf(rows.columns[session]!, 0).values;
      const firstStarts = timesOf(merged.keys[session]!, 0).values;
      for (let i = 0; i < rows.length; i++) {
        const group = merged.groups[i]!;
        const from = order[i]!;
        if (from >= savedCount || (i > 0 && merged.groups[i - 1] === group)) changed[group] = 1;
        if (from < savedCount && starts[i] !== firstStarts[group]) {
          this.#store.removeEntry(saved.entries[from]!);
          this.#state.removed++;
        }
      }
      this.#put([...merged.keys, ...merged.aggregates(0, merged.count).buffers()], changed);
      // As Spark counts: all sessions of the keys that came.
      this.#state.updated = merged.count;
    } finally {
      table.release();
    }
  }

  /** The sessions of the keys of a table. */
  #saved(table: KeyTable): SavedSessions {
    const keys: number[] = [];
    const entries: number[] = [];
    const encoder = createRowEncoder();
    encoder.bind(table.keys());
    for (let key = 0; key < table.count; key++) {
      encoder.write(key);
      this.#store.forEachWithPrefix(encoder.buffer, 0, (_arena, _ks, _ke, _vs, _ve, entry) => {
        keys.push(key);
        entries.push(entry);
      });
    }
    const columns = this.#columns.of(this.#store, entries, 0, entries.length);
    return { rows: { schema: this.#schema, length: keys.length, columns }, keys, entries };
  }

  /** Puts the sessions of which `changed` is 1 into the state. */
  #put(columns: readonly Vector[], changed: Uint8Array): void {
    const keys = createRowEncoder();
    const values = createRowEncoder();
    keys.bind([...this.#others.map((i) => columns[i]!), timesOf(columns[this.#plan.sessions[0]!]!, 0)]);
    values.bind(columns);
    for (let group = 0; group < changed.length; group++) {
      if (changed[group] === 0) continue;
      const keyEnd = keys.write(group);
      const valueEnd = values.write(group);
      this.#store.putRange(keys.buffer, 0, keyEnd, values.buffer, 0, valueEnd);
    }
  }

  /** The final rows of sessions. */
  *#rows(entries: ArrayLike<number>): Generator<RecordBatch, void, undefined> {
    const { keyCount, schema } = this.#plan;
    for (let from = 0; from < entries.length; from += targetBatchRows) {
      const length = Math.min(targetBatchRows, entries.length - from);
      const columns = this.#columns.of(this.#store, entries, from, length);
      const results = evaluateBuffers(this.#compiled.plans, columns.slice(keyCount), length);
      yield { schema, length, columns: [...columns.slice(0, keyCount), ...results] };
    }
  }
}
