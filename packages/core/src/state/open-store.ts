/**
 * A store that is open at a version: what the operators see of the map in which a provider keeps the state, and the life of that
 * version until it is committed or given up.
 */
import { assertInvariant } from "../errors/index.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { KeyPrefix } from "./key-prefix.ts";
import type { StateStore } from "./state-store.ts";
import { type EntriesMoved, VersionedMap, type VisitEntry } from "./versioned-map.ts";

/** What {@link StateStore} says of the methods of the same names. Changes belong to the open version. */
export interface StateMap extends Pick<
  StateStore,
  | "size"
  | "changedCount"
  | "arena"
  | "entries"
  | "find"
  | "lookAhead"
  | "lookAheadAt"
  | "keyStart"
  | "keyEnd"
  | "valueStart"
  | "valueEnd"
  | "putNew"
  | "setValue"
  | "removeEntry"
  | "forEach"
  | "forEachWithPrefix"
  | "forEachChange"
  | "follow"
  | "relieve"
> {
  readonly memoryBytes: number;
  put: StateStore["putRange"];
  remove(bytes: Uint8Array, start: number, end: number): void;
  /** Forgets the changes of the open version. */
  abort(): void;
}

/** How a version ends. */
export interface StoreEnd {
  /** The operations that make the changes of the map durable; called once, then nothing is changed any more. */
  program(): FileOperation[];
  /** The program has run. */
  committed(): void;
  /** The changes of the map are forgotten. */
  aborted(): void;
}

export class OpenStore implements StateStore {
  readonly version: number;
  readonly #map: StateMap;
  readonly #end: StoreEnd;
  #state: "open" | "prepared" | "committed" | "aborted" = "open";

  constructor(map: StateMap, version: number, end: StoreEnd) {
    this.#map = map;
    this.version = version;
    this.#end = end;
  }
  get size(): number {
    return this.#map.size;
  }
  get changedCount(): number {
    return this.#map.changedCount;
  }
  get arena(): Uint8Array {
    return this.#map.arena;
  }
  memoryUsedBytes(): number {
    return this.#map.memoryBytes;
  }
  #change(): void {
    assertInvariant(this.#state === "open", `state version ${this.version} was changed after it was ${this.#state}`);
  }
  get(key: Uint8Array): Uint8Array | null {
    const entry = this.#map.find(key, 0, key.length);
    if (entry < 0) return null;
    const [start, end] = [this.#map.valueStart(entry), this.#map.valueEnd(entry)];
    return this.#map.arena.subarray(start, end);
  }
  put(key: Uint8Array, value: Uint8Array): void {
    this.putRange(key, 0, key.length, value, 0, value.length);
  }
  remove(key: Uint8Array): void {
    this.#change();
    this.#map.remove(key, 0, key.length);
  }
  entries(): ReturnType<StateStore["entries"]> {
    return this.#map.entries();
  }
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#map.find(bytes, start, end);
  }
  lookAhead(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, from: number, to: number): void {
    this.#map.lookAhead(bytes, starts, ends, from, to);
  }
  lookAheadAt(entries: Int32Array, from: number, to: number): void {
    this.#map.lookAheadAt(entries, from, to);
  }
  keyStart(entry: number): number {
    return this.#map.keyStart(entry);
  }
  keyEnd(entry: number): number {
    return this.#map.keyEnd(entry);
  }
  valueStart(entry: number): number {
    return this.#map.valueStart(entry);
  }
  valueEnd(entry: number): number {
    return this.#map.valueEnd(entry);
  }
  putRange(...range: Parameters<StateStore["putRange"]>): number {
    this.#change();
    return this.#map.put(...range);
  }
  putNew(...range: Parameters<StateStore["putNew"]>): number {
    this.#change();
    return this.#map.putNew(...range);
  }
  setValue(entry: number, value: Uint8Array, start: number, end: number): void {
    this.#change();
    this.#map.setValue(entry, value, start, end);
  }
  removeEntry(entry: number): void {
    this.#change();
    this.#map.removeEntry(entry);
  }
  forEach(visit: VisitEntry): void {
    this.#map.forEach(visit);
  }
  forEachWithPrefix(row: Uint8Array, start: number, visit: VisitEntry): void {
    this.#map.forEachWithPrefix(row, start, visit);
  }
  forEachChange(visit: VisitEntry): void {
    this.#map.forEachChange(visit);
  }
  follow(listener: EntriesMoved): boolean {
    return this.#map.follow(listener);
  }
  relieve(): void {
    this.#map.relieve();
  }
  commitProgram(): readonly FileOperation[] {
    this.#change();
    this.#state = "prepared";
    return this.#end.program();
  }
  committed(): void {
    assertInvariant(this.#state === "prepared", `state version ${this.version} is ${this.#state}, not prepared`);
    this.#state = "committed";
    this.#end.committed();
  }
  abort(): void {
    if (this.#state === "committed" || this.#state === "aborted") return;
    this.#state = "aborted";
    this.#map.abort();
    this.#end.aborted();
  }
}

/** A store that lives as long as its holder and is never written: the state of a batch query. */
export function memoryStateStore(keyPrefix?: KeyPrefix): StateStore {
  const nothing = (): void => undefined;
  return new OpenStore(new VersionedMap(0, keyPrefix), 0, { program: () => [], committed: nothing, aborted: nothing });
}
