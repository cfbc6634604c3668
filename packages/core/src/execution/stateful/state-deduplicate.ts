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
import { gatherBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isValid } from "../../columnar/vector.ts";
import type { StateDeduplicateExec } from "../../physical-plan/stateful.ts";
import type { StateStore } from "../../state/state-store.ts";
import { createRowEncoder, encodeRow, type RowEncoder } from "../../state/unsafe-row.ts";
import { nullType } from "../../types/data-type.ts";
import { eventTimes } from "../operators/event-time-watermark.ts";
import type { Operator, OperatorEnvironment } from "../operators/operator.ts";
import { EarliestTimes } from "./earliest-times.ts";
import { keyEventTime, longAt, longAtOrBefore } from "./key-event-time.ts";
import { statefulOperator, type StatePartition } from "./state-partition.ts";

/** Writes the value of a key that the row brings, behind the null bitmap at byte 8. */
type ValueOfRow = (row: number) => void;
/** Whether an entry leaves the state. */
type Expired = (arena: Uint8Array, keyStart: number, valueStart: number, watermark: bigint) => boolean;

/** What differs between the ways of forgetting keys. */
interface Forgetting {
  /** The value that goes in with a key; changed for each row by what {@link ValueOfRow} writes. */
  readonly value: Uint8Array;
  values?(batch: RecordBatch): ValueOfRow;
  readonly expired?: Expired;
  /** The watermark at which an entry leaves, µs. */
  readonly leavesAt?: (arena: Uint8Array, keyStart: number, valueStart: number) => number;
  /** The first time at which a key of this batch expires. */
  leastExpiry(): bigint;
}

const maximumLong = 2n ** 63n - 1n;

export function compileStateDeduplicate(plan: StateDeduplicateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const earliest = new EarliestTimes();
  return statefulOperator(plan, [input], async function* (state, rows) {
    const store = state.store();
    const forgetting = forgettingOf(plan);
    const encoder = createRowEncoder();
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
    evict(state, store, forgetting, earliest);
  });
}

/** The rows whose keys the state did not have; it has them now. */
function firstRows(
  batch: RecordBatch,
  plan: StateDeduplicateExec,
  store: StateStore,
  encoder: RowEncoder,
  forgetting: Forgetting,
): RecordBatch {
  const { length } = batch;
  const { value } = forgetting;
  const setValue = forgetting.values?.(batch);
  encoder.bind(plan.keys.map((key) => batch.columns[key]!));
  const selection = new Int32Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    const end = encoder.write(i);
    setValue?.(i);
    if (store.putNew(encoder.buffer, 0, end, value, 0, value.length) >= 0) selection[count++] = i;
  }
  return count === length ? batch : gatherBatch(batch, selection, count);
}

function forgettingOf({ forgets, state, eventTime }: StateDeduplicateExec): Forgetting {
  const never = (): bigint => maximumLong;
  switch (forgets.kind) {
    case "never":
      return { value: encodeRow([nullType], [null]), leastExpiry: never };
    case "byKey": {
      const { expired, time } = keyEventTime(forgets.eventTime, state.stores[0]!.key);
      return {
        value: encodeRow([nullType], [null]),
        expired: (arena, keyStart, _, watermark) => expired(arena, keyStart, watermark),
        leavesAt: time,
        leastExpiry: never,
      };
    }
    case "afterFirst": {
      const value = new Uint8Array(16);
      const expiry = new BigInt64Array(value.buffer, 8, 1);
      const { delayMicros } = forgets;
      let least = maximumLong;
      return {
        value,
        values(batch) {
          const column = batch.columns[eventTime!]!;
          const times = eventTimes(column);
          return (row) => {
            const time = isValid(column, row) && isValid(times, row) ? times.values[row]! : 0n;
            const expiresAt = BigInt.asIntN(64, time + delayMicros);
            expiry[0] = expiresAt;
            if (expiresAt < least) least = expiresAt;
          };
        },
        expired: (arena, _, valueStart, watermark) => longAtOrBefore(arena, valueStart + 8, watermark),
        leavesAt: (arena, _, valueStart) => longAt(arena, valueStart + 8),
        leastExpiry: () => least,
      };
    }
  }
}

function evict(
  state: StatePartition,
  store: StateStore,
  { expired, leavesAt, leastExpiry }: Forgetting,
  earliest: EarliestTimes,
): void {
  if (expired === undefined || leavesAt === undefined) return;
  const { evict: watermark } = state;
  let read = 0;
  let stayed = Infinity;
  // What was there before left when the watermark came to where it is; a NULL time can make a key that expires at once.
  const all = state.watermarkMoved || leastExpiry() <= watermark;
  if (all) {
    store.forEach((arena, keyStart, _keyEnd, valueStart, _valueEnd, entry) => {
      read++;
      if (!expired(arena, keyStart, valueStart, watermark)) {
        const at = leavesAt(arena, keyStart, valueStart);
        if (at < stayed) stayed = at;
        return;
      }
      store.removeEntry(entry);
      state.removed++;
    });
  }
  state.custom["numRowsReadDuringEviction"] = read;
  earliest.update(state, store, leavesAt, all ? stayed : undefined);
}
