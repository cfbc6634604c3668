/**
 * The state variables of a processor: bytes in stores, under the key that is being handled. Each value with a time-to-live is
 * a row of the value and the time from which it counts as gone; others are the value's row itself.
 *
 *     value   key → value
 *     map     (key, user key) → value, found by its prefix, the key
 *     list    key → (first, next), and (key, index) → value for first <= index < next
 */
import { compareByteRanges } from "../../../columnar/utf8.ts";
import { MillraceError } from "../../../errors/index.ts";
import type { AnyListState, AnyMapState, AnyValueState, StateVariable } from "../../../logical-plan/stateful-groups.ts";
import { storeOfElements, storeOfVariable } from "../../../physical-plan/plan-state-groups.ts";
import { longAt, putLong, RowCodec, type RowCodecOptions, WordsOf } from "../../../state/row-codec.ts";
import type { StateStore } from "../../../state/state-store.ts";
import { RowBuffer, setOffset } from "../../../state/unsafe-row.ts";
import type { LeavingByStore, LeavingEntries } from "../leaving-entries.ts";
import type { StatePartition } from "../state-partition.ts";
import type { CurrentKey } from "./current-key.ts";
import type { KeyGroups } from "./key-groups.ts";

/** Of a partition in a batch, what all its variables share. */
export interface VariableScope {
  readonly key: CurrentKey;
  readonly state: StatePartition;
  readonly leaving: LeavingByStore;
  readonly codec: RowCodecOptions;
}

/** What all kinds have in common: how values are written, and when they are gone. */
class Values {
  readonly name: string;
  readonly key: CurrentKey;
  readonly state: StatePartition;
  readonly buffer: RowBuffer = new RowBuffer();
  readonly #codec: RowCodec;
  readonly #ttlMs: number | undefined;
  readonly #leaving: LeavingEntries;
  readonly words: WordsOf = new WordsOf();

  constructor(variable: StateVariable, { key, state, leaving, codec }: VariableScope) {
    this.name = variable.name;
    this.key = key;
    this.state = state;
    this.#codec = codecOf(variable.value, variable.name, codec);
    this.#ttlMs = variable.ttlMs;
    this.#leaving = leaving.of(state.index, variable.name);
  }

