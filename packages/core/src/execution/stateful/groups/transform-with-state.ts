/**
 * `transformWithState`. For each partition of a batch a processor is made, which declares its variables; then
 *
 * 1. in the first batch `handleInitialState` is called for each row of the initial state;
 * 2. `handleInputRows` for each key with rows, with all of them;
 * 3. `handleExpiredTimer` for each timer before the batch's clock, or its watermark, in the order of their times; a timer is
 *    deleted after its handler. What step 3 registers goes off in a later batch;
 * 4. values that have outlived their time are removed, and `close` is called.
 *
 * @see Spark `TransformWithStateExec`
 */
import type {
  AnyProcessor,
  MakeProcessor,
  TimerValues,
  TransformWithState,
} from "../../../logical-plan/stateful-groups.ts";
import type { StateGroupsExec } from "../../../physical-plan/stateful.ts";
import { RowCodec, type RowCodecOptions } from "../../../state/row-codec.ts";
import { field, structType } from "../../../types/data-type.ts";
import type { LeavingByStore } from "../leaving-entries.ts";
import type { StatePartition } from "../state-partition.ts";
import { CurrentKey } from "./current-key.ts";
import type { GroupedInput } from "./grouped-input.ts";
import { ProcessorHandle } from "./processor-handle.ts";
import type { UserCalls } from "./user-calls.ts";

/** Keys of which variables are told before their first call. */
const keysAhead = 128;

export class TransformWithStateRun {
  readonly #state: StatePartition;
  readonly #calls: UserCalls;
  readonly #key: CurrentKey = new CurrentKey();
  readonly #keyCodec: RowCodec;
  readonly #handle: ProcessorHandle;
  readonly #processor: AnyProcessor;
  readonly #values: TimerValues;
  /** The time of the first timer after the batch, ms; Infinity: there is none. */
  nextTimerMs: number = Infinity;
  /** Timers before it have expired, ms. */
  readonly #threshold: number;

  constructor(
    plan: StateGroupsExec,
    work: TransformWithState,
    state: StatePartition,
    calls: UserCalls,
    leaving: LeavingByStore,
    options: RowCodecOptions,
  ) {
    this.#state = state;
    this.#calls = calls;
    const key = plan.input.schema.fields.at(-1)!;
    this.#keyCodec = new RowCodec(structType([field("value", key.type)]), true, "the key", options);
    const watermarkMs = Number(state.evict / 1000n);
    this.#threshold = work.timeMode === "EventTime" ? watermarkMs : state.nowMs;
    this.#values = {
      getCurrentProcessingTimeInMs: () => state.nowMs,
      getCurrentWatermarkInMs: () => watermarkMs,
    };
    this.#handle = new ProcessorHandle(work.timeMode, plan.variables, {
      key: this.#key,
      state,
      leaving,
      codec: options,
    });
    try {
      this.#processor = (work.fn.closure as unknown as MakeProcessor)(this.#handle);
    } catch (error) {
      throw calls.failure("init", "-", error);
    }
    this.#handle.state = "INITIALIZED";
  }

  *run(input: GroupedInput, initial: GroupedInput | undefined): Generator<void, void, undefined> {
    const processor = this.#processor;
    const calls = this.#calls;
    const values = this.#values;
    if (initial !== undefined) {
      for (let g = 0; g < initial.groups.count; g++) {
        const key = this.#begin(initial, g);
        for (const row of initial.rows(g)) {
          calls.take("handleInitialState", key, () => processor.handleInitialState?.(key, row, values));
        }
        yield;
      }
    }
    const { groups } = input;
    for (let g = 0; g < groups.count; g++) {
      if (g % keysAhead === 0) this.#handle.lookAhead(groups, g, Math.min(g + keysAhead, groups.count));
      const key = this.#begin(input, g);
      const rows = input.rows(g);
      calls.take("handleInputRows", key, () => processor.handleInputRows(key, rows, values));
      yield;
    }
    this.#handle.state = "DATA_PROCESSED";
    this.#state.updatesDone();
    yield* this.#expire();
    this.#key.clear();
    this.#handle.state = "TIMER_PROCESSED";
    this.#handle.removeGone();
    calls.take("close", "-", () => processor.close?.());
    this.#handle.state = "CLOSED";
  }

  #begin(input: GroupedInput, group: number): unknown {
    const { groups } = input;
    const key = input.key(group);
    this.#key.set(groups.bytes, groups.starts[group]!, groups.starts[group + 1]!);
    return key;
  }

  *#expire(): Generator<void, void, undefined> {
    const { timers } = this.#handle;
    if (timers === null) return;
    const processor = this.#processor;
    for (const { at, key: bytes } of timers.expired(this.#threshold)) {
      this.#key.set(bytes, 0, bytes.length);
      // The handler of an earlier timer may have deleted this one.
      if (!timers.list("list_timers").includes(at)) continue;
      const key = this.#keyCodec.read(bytes, 0, bytes.length);
      const timer = { getExpiryTimeInMs: () => at };
      this.#calls.take("handleExpiredTimer", key, () => processor.handleExpiredTimer?.(key, timer, this.#values));
      timers.delete(at);
      yield;
    }
    this.nextTimerMs = timers.close();
  }
}
