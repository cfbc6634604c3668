/**
 * `mapGroupsWithState` and `flatMapGroupsWithState`. For each partition of a batch:
 *
 * 1. in the first batch the initial state goes in;
 * 2. for each key with rows (of the first batch: or with an initial state) the function is called once, with all its rows;
 * 3. for each key whose timeout lies before the batch's clock, or its watermark, the function is called without rows.
 *    Keys of step 2 have set their timeouts anew and are not among them unless those lie in the past.
 *
 * State is kept in the layout of Spark's format 2: a row of the state, NULL when there is only a timeout, and the timeout
 * in milliseconds, −1 when none is set.
 * @see Spark `FlatMapGroupsWithStateExec`
 */
import { compareByteRanges } from "../../../columnar/utf8.ts";
import { MillraceError } from "../../../errors/index.ts";
import type { AnyGroupState, GroupsWithState } from "../../../logical-plan/stateful-groups.ts";
import type { StateGroupsExec } from "../../../physical-plan/stateful.ts";
import { longAt, putLong, RowCodec, type RowCodecOptions, WordsOf } from "../../../state/row-codec.ts";
import { RowBuffer, setOffset } from "../../../state/unsafe-row.ts";
import type { StateStore } from "../../../state/state-store.ts";
import type { LeavingEntries } from "../leaving-entries.ts";
import type { StatePartition } from "../state-partition.ts";
import { shownKey } from "./current-key.ts";
import { GroupState, noTimeout } from "./group-state.ts";
import type { GroupedInput } from "./grouped-input.ts";
import type { UserCalls } from "./user-calls.ts";

type StateFunction = (key: unknown, rows: Iterable<unknown>, state: AnyGroupState) => unknown;

const noRows: readonly never[] = [];

/** One partition in one batch. Each `Generator` gives a turn to others, and the rows on, after each key. */
export class GroupsWithStateRun {
  readonly #work: GroupsWithState;
  readonly #state: StatePartition;
  readonly #store: StateStore;
  readonly #calls: UserCalls;
  readonly #leaving: LeavingEntries;
  readonly #codec: RowCodec;
  readonly #keyCodec: RowCodec;
  readonly #group: GroupState;
  readonly #buffer: RowBuffer = new RowBuffer();
  readonly #words: WordsOf = new WordsOf();
  readonly #hasTimeout: boolean;
  readonly #fn: StateFunction;
  /** The first timeout after the batch, ms; Infinity: there is none. */
  nextTimerMs: number = Infinity;
  /** Timeouts before it have expired, ms. */
  readonly #threshold: number;

  constructor(
    plan: StateGroupsExec,
    work: GroupsWithState,
    state: StatePartition,
    calls: UserCalls,
    leaving: LeavingEntries,
    options: RowCodecOptions,
  ) {
    this.#work = work;
    this.#state = state;
    this.#store = state.store();
    this.#calls = calls;
    this.#leaving = leaving;
    this.#codec = new RowCodec(work.state.schema, work.state.single, `the state of ${work.name}`, options);
    this.#keyCodec = new RowCodec(plan.state.stores[0]!.key, true, "the key", options);
    const watermarkMs = Number(state.evict / 1000n);
    this.#group = new GroupState(work.timeout, state.nowMs, plan.watermarked ? watermarkMs : null);
    this.#hasTimeout = work.timeout !== "NoTimeout";
    this.#threshold = work.timeout === "EventTimeTimeout" ? watermarkMs : state.nowMs;
    this.#fn = work.fn.closure as unknown as StateFunction;
  }