  /** Writes a value behind what the buffer holds. */
  write(value: unknown): void {
    if (value === null || value === undefined) {
      throw new MillraceError("ILLEGAL_STATE_STORE_VALUE.NULL_VALUE", { stateName: this.name });
    }
    const { buffer } = this;
    if (this.#ttlMs === undefined) return this.#codec.write(value, buffer);
    const header = buffer.reserve(24);
    this.#codec.write(value, buffer);
    setOffset(buffer, header + 8, 24, buffer.end - header - 24);
    putLong(buffer, header + 16, this.state.nowMs + this.#ttlMs);
  }

  /** Whether the value at a place in the arena counts as gone. */
  isGone(arena: Uint8Array, start: number): boolean {
    return this.#ttlMs !== undefined && longAt(this.words.get(arena), start + 16) <= this.state.nowMs;
  }
  read(arena: Uint8Array, start: number, end: number): unknown {
    if (this.#ttlMs === undefined) return this.#codec.read(arena, start, end);
    return this.#codec.read(arena, start + 24, start + 24 + this.words.get(arena)[(start + 8) >> 2]!);
  }

  /** Begins a key of the parts `[key, second]`, and says where the second part is to be written. */
  beginKey(operation: string): RowBuffer {
    const bytes = this.key.bytes(operation);
    const { start, end } = this.key;
    const { buffer } = this;
    buffer.end = 0;
    buffer.reserve(24 + end - start);
    setOffset(buffer, 8, 24, end - start);
    copyRow(bytes, start, end, buffer.bytes, 24);
    return buffer;
  }

  /** Removes what is gone at the end of a batch. */
  removeGone(store: StateStore, removed: (arena: Uint8Array, keyStart: number) => void): void {
    if (this.#ttlMs === undefined) return;
    this.#leaving.open(store, {
      leavesAt: (arena, _keyStart, valueStart) => longAt(this.words.get(arena), valueStart + 16),
    });
    for (const entry of this.#leaving.take(this.state.nowMs)) {
      const keyStart = store.keyStart(entry);
      removed(store.arena, keyStart);
      store.removeEntry(entry);
      this.state.removed++;
    }
    this.#leaving.close();
  }
}

function codecOf(type: StateVariable["value"], name: string, options: RowCodecOptions): RowCodec {
  return new RowCodec(type.schema, type.single, `the state variable "${name}"`, options);
}

function copyRow(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  for (let i = start; i < end; i++) target[at + i - start] = source[i]!;
}

/** A variable as the operator holds it. */
export interface RunningVariable {
  /** Keys that follow. */
  lookAhead(groups: KeyGroups, from: number, to: number): void;
  /** At the end of a batch. */
  removeGone(): void;
}

const nothing = (): void => undefined;

export class ValueVariable implements AnyValueState, RunningVariable {
  readonly #values: Values;
  readonly #store: StateStore;
  /** What was found for the key with this serial number. */
  #serial = -1;
  #entry = -1;

  constructor(variable: StateVariable, scope: VariableScope) {
    this.#values = new Values(variable, scope);
    this.#store = scope.state.store(storeOfVariable(variable.name));
  }

  #find(operation: string): number {
    const { key } = this.#values;
    if (this.#serial === key.serial) return this.#entry;
    this.#entry = this.#store.find(key.bytes(operation), key.start, key.end);
    this.#serial = key.serial;
    return this.#entry;
  }
  /** The entry of a value that is not gone. */
  #present(operation: string): number {
    const entry = this.#find(operation);
    if (entry < 0) return -1;
    return this.#values.isGone(this.#store.arena, this.#store.valueStart(entry)) ? -1 : entry;
  }

  exists(): boolean {
    return this.#present("value_state.exists") >= 0;
  }
  get(): unknown {
    const entry = this.#present("value_state.get");
    if (entry < 0) return null;
    const store = this.#store;
    return this.#values.read(store.arena, store.valueStart(entry), store.valueEnd(entry));
  }
  update(value: unknown): void {
    const entry = this.#find("value_state.update");
    const { buffer, key, state } = this.#values;
    buffer.end = 0;
    this.#values.write(value);
    if (entry >= 0) this.#store.setValue(entry, buffer.bytes, 0, buffer.end);
    else {
      this.#entry = this.#store.putRange(
        key.bytes("value_state.update"),
        key.start,
        key.end,
        buffer.bytes,
        0,
        buffer.end,
      );
    }
    state.updated++;
  }
  clear(): void {
    const entry = this.#find("value_state.clear");
    if (entry < 0) return;
    this.#store.removeEntry(entry);
    this.#entry = -1;
    this.#values.state.removed++;
  }
  lookAhead({ bytes, starts }: KeyGroups, from: number, to: number): void {
    this.#store.lookAhead(bytes, starts, starts.subarray(1), from, to);
  }
  removeGone(): void {
    this.#values.removeGone(this.#store, nothing);
  }
}

export class MapVariable implements AnyMapState, RunningVariable {
  readonly #values: Values;
  readonly #store: StateStore;
  readonly #keyCodec: RowCodec;

  constructor(variable: StateVariable, scope: VariableScope) {
    this.#values = new Values(variable, scope);
    this.#store = scope.state.store(storeOfVariable(variable.name));
    this.#keyCodec = codecOf(variable.key!, variable.name, scope.codec);
  }

