/**
 * Timers by key: a row of an array of times in milliseconds, ascending. The first one says whether a key has timers that have
 * expired, so that a look through all keys reads one number of each.
 */
import { MillraceError } from "../../../errors/index.ts";
import { longAt, putLong, WordsOf } from "../../../state/row-codec.ts";
import type { StateStore } from "../../../state/state-store.ts";
import { nullBitmapLength } from "../../../state/unsafe-row-layout.ts";
import { RowBuffer, setOffset } from "../../../state/unsafe-row.ts";
import type { CurrentKey } from "./current-key.ts";
import type { DueTimes } from "./due-times.ts";
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
  readonly #partition: number;
  readonly #due: DueTimes;
  readonly #words: WordsOf = new WordsOf();
  readonly #buffer: RowBuffer = new RowBuffer();

  constructor(store: StateStore, key: CurrentKey, partition: number, due: DueTimes) {
    this.#store = store;
    this.#key = key;
    this.#partition = partition;
    this.#due = due;
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
    this.#due.add(this.#partition, at);
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

  /** Timers before a time, by time and then by key: the same after a restart. */
  expired(thresholdMs: number): readonly ExpiredTimer[] {
    if (thresholdMs <= this.#due.of(this.#partition)) return [];
    const found: ExpiredTimer[] = [];
    let least = Infinity;
    this.#store.forEach((arena, keyStart, keyEnd, valueStart) => {
      const words = this.#words.get(arena);
      const count = words[(valueStart + arrayStart) >> 2]!;
      const first = longAt(words, valueStart + arrayStart + 8 + nullBitmapLength(count));
      if (first >= thresholdMs) {
        if (first < least) least = first;
        return;
      }
      const key = arena.slice(keyStart, keyEnd);
      for (const at of this.#timesAt(arena, valueStart)) {
        if (at < thresholdMs) found.push({ at, key });
        else if (at < least) least = at;
      }
    });
    this.#due.found(this.#partition, least);
    return found.sort((a, b) => a.at - b.at || compareKeys(a.key, b.key));
  }
}
