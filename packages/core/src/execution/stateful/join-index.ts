/**
 * Where the rows of one side of a join lie in its state, by key and time; in memory beside the state store, made from it
 * when a run begins.
 *
 * Rows are entries of the store of values, keys are groups. A group has two lists: its rows by their index, as the store
 * numbers them (0 to n − 1 without holes), and its rows by time, equal times by index. The lists of all groups lie in shared
 * arrays, in places of 2^k rows. Rows of a batch are added at the end; {@link seal} sorts them in, which costs nothing when they
 * came in order. A heap knows the earliest time of each group, so that what leaves is found without a look at what stays.
 *
 * Times are doubles, exact until the year 2255.
 */
import { TimeHeap } from "./time-heap.ts";
import { sortByTime } from "./time-sort.ts";

/** What {@link JoinIndex.drop} asks of the store. */
export interface RowStore {
  timeOf(row: number): number;
  /** The row is gone. */
  remove(row: number): void;
  /** The row `from` takes the place, and the index, of the row `to`, which is gone. */
  move(from: number, to: number): void;
  /** The last row of a group is gone. */
  removeGroup(keyEntry: number): void;
}

/** Rows leave each at its time, all of a group at the time that {@link JoinIndex.addGroup} is given, or never. */
export type Leaves = "each" | "together" | "never";

export class JoinIndex {
  /** Whether rows of a group are ordered by time. */
  readonly ordered: boolean;
  readonly #leaves: Leaves;
  /** Per row (entry of the store of values): its index in its group, and whether it has found a partner. */
  #indexOf: Int32Array = new Int32Array(64);
  matched: Uint8Array = new Uint8Array(64);
  /** Group of a key (entry of the store of counts), −1: none. */
  #groupOfKey: Int32Array = new Int32Array(64).fill(-1);
  // Per group.
  #keys: Int32Array = new Int32Array(64);
  #sizes: Int32Array = new Int32Array(64);
  /** Where its lists begin, how many rows have room, and how far inside the one by time begins. */
  #starts: Int32Array = new Int32Array(64);
  #rooms: Int32Array = new Int32Array(64);
  #heads: Int32Array = new Int32Array(64);
  /** Rows at the beginning of the list by time that are in order. */
  #sorted: Int32Array = new Int32Array(64);
  /** The time under which the heap has the group. */
  #queued: Float64Array = new Float64Array(64);
  #ties: Int32Array = new Int32Array(64);
  #changed: Uint8Array = new Uint8Array(64);
  #groupCount = 0;
  #freeGroups: number[] = [];
  readonly #heap: TimeHeap = new TimeHeap();
  // Lists of all groups.
  #byIndex: Int32Array = new Int32Array(256);
  #byTime: Int32Array = new Int32Array(256);
  #times: Float64Array = new Float64Array(256);
  #end = 0;
  readonly #freePlaces: number[][] = [];
  /** Groups with rows out of order, and groups whose size has changed in this batch. */
  #disordered: number[] = [];
  #changedGroups: number[] = [];
  /** What {@link due} has found: groups, and how many of their first rows. */
  readonly #due: { group: number; count: number }[] = [];

  constructor(ordered: boolean, leaves: Leaves) {
    this.ordered = ordered;
    this.#leaves = leaves;
  }

  get memoryBytes(): number {
    return (
      5 * this.#indexOf.length +
      4 * this.#groupOfKey.length +
      37 * this.#keys.length +
      16 * this.#byIndex.length +
      this.#heap.memoryBytes
    );
  }

  /** The group of a key's entry, −1 when the key has no rows. */
  groupOf(keyEntry: number): number {
    return keyEntry >= 0 && keyEntry < this.#groupOfKey.length ? this.#groupOfKey[keyEntry]! : -1;
  }
  sizeOf(group: number): number {
    return this.#sizes[group]!;
  }