  /** Writes the whole key; returns where it ends. */
  #writeKey(userKey: unknown, operation: string): number {
    const { name } = this.#values;
    if (userKey === null || userKey === undefined) {
      throw new MillraceError("ILLEGAL_STATE_STORE_VALUE.NULL_VALUE", { stateName: name });
    }
    const buffer = this.#values.beginKey(operation);
    const at = buffer.end;
    this.#keyCodec.write(userKey, buffer);
    setOffset(buffer, 16, at, buffer.end - at);
    return buffer.end;
  }
  #present(userKey: unknown, operation: string): number {
    const end = this.#writeKey(userKey, operation);
    const store = this.#store;
    const entry = store.find(this.#values.buffer.bytes, 0, end);
    return entry < 0 || this.#values.isGone(store.arena, store.valueStart(entry)) ? -1 : entry;
  }

  exists(): boolean {
    return this.#entries("map_state.exists").length > 0;
  }
  getValue(userKey: unknown): unknown {
    const entry = this.#present(userKey, "map_state.get_value");
    if (entry < 0) return null;
    const store = this.#store;
    return this.#values.read(store.arena, store.valueStart(entry), store.valueEnd(entry));
  }
  containsKey(userKey: unknown): boolean {
    return this.#present(userKey, "map_state.contains_key") >= 0;
  }
  updateValue(userKey: unknown, value: unknown): void {
    const end = this.#writeKey(userKey, "map_state.update_value");
    const { buffer, state } = this.#values;
    this.#values.write(value);
    this.#store.putRange(buffer.bytes, 0, end, buffer.bytes, end, buffer.end);
    state.updated++;
  }
  removeKey(userKey: unknown): void {
    const end = this.#writeKey(userKey, "map_state.remove_key");
    this.#remove(this.#store.find(this.#values.buffer.bytes, 0, end));
  }
  #remove(entry: number): void {
    if (entry < 0) return;
    this.#store.removeEntry(entry);
    this.#values.state.removed++;
  }

  /** The key as a row of one field, by which its entries are found. */
  #prefix(operation: string): Uint8Array {
    const { buffer, key } = this.#values;
    const bytes = key.bytes(operation);
    buffer.end = 0;
    buffer.reserve(16 + key.end - key.start);
    setOffset(buffer, 8, 16, key.end - key.start);
    copyRow(bytes, key.start, key.end, buffer.bytes, 16);
    return buffer.bytes;
  }
  /** Entries of the key that are not gone, in the order of the bytes of their user keys: the same after a restart. */
  #entries(operation: string): readonly { readonly from: number; readonly to: number; readonly entry: number }[] {
    const found: { readonly from: number; readonly to: number; readonly entry: number }[] = [];
    this.#store.forEachWithPrefix(this.#prefix(operation), 0, (arena, keyStart, keyEnd, valueStart, _end, entry) => {
      if (this.#values.isGone(arena, valueStart)) return;
      const from = keyStart + this.#values.words.get(arena)[(keyStart + 20) >> 2]!;
      found.push({ from, to: keyEnd, entry });
    });
    const { arena } = this.#store;
    return found.sort((a, b) => compareByteRanges(arena, a.from, a.to, arena, b.from, b.to));
  }
  iterator(): Iterable<readonly [key: unknown, value: unknown]> {
    const store = this.#store;
    const entries = this.#entries("map_state.iterator");
    const { arena } = store;
    return entries.map(({ from, to, entry }) => [
      this.#keyCodec.read(arena, from, to),
      this.#values.read(arena, store.valueStart(entry), store.valueEnd(entry)),
    ]);
  }
  keys(): Iterable<unknown> {
    const entries = this.#entries("map_state.keys");
    const { arena } = this.#store;
    return entries.map(({ from, to }) => this.#keyCodec.read(arena, from, to));
  }
  values(): Iterable<unknown> {
    const store = this.#store;
    return this.#entries("map_state.values").map(({ entry }) =>
      this.#values.read(store.arena, store.valueStart(entry), store.valueEnd(entry)),
    );
  }
  clear(): void {
    const prefix = this.#prefix("map_state.clear");
    this.#store.forEachWithPrefix(prefix, 0, (_arena, _ks, _ke, _vs, _ve, entry) => this.#remove(entry));
  }
  /** Which keys of the map come next nobody knows. */
  lookAhead(): void {}
  removeGone(): void {
    this.#values.removeGone(this.#store, nothing);
  }
}

export class ListVariable implements AnyListState, RunningVariable {
  readonly #values: Values;
  readonly #ranges: StateStore;
  readonly #elements: StateStore;
  readonly #range: RowBuffer = new RowBuffer();
  readonly #words: WordsOf = new WordsOf();
  /** Of the current key: elements have indices in `[first, next)`. */
  #first = 0;
  #next = 0;

  constructor(variable: StateVariable, scope: VariableScope) {
    this.#values = new Values(variable, scope);
    this.#ranges = scope.state.store(storeOfVariable(variable.name));
    this.#elements = scope.state.store(storeOfElements(variable.name));
  }

