/**
 * Of the rows with equal keys, over all batches, the first one. For each partition of a batch:
 *
 * 1. rows at or before the watermark of the batch before are dropped and counted, whether or not their key has been seen;
 * 2. a row whose key is not in the state comes out, and its key goes in; other rows are counted as duplicates;
 * 3. keys leave that the watermark of this batch has reached: by their own event time, or, within the watermark, by the time
 *    of their first row plus the delay. Later duplicates do not keep a key longer.
 *
 * A key is an UnsafeRow; its value is Spark's empty row, or the time at which it expires in µs. NULLs are equal keys. A NULL
 * event time is never late; within the watermark it counts as the epoch, as Spark's operator reads it.
 */
import { halvesOf } from "../../columnar/external-values.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isValid } from "../../columnar/vector.ts";
import type { StateDeduplicateExec } from "../../physical-plan/stateful.ts";
import type { StateStore } from "../../state/state-store.ts";
import { encodeRow, RowsEncoder } from "../../state/unsafe-row.ts";
import { nullType } from "../../types/data-type.ts";
import { eventTimes } from "../operators/event-time-watermark.ts";
import type { Operator, OperatorEnvironment } from "../operators/operator.ts";
import { keyEventTime, longAt, longAtOrBefore } from "./key-event-time.ts";
import { LeavingByStore, type LeavingEntries } from "./leaving-entries.ts";
import { statefulOperator, type StatePartition } from "./state-partition.ts";

/** Writes the value of a key that the row brings, behind the null bitmap at byte 8. */
type ValueOfRow = (row: number) => void;

/** What differs between the ways of forgetting keys. */
interface Forgetting {
  /** The value that goes in with a key; changed for each row by what {@link ValueOfRow} writes. */
  readonly value: Uint8Array;
  values?(batch: RecordBatch): ValueOfRow;
  /** When keys leave; absent: never. */
  readonly leaving?: {
    expired(arena: Uint8Array, keyStart: number, valueStart: number, watermark: bigint): boolean;
    /** The watermark at which an entry leaves, µs. */
    leavesAt(arena: Uint8Array, keyStart: number, valueStart: number): number;
  };
}

export function compileStateDeduplicate(plan: StateDeduplicateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const leaving = new LeavingByStore();
  return statefulOperator(plan, [input], async function* (state, rows) {
    const store = state.store();
    const forgetting = forgettingOf(plan);
    const encoder = new RowsEncoder();
    let duplicates = 0;
    for await (const batch of rows!) {
      const onTime = plan.eventTime === undefined ? batch : state.onTime(batch, plan.eventTime);
      const first = firstRows(onTime, plan, store, encoder, forgetting);
      state.updated += first.length;
      duplicates += onTime.length - first.length;
      if (first.length > 0) yield first;
    }
    state.updatesDone();
    state.custom["numDroppedDuplicateRows"] = duplicates;
    evict(state, store, forgetting, leaving.of(state.index));
  });
}

/** Rows that are encoded, and looked up, at a stretch. */
const rowsPerStretch = 1024;

/** The rows whose keys the state did not have; it has them now. */
function firstRows(
  batch: RecordBatch,
  plan: StateDeduplicateExec,
  store: StateStore,
  encoder: RowsEncoder,
  forgetting: Forgetting,
): RecordBatch {
  const { length } = batch;
  const { value } = forgetting;
  const setValue = forgetting.values?.(batch);
  encoder.bind(plan.keys.map((key) => batch.columns[key]!));
  const selection = new Int32Array(length);
  let count = 0;
  for (let from = 0; from < length; from += rowsPerStretch) {
    const to = Math.min(length, from + rowsPerStretch);
    const { bytes, starts, ends } = encoder.encode(from, to);
    store.lookAhead(bytes, starts, ends, 0, to - from);
    for (let i = from; i < to; i++) {
      setValue?.(i);
      if (store.putNew(bytes, starts[i - from]!, ends[i - from]!, value, 0, value.length) >= 0) selection[count++] = i;
    }
  }
  return count === length ? batch : gatherBatch(batch, selection, count);
}

function forgettingOf({ forgets, state, eventTime }: StateDeduplicateExec): Forgetting {
  switch (forgets.kind) {
    case "never":
      return { value: encodeRow([nullType], [null]) };
    case "byKey": {
      const { expired, time } = keyEventTime(forgets.eventTime, state.stores[0]!.key);
      return {
        value: encodeRow([nullType], [null]),
        leaving: { expired: (arena, keyStart, _, watermark) => expired(arena, keyStart, watermark), leavesAt: time },
      };
    }
    case "afterFirst": {
      const value = new Uint8Array(16);
      const words = new Int32Array(value.buffer);
      const expiry = new BigInt64Array(value.buffer, 8, 1);
      const { delayMicros } = forgets;
      const delay = Number(delayMicros);
      return {
        value,
        values(batch) {
          const column = batch.columns[eventTime!]!;
          const times = eventTimes(column);
          const halves = halvesOf(times.values);
          return (row) => {
            const present = isValid(column, row) && isValid(times, row);
            const time = present ? halves[2 * row + 1]! * 4_294_967_296 + (halves[2 * row]! >>> 0) : 0;
            const expiresAt = time + delay;
            if (Number.isSafeInteger(time) && Number.isSafeInteger(expiresAt)) {
              words[2] = expiresAt;
              words[3] = Math.floor(expiresAt / 4_294_967_296);
            } else expiry[0] = BigInt.asIntN(64, (present ? times.values[row]! : 0n) + delayMicros);
          };
        },
        leaving: {
          expired: (arena, _, valueStart, watermark) => longAtOrBefore(arena, valueStart + 8, watermark),
          leavesAt: (arena, _, valueStart) => longAt(arena, valueStart + 8),
        },
      };
    }
  }
}

function evict(state: StatePartition, store: StateStore, { leaving }: Forgetting, entries: LeavingEntries): void {
  state.custom["numRowsReadDuringEviction"] = 0;
  if (leaving === undefined) return;
  const { evict: watermark } = state;
  const { leavesAt } = leaving;
  entries.open(store, {
    leavesAt,
    isDue: (arena, keyStart, valueStart) => leaving.expired(arena, keyStart, valueStart, watermark),
  });
  // Also when the watermark stands still: a NULL time can make a key that expires at once.
  const due = entries.take(Number(watermark));
  for (const entry of due) store.removeEntry(entry);
  state.removed += due.length;
  state.custom["numRowsReadDuringEviction"] = due.length;
  state.leavesNext = entries.close();
  state.holds(() => entries.memoryBytes);
}
