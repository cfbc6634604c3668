/**
 * The first rows over all batches: the state is the number of rows that came out so far, one row under a NULL key. All rows are
 * read, also when no more are wanted: those below have their own state.
 */
import { sliceBatch } from "../../columnar/gather.ts";
import type { StateLimitExec } from "../../physical-plan/stateful.ts";
import { encodeRow } from "../../state/unsafe-row.ts";
import { bigintType, nullType } from "../../types/data-type.ts";
import type { Operator, OperatorEnvironment } from "../operators/operator.ts";
import { statefulOperator } from "./state-partition.ts";

const key = encodeRow([nullType], [null]);

export function compileStateLimit(plan: StateLimitExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  return statefulOperator(plan, [input], async function* (state, rows) {
    const store = state.store();
    const before = countIn(store.get(key));
    let count = before;
    for await (const batch of rows!) {
      const length = Math.min(batch.length, plan.limit - count);
      if (length <= 0) continue;
      count += length;
      yield length === batch.length ? batch : sliceBatch(batch, 0, length);
    }
    if (count > before) {
      store.put(key, encodeRow([bigintType], [BigInt(count)]));
      state.updated = 1;
    }
    state.updatesDone();
  });
}

/** A row of one BIGINT: the null bitmap, then the number. */
function countIn(value: Uint8Array | null): number {
  if (value === null) return 0;
  return Number(new DataView(value.buffer, value.byteOffset, value.byteLength).getBigInt64(8, true));
}
