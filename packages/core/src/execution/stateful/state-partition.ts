/**
 * What every stateful operator has in common: for each partition of a batch it opens its stores, drops rows that come too
 * late, and tells what it did. An operator is a function of a {@link StatePartition} and the rows of its inputs.
 */
import { halvesOf } from "../../columnar/external-values.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isValid } from "../../columnar/vector.ts";
import { assertInvariant } from "../../errors/index.ts";
import type { OperatorState, StatefulExec } from "../../physical-plan/stateful.ts";
import { memoryStateStore } from "../../state/open-store.ts";
import { keyPrefix } from "../../state/key-prefix.ts";
import type { StateStore } from "../../state/state-store.ts";
import type { BatchContext } from "../context.ts";
import { eventTimes } from "../operators/event-time-watermark.ts";
import { lazily, type Operator, type Partition } from "../operators/operator.ts";

/** Runs one partition of one batch: changes the state and gives out rows. `inputs` are the partition's rows, by input. */
export type RunStatePartition = (
  state: StatePartition,
  ...inputs: readonly Partition[]
) => AsyncGenerator<RecordBatch, void, undefined>;

/**
 * The running operator. Every partition is to be pulled to its end, also when nobody wants more rows: rows that were not
 * looked at would be missing from the state.
 * @param inputs each with one partition for each partition of the state
 */
export function statefulOperator(plan: StatefulExec, inputs: readonly Operator[], run: RunStatePartition): Operator {
  return {
    schema: plan.schema,
    async open(context) {
      const opened: (readonly Partition[])[] = [];
      for (const input of inputs) opened.push(await input.open(context));
      const count = plan.state.partitions;
      assertInvariant(
        opened.every((partitions) => partitions.length === count),
        `the stateful operator ${plan.state.operatorId} wants inputs of ${count} partitions`,
      );
      return Array.from({ length: count }, (_, index) =>
        lazily(async function* () {
          const state = await StatePartition.open(plan.state, index, context);
          yield* run(state, ...opened.map((partitions) => watched(partitions[index]!, state)));
          state.relieve();
          state.report();
        }),
      );
    },
  };
}

/** Between two batches of rows the stores may give back memory, and it is seen whether the state has become too large. */
async function* watched(rows: Partition, state: StatePartition): AsyncGenerator<RecordBatch, void, undefined> {
  for await (const batch of rows) {
    yield batch;
    state.relieve();
  }
}

/** The state of a batch query ends with it. */
function isLasting(state: OperatorState): boolean {
  return state.operatorId >= 0;
}
const noWatermark = { late: 0n, evict: 0n };

/** One partition of a stateful operator in one batch: its stores, its watermarks, and what it counts. */
export class StatePartition {
  readonly index: number;
  readonly context: BatchContext;
  /** Watermark of the batch before, µs: rows at or before it are late. */
  readonly late: bigint;
  /** Watermark of this batch, µs: what lies at or before it leaves the state. */
  readonly evict: bigint;
  /** The batch's timestamp, milliseconds since the epoch. */
  readonly nowMs: number;
  /** Keys that were set and keys that left. */
  updated = 0;
  removed = 0;
  droppedByWatermark = 0;
  /** Earliest watermark at which an entry leaves the state, µs; Infinity: none leaves by the watermark. */
  leavesNext: number = Infinity;
  /** Rows in the state, where that is not the number of all keys. */
  rows: number | undefined;
  readonly #held: (() => number)[] = [];
  /** When the operator wants a batch, also without data: milliseconds since the epoch; Infinity: it does not. */
  dueMs: number = Infinity;
  /** Counters of this kind of operator. */
  readonly custom: Record<string, number> = {};
  readonly #state: OperatorState;
  readonly #stores: ReadonlyMap<string, StateStore>;
  readonly #startedAt: number;
  #updatedAt: number;

