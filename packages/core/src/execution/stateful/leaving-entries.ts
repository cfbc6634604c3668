/**
 * The entries of a store by the time at which they leave it, in memory beside the state and kept from batch to batch: what a
 * step of the watermark, or of the clock, costs grows with what it takes away and not with what stays. The first batch of a run
 * goes through the whole store.
 *
 * Times are doubles, exact for microseconds until the year 2255; beyond, {@link TimesOfEntries.isDue} decides.
 */
import { assertInvariant } from "../../errors/index.ts";
import type { StateStore } from "../../state/state-store.ts";
import { SortedRuns } from "./sorted-runs.ts";

export interface TimesOfEntries {
  /** When an entry leaves; Infinity: never. */
  readonly leavesAt: (arena: Uint8Array, keyStart: number, valueStart: number) => number;
  /** Whether an entry, whose time has come as doubles go, leaves indeed. Default: yes. */
  readonly isDue?: (arena: Uint8Array, keyStart: number, valueStart: number) => boolean;
}

const never: TimesOfEntries = { leavesAt: () => Infinity };

/** Of one store of one partition. */
export class LeavingEntries {
  readonly #runs: SortedRuns = new SortedRuns();
  /** By entry: the time under which the runs have it, Infinity when they do not. What stands in them otherwise is out of date. */
  #queued: Float64Array = new Float64Array(64).fill(Infinity);
  /** The version of the state that all this belongs to; −1: none. */
  #version = -1;
  #store: StateStore | null = null;
  #times: TimesOfEntries = never;
  readonly #moved = (moved: Int32Array): void => this.#renumber(moved);

  get memoryBytes(): number {
    return 8 * this.#queued.length + this.#runs.memoryBytes;
  }

  /**
   * Begins the end of a batch: {@link take} knows of what was changed so far. Later changes need a {@link noteChanges}, and
   * {@link close} must follow.
   */
  open(store: StateStore, times: TimesOfEntries): void {
    const current = store.follow(this.#moved) && this.#version === store.version;
    this.#version = -1;
    this.#store = store;
    this.#times = times;
    if (current) return this.noteChanges();
    this.#runs.clear();
    this.#queued = new Float64Array(64).fill(Infinity);
    store.forEach((arena, keyStart, _keyEnd, valueStart, _valueEnd, entry) =>
      this.#queue(entry, times.leavesAt(arena, keyStart, valueStart)),
    );
    this.#runs.seal();
  }

  /** Takes note of the entries that the batch has changed. */
  noteChanges(): void {
    const { leavesAt } = this.#times;
    this.#opened().forEachChange((arena, keyStart, _keyEnd, valueStart, valueEnd, entry) => {
      if (valueEnd >= 0) this.#queue(entry, leavesAt(arena, keyStart, valueStart));
    });
    this.#runs.seal();
  }

  /** Entries whose time is at or before `limit`, in their order in the store. The caller removes them or changes their times. */
  take(limit: number): Int32Array {
    const store = this.#opened();
    const { isDue } = this.#times;
    const found: number[] = [];
    this.#runs.takeWhile((time, entry) => {
      if (time > limit) return false;
      if (this.#queued[entry] !== time) return true;
      this.#queued[entry] = Infinity;
      const actual = this.#timeOf(entry);
      if (actual <= limit && (isDue === undefined || this.#read(store, entry, isDue))) found.push(entry);
      else this.#queue(entry, actual);
      return true;
    });
    this.#runs.seal();
    return Int32Array.from(found).sort();
  }

  /** Ends a batch. @returns when the next entry leaves; Infinity: none does */
  close(): number {
    // What is out of date at the front of a run would make it a guess.
    this.#runs.takeWhile((time, entry) => {
      if (this.#queued[entry] !== time) return true;
      const actual = this.#timeOf(entry);
      if (actual === time) return false;
      this.#queued[entry] = Infinity;
      this.#queue(entry, actual);
      return true;
    });
    this.#runs.seal();
    this.#version = this.#opened().version + 1;
    this.#store = null;
    this.#times = never;
    return this.#runs.first;
  }

  #opened(): StateStore {
    assertInvariant(this.#store !== null, "entries leave a state store at the end of a batch only");
    return this.#store;
  }

  /** When an entry leaves that may be gone. */
  #timeOf(entry: number): number {
    const store = this.#opened();
    if (store.valueEnd(entry) < store.valueStart(entry)) return Infinity;
    return this.#read(store, entry, this.#times.leavesAt);
  }
  #read<T>(store: StateStore, entry: number, read: (arena: Uint8Array, keyStart: number, valueStart: number) => T): T {
    const keyStart = store.keyStart(entry);
    const valueStart = store.valueStart(entry);
    return read(store.arena, keyStart, valueStart);
  }

  /** Later times are found out when the time under which the entry is known has come. */
  #queue(entry: number, time: number): void {
    if (entry >= this.#queued.length) this.#growTo(entry + 1);
    if (time >= this.#queued[entry]!) return;
    this.#queued[entry] = time;
    this.#runs.add(time, entry);
  }

  #growTo(length: number): void {
    const known = this.#queued.length;
    const grown = new Float64Array(Math.max(length, 2 * known));
    grown.set(this.#queued);
    this.#queued = grown.fill(Infinity, known);
  }

  #renumber(moved: Int32Array): void {
    const queued = new Float64Array(this.#queued.length).fill(Infinity);
    for (let entry = 0; entry < moved.length && entry < queued.length; entry++) {
      if (moved[entry]! >= 0) queued[moved[entry]!] = this.#queued[entry]!;
    }
    this.#queued = queued;
    this.#runs.renumber(moved);
  }
}

/** Of all partitions, and stores, of an operator. */
export class LeavingByStore {
  readonly #all = new Map<number, Map<string, LeavingEntries>>();

  of(partition: number, store = "default"): LeavingEntries {
    let stores = this.#all.get(partition);
    if (stores === undefined) this.#all.set(partition, (stores = new Map()));
    let found = stores.get(store);
    if (found === undefined) stores.set(store, (found = new LeavingEntries()));
    return found;
  }

  /** Of the stores of a partition. */
  memoryBytes(partition: number): number {
    let bytes = 0;
    for (const leaving of this.#all.get(partition)?.values() ?? []) bytes += leaving.memoryBytes;
    return bytes;
  }
}
