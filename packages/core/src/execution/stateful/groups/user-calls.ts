/** Calls of user code for one key after another: what comes out becomes rows, what it throws is told with key and batch. */
import { type RecordBatch, targetBatchRows } from "../../../columnar/record-batch.ts";
import { isMillraceError, MillraceError } from "../../../errors/index.ts";
import type { StateGroupsExec } from "../../../physical-plan/stateful.ts";
import { eventTimes } from "../../operators/event-time-watermark.ts";
import { isThenable } from "../../operators/user-code.ts";
import type { RowBuffer } from "../../operators/user-rows.ts";
import { isValid } from "../../../columnar/vector.ts";
import type { StatePartition } from "../state-partition.ts";
import { shownKey } from "./current-key.ts";

export class UserCalls {
  readonly #plan: StateGroupsExec;
  readonly #state: StatePartition;
  readonly #output: RowBuffer;

  constructor(plan: StateGroupsExec, state: StatePartition, output: RowBuffer) {
    this.#plan = plan;
    this.#state = state;
    this.#output = output;
  }

  /** Takes the rows of a handler's result: an iterable, or nothing. A generator runs here. */
  take(name: string, key: unknown, call: () => unknown): void {
    try {
      const result = call();
      if (result === undefined || result === null) return;
      if (Array.isArray(result)) {
        for (let i = 0; i < result.length; i++) this.#output.add(result[i]);
        return;
      }
      if (isThenable(result) || typeof (result as Partial<Iterable<unknown>>)[Symbol.iterator] !== "function") {
        throw new TypeError("it must return an iterable of rows, and no promise");
      }
      for (const row of result as Iterable<unknown>) this.#output.add(row);
    } catch (error) {
      throw this.failure(name, key, error);
    }
  }

  /** The error of a batch whose user code has failed. What the engine found wrong with a call is told as it is. */
  failure(name: string, key: unknown, error: unknown): unknown {
    if (isMillraceError(error)) return error;
    return new MillraceError(
      this.#plan.work.kind === "transformWithState"
        ? "TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR"
        : "FLATMAPGROUPSWITHSTATE_USER_FUNCTION_ERROR",
      {
        function: name,
        operator: `${this.#plan.work.name} (${this.#plan.state.operatorId})`,
        key: shownKey(key),
        batch: String(this.#state.context.batchId),
        reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      },
      { cause: error },
    );
  }

  /** Whether so many rows have come together that they should go on. */
  get full(): boolean {
    return this.#output.length >= targetBatchRows;
  }
  get isEmpty(): boolean {
    return this.#output.length === 0;
  }
  /** The rows so far. @throws EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED */
  rows(): RecordBatch {
    const batch = this.#output.take();
    const { outputEventTime } = this.#plan;
    if (outputEventTime === undefined) return batch;
    const column = batch.columns[outputEventTime]!;
    const times = eventTimes(column);
    const { evict } = this.#state;
    for (let i = 0; i < batch.length; i++) {
      if (!isValid(column, i) || times.values[i]! >= evict) continue;
      throw new MillraceError("EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED", {
        emittedRowEventTime: String(times.values[i]),
        currentWatermark: String(evict),
      });
    }
    return batch;
  }
}
