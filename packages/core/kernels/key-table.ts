/**
 * A table of byte strings, in AssemblyScript: numbers for keys in order of appearance. Open addressing; a slot holds the
 * number plus one of a key, whose entry holds a word (8), the place in the arena (4) and the length (4). The word is the key
 * itself when that is no longer, and else its hash: then the arena is looked at only for keys that are the same. The caller (BytesKeyTable) lays out the memory and makes room.
 */

import { lowBytes } from "./string-words";

let slots: i32 = 0;
let slotMask: i32 = 0;
let entries: i32 = 0;
let capacity: i32 = 0;
let arena: i32 = 0;
let arenaBytes: i32 = 0;
let masks: i32 = 0;
let count: i32 = 0;
let used: i32 = 0;
/** Number of the key NULL, or -1. */
let nullKey: i32 = -1;

/** `masks` are sixteen bytes 0xff and sixteen bytes 0. Keeps what the table holds. */
export function lay(
  slotsAt: i32,
  slotCount: i32,
  entriesAt: i32,
  keyCapacity: i32,
  arenaAt: i32,
  arenaSize: i32,
  masksAt: i32,
): void {
  slots = slotsAt;
  slotMask = (slotCount - 1) << 2;
  entries = entriesAt;
  capacity = keyCapacity;
  arena = arenaAt;
  arenaBytes = arenaSize;
  masks = masksAt;
}

/** Forgets all keys. */
export function clear(): void {
  count = 0;
  used = 0;
  nullKey = -1;
  memory.fill(slots, 0, slotMask + 4);
}

export function keys(): i32 {
  return count;
}
export function arenaUsed(): i32 {
  return used;
}
export function nullNumber(): i32 {
  return nullKey;
}

/** Where keys [from, to) begin in the arena, and where the last of them ends, is written to `target`. */
export function offsets(from: i32, to: i32, target: i32): void {
  for (let key = from; key < to; key++) {
    store<i32>(target, load<i32>(entries + (key << 4), 8));
    target += 4;
  }
  store<i32>(target, to < count ? load<i32>(entries + (to << 4), 8) : used);
}

/** Fills the slots anew, after they have become more. */
export function rehash(): void {
  memory.fill(slots, 0, slotMask + 4);
  for (let key = 0; key < count; key++) {
    if (key == nullKey) continue;
    const entry = entries + (key << 4);
    let at = place(load<u64>(entry), load<i32>(entry, 12));
    while (load<i32>(slots + at) != 0) at = (at + 4) & slotMask;
    store<i32>(slots + at, key + 1);
  }
}

@inline
function mix(h: u64, word: u64): u64 {
  h = (h ^ word) * 0x9fb21c651e98df25;
  return h ^ (h >> 32);
}

function hashLong(p: i32, length: i32): u64 {
  let h: u64 = 0;
  const last = p + length - 8;
  for (; p < last; p += 8) h = mix(h, load<u64>(p));
  return mix(h, load<u64>(last));
}

/** The slot in which looking for a key begins. */
@inline
function place(word: u64, length: i32): i32 {
  return <i32>((mix(<u64>length, word) * 0x9e3779b97f4a7c15) >> 32) & slotMask;
}

function sameLong(p: i32, q: i32, length: i32): bool {
  const last = length - 16;
  if (last < 0) return load<u64>(p) == load<u64>(q) && load<u64>(p + length - 8) == load<u64>(q + length - 8);
  for (let i = 0; i < last; i += 16) {
    if (v128.any_true(v128.xor(v128.load(p + i), v128.load(q + i)))) return false;
  }
  return !v128.any_true(v128.xor(v128.load(p + last), v128.load(q + last)));
}

/**
 * Writes the numbers of the values at [starts[i], ends[i]) + origin, for i in [from, to), to `groups`.
 * @param validity address of a bitmap, 0 when all are present
 * @param nulls 1: NULL is a key like others; 0: its number is -1
 * @param insert 1: new keys get a number; 0: theirs is -1
 * @returns where it stopped: `to`, or a row for whose key there is no room
 */
export function assign(
  startsAt: i32,
  endsAt: i32,
  origin: i32,
  validity: i32,
  groups: i32,
  from: i32,
  to: i32,
  nulls: i32,
  insert: i32,
): i32 {
  const mask = slotMask;
  const table = slots;
  for (let i = from; i < to; i++) {
    const into = groups + (i << 2);
    if (validity != 0 && ((load<u8>(validity + (i >> 3)) >> <u8>(i & 7)) & 1) == 0) {
      if (nulls != 0 && nullKey < 0 && insert != 0) {
        if (count == capacity) return i;
        nullKey = count++;
        put(nullKey, 0, 0);
      }
      store<i32>(into, nulls != 0 ? nullKey : -1);
      continue;
    }
    const p = load<i32>(startsAt + (i << 2)) + origin;
    const length = load<i32>(endsAt + (i << 2)) + origin - p;
    // An empty string may lie anywhere.
    const word = length > 8 ? hashLong(p, length) : lowBytes(length > 0 ? p : masks, length, masks);
    let at = place(word, length);
    let key: i32;
    for (;;) {
      key = load<i32>(table + at) - 1;
      if (key < 0) break;
      const entry = entries + (key << 4);
      if (
        load<u64>(entry) == word &&
        load<i32>(entry, 12) == length &&
        (length <= 8 || sameLong(p, arena + load<i32>(entry, 8), length))
      )
        break;
      at = (at + 4) & mask;
    }
    if (key < 0 && insert != 0) {
      if (count == capacity || used + length > arenaBytes) return i;
      key = count++;
      put(key, word, length);
      memory.copy(arena + used, p, length);
      used += length;
      store<i32>(table + at, key + 1);
    }
    store<i32>(into, key);
  }
  return to;
}

@inline
function put(key: i32, word: u64, length: i32): void {
  const entry = entries + (key << 4);
  store<u64>(entry, word);
  store<i32>(entry, used, 8);
  store<i32>(entry, length, 12);
}