  *run(input: GroupedInput, initial: GroupedInput | undefined): Generator<void, void, undefined> {
    const { groups } = input;
    if (initial !== undefined) this.#begin(initial);
    for (let g = 0; g < groups.count; g++) {
      const [start, end] = [groups.starts[g]!, groups.starts[g + 1]!];
      this.#call(groups.bytes, start, end, input.key(g), input.rows(g), false);
      yield;
    }
    if (initial !== undefined) yield* this.#withoutRows(initial, input);
    this.#state.updatesDone();
    if (this.#hasTimeout) yield* this.#expire();
  }

  /** Puts the initial state in. */
  #begin(initial: GroupedInput): void {
    const { groups } = initial;
    for (let g = 0; g < groups.count; g++) {
      const key = initial.key(g);
      if (groups.offsets[g + 1]! - groups.offsets[g]! > 1) {
        throw new MillraceError("STATEFUL_PROCESSOR_CANNOT_REINITIALIZE_STATE_ON_KEY", { groupingKey: shownKey(key) });
      }
      const [row] = initial.rows(g);
      const value = this.#work.state.single ? (row as { readonly value?: unknown }).value : row;
      this.#put(groups.bytes, groups.starts[g]!, groups.starts[g + 1]!, value, noTimeout);
    }
  }

  /** Keys of the initial state that the first batch has no rows of. */
  *#withoutRows(initial: GroupedInput, input: GroupedInput): Generator<void, void, undefined> {
    const { groups } = initial;
    for (let g = 0; g < groups.count; g++) {
      if (input.groups.has(groups, g)) continue;
      this.#call(groups.bytes, groups.starts[g]!, groups.starts[g + 1]!, initial.key(g), noRows, false);
      yield;
    }
  }

  *#expire(): Generator<void, void, undefined> {
    const store = this.#store;
    const leaving = this.#leaving;
    leaving.open(store, {
      leavesAt: (arena, _keyStart, valueStart) => {
        const at = longAt(this.#words.get(arena), valueStart + 16);
        return at === noTimeout ? Infinity : at;
      },
    });
    const expired = Array.from(leaving.take(this.#threshold - 1), (entry) => {
      const [keyStart, keyEnd, valueStart] = [store.keyStart(entry), store.keyEnd(entry), store.valueStart(entry)];
      const { arena } = store;
      return { at: longAt(this.#words.get(arena), valueStart + 16), key: arena.slice(keyStart, keyEnd) };
    });
    // The order in which a map holds its entries is not the same after a restart.
    expired.sort((a, b) => a.at - b.at || compareKeys(a.key, b.key));
    for (const { key } of expired) {
      this.#call(key, 0, key.length, this.#keyCodec.read(key, 0, key.length), noRows, true);
      yield;
    }
    leaving.noteChanges();
    this.nextTimerMs = leaving.close();
  }

  #call(
    bytes: Uint8Array,
    start: number,
    end: number,
    key: unknown,
    rows: Iterable<unknown>,
    hasTimedOut: boolean,
  ): void {
    const store = this.#store;
    const group = this.#group;
    const entry = store.find(bytes, start, end);
    let before = noTimeout;
    if (entry < 0) group.begin(false, null, hasTimedOut);
    else {
      const { arena } = store;
      const at = store.valueStart(entry);
      const exists = (arena[at]! & 1) === 0;
      const words = this.#words.get(arena);
      const from = at + words[(at + 12) >> 2]!;
      const value = exists ? this.#codec.read(arena, from, from + words[(at + 8) >> 2]!) : null;
      if (this.#hasTimeout) before = longAt(words, at + 16);
      group.begin(exists, value, hasTimedOut);
    }
    this.#calls.take(this.#work.name, key, () => this.#fn(key, rows, group));
    if (!group.exists && group.timeoutMs === noTimeout) {
      if (entry >= 0) {
        store.removeEntry(entry);
        this.#state.removed++;
      }
    } else if (group.updated || group.removed || group.timeoutMs !== before) {
      this.#put(bytes, start, end, group.getOption(), group.timeoutMs);
    }
  }

  #put(bytes: Uint8Array, start: number, end: number, value: unknown, timeoutMs: number): void {
    const buffer = this.#buffer;
    buffer.end = 0;
    const header = buffer.reserve(this.#hasTimeout ? 24 : 16);
    if (value === null) buffer.bytes[header] = 1;
    else {
      const at = buffer.end;
      this.#codec.write(value, buffer);
      setOffset(buffer, header + 8, at - header, buffer.end - at);
    }
    if (this.#hasTimeout) putLong(buffer, header + 16, timeoutMs);
    this.#store.putRange(bytes, start, end, buffer.bytes, 0, buffer.end);
    this.#state.updated++;
  }
}

export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareByteRanges(a, 0, a.length, b, 0, b.length);
}