  #load(operation: string): void {
    const { key } = this.#values;
    const entry = this.#ranges.find(key.bytes(operation), key.start, key.end);
    this.#first = this.#next = 0;
    if (entry < 0) return;
    const words = this.#words.get(this.#ranges.arena);
    const at = this.#ranges.valueStart(entry);
    this.#first = longAt(words, at + 8);
    this.#next = longAt(words, at + 16);
  }
  #save(bytes: Uint8Array, start: number, end: number): void {
    const range = this.#range;
    range.end = 0;
    range.reserve(24);
    putLong(range, 8, this.#first);
    putLong(range, 16, this.#next);
    this.#ranges.putRange(bytes, start, end, range.bytes, 0, 24);
  }
  /** Writes the key of an element; returns where it ends. */
  #writeKey(index: number, operation: string): number {
    const buffer = this.#values.beginKey(operation);
    putLong(buffer, 16, index);
    return buffer.end;
  }
  #elementAt(index: number, operation: string): number {
    const end = this.#writeKey(index, operation);
    return this.#elements.find(this.#values.buffer.bytes, 0, end);
  }

  exists(): boolean {
    return this.#present("list_state.exists").length > 0;
  }
  get(): Iterable<unknown> {
    const store = this.#elements;
    return this.#present("list_state.get").map((entry) =>
      this.#values.read(store.arena, store.valueStart(entry), store.valueEnd(entry)),
    );
  }
  #present(operation: string): readonly number[] {
    this.#load(operation);
    const found: number[] = [];
    for (let index = this.#first; index < this.#next; index++) {
      const entry = this.#elementAt(index, operation);
      if (entry < 0 || this.#values.isGone(this.#elements.arena, this.#elements.valueStart(entry))) continue;
      found.push(entry);
    }
    return found;
  }
  put(values: Iterable<unknown>): void {
    const all = this.#notEmpty(values);
    this.clear();
    this.#append(all, "list_state.put");
  }
  appendValue(value: unknown): void {
    this.#append([value], "list_state.append_value");
  }
  appendList(values: Iterable<unknown>): void {
    this.#append(this.#notEmpty(values), "list_state.append_list");
  }
  #notEmpty(values: Iterable<unknown>): readonly unknown[] {
    const all = Array.from(values);
    if (all.length > 0) return all;
    throw new MillraceError("ILLEGAL_STATE_STORE_VALUE.EMPTY_LIST_VALUE", { stateName: this.#values.name });
  }
  #append(values: readonly unknown[], operation: string): void {
    this.#load(operation);
    const { buffer, key, state } = this.#values;
    for (const value of values) {
      const end = this.#writeKey(this.#next, operation);
      this.#values.write(value);
      this.#elements.putRange(buffer.bytes, 0, end, buffer.bytes, end, buffer.end);
      this.#next++;
      state.updated++;
    }
    this.#save(key.bytes(operation), key.start, key.end);
  }
  clear(): void {
    this.#load("list_state.clear");
    const { key, state } = this.#values;
    for (let index = this.#first; index < this.#next; index++) {
      const entry = this.#elementAt(index, "list_state.clear");
      if (entry < 0) continue;
      this.#elements.removeEntry(entry);
      state.removed++;
    }
    const entry = this.#ranges.find(key.bytes("list_state.clear"), key.start, key.end);
    if (entry >= 0) this.#ranges.removeEntry(entry);
  }

  lookAhead({ bytes, starts }: KeyGroups, from: number, to: number): void {
    this.#ranges.lookAhead(bytes, starts, starts.subarray(1), from, to);
  }

  /** Elements go from the front: later ones are gone later. */
  removeGone(): void {
    this.#values.removeGone(this.#elements, (arena, keyStart) => {
      const words = this.#values.words.get(arena);
      const start = keyStart + words[(keyStart + 12) >> 2]!;
      const end = start + words[(keyStart + 8) >> 2]!;
      const entry = this.#ranges.find(arena, start, end);
      if (entry < 0) return;
      const at = this.#ranges.valueStart(entry);
      const ranges = this.#words.get(this.#ranges.arena);
      this.#next = longAt(ranges, at + 16);
      this.#first = Math.max(longAt(ranges, at + 8), longAt(words, keyStart + 16) + 1);
      if (this.#first >= this.#next) this.#ranges.removeEntry(entry);
      else this.#save(arena, start, end);
    });
  }
}