  /**
   * A new group without rows.
   * @param tie  a hash of the key: orders keys of equal times
   * @param time when its rows leave, if they leave together
   */
  addGroup(keyEntry: number, tie: number, time: number): number {
    const group = this.#freeGroups.pop() ?? this.#groupCount++;
    if (group === this.#keys.length) this.#growGroups();
    if (keyEntry >= this.#groupOfKey.length) {
      const known = this.#groupOfKey.length;
      this.#groupOfKey = grownInts(this.#groupOfKey, Math.max(keyEntry + 1, 2 * known)).fill(-1, known);
    }
    this.#groupOfKey[keyEntry] = group;
    this.#keys[group] = keyEntry;
    this.#sizes[group] = 0;
    this.#rooms[group] = 0;
    this.#heads[group] = 0;
    this.#sorted[group] = 0;
    this.#ties[group] = tie;
    this.#changed[group] = 0;
    this.#queued[group] = Number.POSITIVE_INFINITY;
    if (this.#leaves === "together") this.#queue(group, time);
    return group;
  }

  /** Adds a row under the next index of its group, which is the group's size. */
  add(group: number, row: number, time: number, matched: boolean): void {
    this.place(group, this.reserve(group), row, time, matched);
  }

  /** The next index of a group, for a row that {@link place} is to put there; rows of a group are placed in this order. */
  reserve(group: number): number {
    const size = this.#sizes[group]!;
    if (this.#heads[group]! + size === this.#rooms[group]!) this.#makeRoom(group);
    this.#sizes[group] = size + 1;
    this.#noteChange(group);
    return size;
  }
  place(group: number, index: number, row: number, time: number, matched: boolean): void {
    if (row >= this.#indexOf.length) this.#growRows(row);
    const start = this.#starts[group]!;
    this.#byIndex[start + index] = row;
    this.#indexOf[row] = index;
    this.matched[row] = matched ? 1 : 0;
    if (!this.ordered) return;
    const at = start + this.#heads[group]! + index;
    this.#byTime[at] = row;
    this.#times[at] = time;
    if (this.#sorted[group] !== index) return;
    if (index === 0 || time >= this.#times[at - 1]!) {
      this.#sorted[group] = index + 1;
      if (index === 0) this.#queueFirst(group);
    } else {
      this.#disordered.push(group);
    }
  }

  /** Puts rows that were added into the order of their times. */
  seal(): void {
    for (const group of this.#disordered) {
      const size = this.#sizes[group]!;
      const from = this.#starts[group]! + this.#heads[group]!;
      sortByTime(this.#times, this.#byTime, from, from + this.#sorted[group]!, from + size);
      this.#sorted[group] = size;
      this.#queueFirst(group);
    }
    this.#disordered = [];
  }

  /** Place of the first row of a group whose time is at least `low`; in a group without order, of its first row. */
  placeFrom(group: number, low: number): number {
    if (!this.ordered) return this.#starts[group]!;
    const times = this.#times;
    let from = this.#starts[group]! + this.#heads[group]!;
    let to = from + this.#sizes[group]!;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (times[middle]! < low) from = middle + 1;
      else to = middle;
    }
    return from;
  }
  /** The place behind the last row of a group. */
  placeEnd(group: number): number {
    return this.#starts[group]! + (this.ordered ? this.#heads[group]! : 0) + this.#sizes[group]!;
  }
  rowAt(place: number): number {
    return this.ordered ? this.#byTime[place]! : this.#byIndex[place]!;
  }
  timeAt(place: number): number {
    return this.#times[place]!;
  }

  /** Groups whose size has changed since this was asked last: their key's entry, and their size. */
  takeChanges(visit: (keyEntry: number, size: number) => void): void {
    for (const group of this.#changedGroups) {
      if (this.#changed[group] === 0) continue;
      this.#changed[group] = 0;
      visit(this.#keys[group]!, this.#sizes[group]!);
    }
    this.#changedGroups = [];
  }

  /**
   * Rows whose time is at or before `limit`, earliest groups first, about `most` of them; {@link drop} must follow.
   * @returns how many there are; 0: none is left
   */
  due(limit: number, most: number, into: { rows: Int32Array }): number {
    const heap = this.#heap;
    const together = this.#leaves === "together";
    let found = 0;
    while (heap.least <= limit && found < most) {
      const group = heap.first;
      const time = heap.least;
      heap.pop();
      // The group is gone, or is in the heap under an earlier time.
      if (this.#queued[group] !== time) continue;
      this.#queued[group] = Number.POSITIVE_INFINITY;
      const count = together ? this.#sizes[group]! : this.#countUntil(group, limit);
      if (found + count > into.rows.length) into.rows = grownInts(into.rows, 2 * (found + count));
      const first = together ? this.#starts[group]! : this.#firstPlace(group);
      const list = together ? this.#byIndex : this.#byTime;
      for (let i = 0; i < count; i++) into.rows[found + i] = list[first + i]!;
      found += count;
      this.#due.push({ group, count });
    }
    return found;
  }

  /** Takes the rows that {@link due} has found out of the index and the store. */
  drop(store: RowStore): void {
    for (const { group, count } of this.#due) {
      if (count === this.#sizes[group]!) this.#dropGroup(group, store);
      else this.#dropFirst(group, count, store);
    }
    this.#due.length = 0;
  }

  #dropGroup(group: number, store: RowStore): void {
    const start = this.#starts[group]!;
    for (let i = 0, size = this.#sizes[group]!; i < size; i++) store.remove(this.#byIndex[start + i]!);
    const keyEntry = this.#keys[group]!;
    store.removeGroup(keyEntry);
    this.#groupOfKey[keyEntry] = -1;
    this.#freePlace(start, this.#rooms[group]!);
    this.#sizes[group] = 0;
    this.#changed[group] = 0;
    this.#freeGroups.push(group);
  }

  /** Rows leave from the front of the list by time; the last rows by index take the places that they leave. */
  #dropFirst(group: number, count: number, store: RowStore): void {
    const start = this.#starts[group]!;
    const first = start + this.#heads[group]!;
    const size = this.#sizes[group]!;
    const left = size - count;
    for (let i = 0; i < count; i++) {
      const row = this.#byTime[first + i]!;
      this.#byIndex[start + this.#indexOf[row]!] = -1;
    }
    this.#heads[group] = this.#heads[group]! + count;
    this.#sizes[group] = left;
    this.#sorted[group] = left;
    let last = size - 1;
    let steps = 0;
    for (let i = 0; i < count; i++) {
      const row = this.#byTime[first + i]!;
      const index = this.#indexOf[row]!;
      if (index >= left) {
        store.remove(row);
        continue;
      }
      while (this.#byIndex[start + last] === -1) last--;
      const moved = this.#byIndex[start + last--]!;
      // In order of arrival the row is the last by time too.
      const behind = first + size - 1 - steps++;
      const place = this.#byTime[behind] === moved ? behind : this.#placeOf(group, moved, store.timeOf(moved));
      this.#retime(group, place, row, index);
      store.move(moved, row);
      this.#byIndex[start + index] = row;
      this.matched[row] = this.matched[moved]!;
    }
    this.#noteChange(group);
    this.#queueFirst(group);
  }

  /** Where a row, the last of its time by index, lies in the list by time. */
  #placeOf(group: number, row: number, time: number): number {
    const [rows, times, indexOf] = [this.#byTime, this.#times, this.#indexOf];
    const index = indexOf[row]!;
    let at = this.#firstPlace(group);
    for (let end = at + this.#sizes[group]!; at < end;) {
      const middle = (at + end) >>> 1;
      const other = times[middle]!;
      if (other < time || (other === time && indexOf[rows[middle]!]! < index)) at = middle + 1;
      else end = middle;
    }
    return at;
  }

  /** The row at a place gets another number and a lower index: it goes to the place of that among rows of its time. */
  #retime(group: number, place: number, row: number, index: number): void {
    const [rows, times, indexOf] = [this.#byTime, this.#times, this.#indexOf];
    const first = this.#firstPlace(group);
    const time = times[place]!;
    let at = place;
    for (; at > first && times[at - 1] === time && indexOf[rows[at - 1]!]! > index; at--) rows[at] = rows[at - 1]!;
    rows[at] = row;
  }

  /** The store has given rows other numbers. */
  rowsMoved(moved: Int32Array): void {
    const indexOf = new Int32Array(this.#indexOf.length);
    const matched = new Uint8Array(this.matched.length);
    for (let group = 0; group < this.#groupCount; group++) {
      const start = this.#starts[group]!;
      const first = this.#firstPlace(group);
      for (let i = 0, size = this.#sizes[group]!; i < size; i++) {
        const old = this.#byIndex[start + i]!;
        const row = moved[old]!;
        this.#byIndex[start + i] = row;
        indexOf[row] = i;
        matched[row] = this.matched[old]!;
        if (this.ordered) this.#byTime[first + i] = moved[this.#byTime[first + i]!]!;
      }
    }
    this.#indexOf = indexOf;
    this.matched = matched;
  }

  /** The store has given keys other numbers. */
  keysMoved(moved: Int32Array): void {
    const groups = new Int32Array(this.#groupOfKey.length).fill(-1);
    for (let key = 0, count = Math.min(moved.length, groups.length); key < count; key++) {
      const group = this.#groupOfKey[key]!;
      if (group < 0) continue;
      groups[moved[key]!] = group;
      this.#keys[group] = moved[key]!;
    }
    this.#groupOfKey = groups;
  }

  #firstPlace(group: number): number {
    return this.#starts[group]! + this.#heads[group]!;
  }

  /** Rows at the front of the list by time that are at or before a time. */
  #countUntil(group: number, limit: number): number {
    const times = this.#times;
    const first = this.#firstPlace(group);
    let from = first;
    for (let to = first + this.#sizes[group]!; from < to;) {
      const middle = (from + to) >>> 1;
      if (times[middle]! <= limit) from = middle + 1;
      else to = middle;
    }
    return from - first;
  }

  #noteChange(group: number): void {
    if (this.#changed[group] !== 0) return;
    this.#changed[group] = 1;
    this.#changedGroups.push(group);
  }

  /** Lets the heap know of a group's first row; rows leave only where there is a limit for their times. */
  #queueFirst(group: number): void {
    if (this.#leaves === "each") this.#queue(group, this.#times[this.#firstPlace(group)]!);
  }
  #queue(group: number, time: number): void {
    if (time >= this.#queued[group]!) return;
    this.#queued[group] = time;
    this.#heap.push(time, this.#ties[group]!, group);
  }

  /** Room for one more row at the end of a group's lists. */
  #makeRoom(group: number): void {
    const [start, room, size, head] = [
      this.#starts[group]!,
      this.#rooms[group]!,
      this.#sizes[group]!,
      this.#heads[group]!,
    ];
    if (head > 0 && 2 * head >= room) {
      this.#byTime.copyWithin(start, start + head, start + head + size);
      this.#times.copyWithin(start, start + head, start + head + size);
      this.#heads[group] = 0;
      return;
    }
    const wider = Math.max(1, 2 * room);
    const target = this.#takePlace(wider);
    this.#byIndex.copyWithin(target, start, start + size);
    if (this.ordered) {
      this.#byTime.copyWithin(target, start + head, start + head + size);
      this.#times.copyWithin(target, start + head, start + head + size);
    }
    if (room > 0) this.#freePlace(start, room);
    this.#starts[group] = target;
    this.#rooms[group] = wider;
    this.#heads[group] = 0;
  }

  #takePlace(room: number): number {
    const free = this.#freePlaces[Math.log2(room)]?.pop();
    if (free !== undefined) return free;
    const start = this.#end;
    this.#end += room;
    if (this.#end > this.#byIndex.length) {
      const length = Math.max(this.#end, 2 * this.#byIndex.length);
      this.#byIndex = grownInts(this.#byIndex, length);
      if (this.ordered) {
        this.#byTime = grownInts(this.#byTime, length);
        this.#times = grownDoubles(this.#times, length);
      }
    }
    return start;
  }
  #freePlace(start: number, room: number): void {
    (this.#freePlaces[Math.log2(room)] ??= []).push(start);
  }

  #growRows(row: number): void {
    const length = Math.max(row + 1, 2 * this.#indexOf.length);
    this.#indexOf = grownInts(this.#indexOf, length);
    const matched = new Uint8Array(length);
    matched.set(this.matched);
    this.matched = matched;
  }
  #growGroups(): void {
    const length = 2 * this.#keys.length;
    this.#keys = grownInts(this.#keys, length);
    this.#sizes = grownInts(this.#sizes, length);
    this.#starts = grownInts(this.#starts, length);
    this.#rooms = grownInts(this.#rooms, length);
    this.#heads = grownInts(this.#heads, length);
    this.#sorted = grownInts(this.#sorted, length);
    this.#ties = grownInts(this.#ties, length);
    this.#queued = grownDoubles(this.#queued, length);
    const changed = new Uint8Array(length);
    changed.set(this.#changed);
    this.#changed = changed;
  }
}

function grownInts(source: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(source);
  return grown;
}
function grownDoubles(source: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(source);
  return grown;
}