  private constructor(
    state: OperatorState,
    index: number,
    context: BatchContext,
    stores: ReadonlyMap<string, StateStore>,
  ) {
    this.index = index;
    this.context = context;
    this.nowMs = Number(context.nowMicros / 1000n);
    this.#state = state;
    this.#stores = stores;
    const { late, evict } = isLasting(state) ? context.watermark(state.operatorId) : noWatermark;
    this.late = late;
    this.evict = evict;
    this.#startedAt = this.#now();
    this.#updatedAt = this.#startedAt;
  }

  static async open(state: OperatorState, index: number, context: BatchContext): Promise<StatePartition> {
    const stores = new Map<string, StateStore>();
    for (const { name, key, prefixColumns } of state.stores) {
      const store = isLasting(state)
        ? await context.openState(state.operatorId, index, name)
        : memoryStateStore(keyPrefix(key, prefixColumns));
      stores.set(name, store);
    }
    return new StatePartition(state, index, context, stores);
  }

  store(name = "default"): StateStore {
    const store = this.#stores.get(name);
    assertInvariant(store !== undefined, `the operator ${this.#state.operatorName} has no store ${name}`);
    return store;
  }

  /** Whether the watermark has moved since the batch before: otherwise nothing that was there then can leave now. */
  get watermarkMoved(): boolean {
    return this.evict > this.late;
  }

  /** The rows that are not late: whose event time is NULL or after the watermark of the batch before. Counts the others. */
  onTime(batch: RecordBatch, eventTimeOrdinal: number): RecordBatch {
    const column = batch.columns[eventTimeOrdinal]!;
    const times = eventTimes(column);
    const halves = halvesOf(times.values);
    const limit = halvesOf(BigInt64Array.of(this.late));
    const [low, high] = [limit[0]! >>> 0, limit[1]!];
    const allPresent = column.validity === null && times.validity === null;
    const selection = new Int32Array(batch.length);
    let count = 0;
    for (let i = 0; i < batch.length; i++) {
      const at = halves[2 * i + 1]!;
      const isLate = at < high || (at === high && halves[2 * i]! >>> 0 <= low);
      if (!isLate || !(allPresent || (isValid(column, i) && isValid(times, i)))) selection[count++] = i;
    }
    this.droppedByWatermark += batch.length - count;
    return count === batch.length ? batch : gatherBatch(batch, selection, count);
  }

  /** Says what memory the operator holds beside the stores, bytes: it is asked again and again. */
  holds(bytes: () => number): void {
    this.#held.push(bytes);
  }
  get #besideStores(): number {
    return this.#held.reduce((sum, bytes) => sum + bytes(), 0);
  }

  /** Between two pieces of work, when nobody holds places of values. */
  relieve(): void {
    for (const store of this.#stores.values()) store.relieve();
    if (isLasting(this.#state)) {
      this.context.holdState?.(this.#state.operatorId, this.index, this.#besideStores);
    }
  }

  /** All rows have gone into the state; from here on the time counts as that of removals. */
  updatesDone(): void {
    this.#updatedAt = this.#now();
  }

  /** Tells progress what the partition did: once, at its end. */
  report(): void {
    const stores = [...this.#stores.values()];
    this.context.metrics.state(this.#state.operatorId, {
      numRowsTotal: this.rows ?? stores.reduce((sum, store) => sum + store.size, 0),
      numRowsUpdated: this.updated,
      numRowsRemoved: this.removed,
      numRowsDroppedByWatermark: this.droppedByWatermark,
      allUpdatesTimeMs: this.#updatedAt - this.#startedAt,
      allRemovalsTimeMs: this.#now() - this.#updatedAt,
      memoryUsedBytes: stores.reduce((sum, store) => sum + store.memoryUsedBytes(), this.#besideStores),
      ...(this.leavesNext === Infinity ? {} : { leavesNextMicros: this.leavesNext }),
      ...(this.dueMs === Infinity ? {} : { dueMs: this.dueMs }),
      custom: this.custom,
    });
  }

  #now(): number {
    return this.context.metrics.nowMs?.() ?? 0;
  }
}
