/** Timers by key: a row of an array of times in milliseconds, ascending. Keys are found by the first one. */
import { MillraceError } from "../../../errors/index.ts";
import { longAt, putLong, WordsOf } from "../../../state/row-codec.ts";
import type { StateStore } from "../../../state/state-store.ts";
import { nullBitmapLength } from "../../../state/unsafe-row-layout.ts";
import { RowBuffer, setOffset } from "../../../state/unsafe-row.ts";
import type { CurrentKey } from "./current-key.ts";
import type { LeavingEntries } from "../leaving-entries.ts";
import { compareKeys } from "./groups-with-state.ts";

export interface ExpiredTimer {
  readonly at: number;
  readonly key: Uint8Array;
}

/** Where the array of a row of one field begins. */
const arrayStart = 16;

export class Timers {
  readonly #store: StateStore;
  readonly #key: CurrentKey;
  readonly #leaving: LeavingEntries;
  readonly #words: WordsOf = new WordsOf();
  readonly #buffer: RowBuffer = new RowBuffer();

  constructor(store: StateStore, key: CurrentKey, leaving: LeavingEntries) {
    this.#store = store;
    this.#key = key;
    this.#leaving = leaving;
  }

  /** The timers of the current key, ascending. */
  list(operation: string): number[] {
    const entry = this.#find(operation);
    return entry < 0 ? [] : this.#timesAt(this.#store.arena, this.#store.valueStart(entry));
  }
  #find(operation: string): number {
    const key = this.#key;
    return this.#store.find(key.bytes(operation), key.start, key.end);
  }
  #timesAt(arena: Uint8Array, start: number): number[] {
    const words = this.#words.get(arena);
    const count = words[(start + arrayStart) >> 2]!;
    const first = start + arrayStart + 8 + nullBitmapLength(count);
    return Array.from({ length: count }, (_, i) => longAt(words, first + 8 * i));
  }

  /** A timer that is there already stays as it is. */
  register(time: number): void {
    const at = Math.floor(time);
    if (!Number.isSafeInteger(at)) {
      throw new MillraceError("INVALID_EXTERNAL_VALUE", {
        value: String(time),
        path: "the time of a timer",
        type: "BIGINT",
        expected: "milliseconds since the epoch",
      });
    }
    const times = this.list("register_timer");
    if (times.includes(at)) return;
    let place = times.length;
    while (place > 0 && times[place - 1]! > at) place--;
    times.splice(place, 0, at);
    this.#save(times, "register_timer");
  }
  /** A timer that is not there is passed over. */
  delete(time: number, operation = "delete_timer"): void {
    const times = this.list(operation);
    const place = times.indexOf(Math.floor(time));
    if (place < 0) return;
    times.splice(place, 1);
    this.#save(times, operation);
  }

  #save(times: readonly number[], operation: string): void {
    const key = this.#key;
    const bytes = key.bytes(operation);
    if (times.length === 0) {
      const entry = this.#find(operation);
      if (entry >= 0) this.#store.removeEntry(entry);
      return;
    }
    const buffer = this.#buffer;
    buffer.end = 0;
    const header = 8 + nullBitmapLength(times.length);
    const size = header + 8 * times.length;
    buffer.reserve(arrayStart + size);
    setOffset(buffer, 8, arrayStart, size);
    buffer.words[arrayStart >> 2] = times.length;
    times.forEach((time, i) => putLong(buffer, arrayStart + header + 8 * i, time));
    this.#store.putRange(bytes, key.start, key.end, buffer.bytes, 0, buffer.end);
  }

  /** Timers before a time, by time and then by key: the same after a restart. {@link close} must follow. */
  expired(thresholdMs: number): readonly ExpiredTimer[] {
    const store = this.#store;
    this.#leaving.open(store, { leavesAt: (arena, _keyStart, valueStart) => this.#firstAt(arena, valueStart) });
    const found: ExpiredTimer[] = [];
    for (const entry of this.#leaving.take(thresholdMs - 1)) {
      const [keyStart, keyEnd] = [store.keyStart(entry), store.keyEnd(entry)];
      const key = store.arena.slice(keyStart, keyEnd);
      const valueStart = store.valueStart(entry);
      for (const at of this.#timesAt(store.arena, valueStart)) {
        if (at >= thresholdMs) break;
        found.push({ at, key });
      }
    }
    return found.sort((a, b) => a.at - b.at || compareKeys(a.key, b.key));
  }
  #firstAt(arena: Uint8Array, start: number): number {
    const words = this.#words.get(arena);
    const count = words[(start + arrayStart) >> 2]!;
    return longAt(words, start + arrayStart + 8 + nullBitmapLength(count));
  }

  /** After the handlers of expired timers. @returns the time of the first timer; Infinity: there is none */
  close(): number {
    this.#leaving.noteChanges();
    return this.#leaving.close();
  }
}
