/**
 * A table of byte strings, in AssemblyScript: numbers for keys in order of appearance. Open addressing; a slot holds the
 * upper half of a key's hash and its number plus one. The caller (BytesKeyTable) lays out the memory and makes room.
 */

import { highBytes, lowBytes } from "./string-words";

let slots: i32 = 0;
let slotMask: i32 = 0;
let hashes: i32 = 0;
/** Where key `k` ends in the arena, at index k + 1; index 0 holds 0. */
let offsets: i32 = 0;
let capacity: i32 = 0;
let arena: i32 = 0;
let arenaBytes: i32 = 0;
let masks: i32 = 0;
let count: i32 = 0;
let used: i32 = 0;
/** Number of the key NULL, or -1. */
let nullKey: i32 = -1;

/** `masks` are 9 words of 64 bits, of which the n-th has its n lowest bytes set. Keeps what the table holds. */
export function lay(
  slotsAt: i32,
  slotCount: i32,
  hashesAt: i32,
  offsetsAt: i32,
  keyCapacity: i32,
  arenaAt: i32,
  arenaSize: i32,
  masksAt: i32,
): void {
  slots = slotsAt;
  slotMask = (slotCount - 1) << 3;
  hashes = hashesAt;
  offsets = offsetsAt;
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
  store<i32>(offsets, 0);
  memory.fill(slots, 0, slotMask + 8);
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

/** Fills the slots anew, after they have become more. */
export function rehash(): void {
  memory.fill(slots, 0, slotMask + 8);
  for (let key = 0; key < count; key++) {
    if (key == nullKey) continue;
    const hash = load<u32>(hashes + (key << 2));
    let at = place(hash, slotMask);
    while (load<u64>(slots + at) != 0) at = (at + 8) & slotMask;
    store<u64>(slots + at, ((<u64>hash) << 32) | <u64>(key + 1));
  }
}

@inline
function place(hash: u32, mask: i32): i32 {
  return <i32>((<u64>hash * 0x9e3779b97f4a7c15) >> 29) & mask;
}

@inline
function mix(h: u64, word: u64): u64 {
  h = (h ^ word) * 0x9fb21c651e98df25;
  return h ^ (h >> 32);
}

function hashLong(p: i32, length: i32): u64 {
  let h: u64 = <u64>length;
  const last = p + length - 16;
  for (; p < last; p += 16) h = mix(mix(h, load<u64>(p)), load<u64>(p, 8));
  return mix(mix(h, load<u64>(last)), load<u64>(last, 8));
}

function sameLong(p: i32, q: i32, length: i32): bool {
  const last = length - 16;
  for (let i = 0; i < last; i += 16) {
    if (v128.any_true(v128.xor(v128.load(p + i), v128.load(q + i)))) return false;
  }
  return !v128.any_true(v128.xor(v128.load(p + last), v128.load(q + last)));
}

/** What is empty may lie anywhere, also outside of the memory. */
@inline
function addressOf(start: i32, length: i32, origin: i32): i32 {
  return length > 0 ? start + origin : masks;
}

@inline
function hashOf(p: i32, length: i32): u64 {
  if (length > 16) return hashLong(p, length);
  return mix(mix(<u64>length, lowBytes(p, length, masks)), highBytes(p, length, masks));
}

/** Slots of more bytes do not lie in the processor's nearer caches. */
const nearBytes: i32 = 1 << 19;
/** Rows whose memory is fetched ahead: few enough that all of it stays in the nearest cache. */
const aheadRows: i32 = 128;
/** What {@link fetch} has read, or the reading would be left out. */
let fetched: u64 = 0;

/**
 * Reads what finding the keys of rows [from, to) will read, each step for all rows: reads that do not depend on one another
 * wait for the memory together. Uses `groups` for the hashes; rows that are NULL may be read as anything.
 */
function fetch(startsAt: i32, endsAt: i32, origin: i32, groups: i32, from: i32, to: i32): void {
  const mask = slotMask;
  const table = slots;
  let seen: u64 = 0;
  for (let i = from; i < to; i++) {
    const start = load<i32>(startsAt + (i << 2));
    const length = load<i32>(endsAt + (i << 2)) - start;
    const at = place(<u32>(hashOf(addressOf(start, length, origin), length) >> 32), mask);
    store<i32>(groups + (i << 2), at);
    seen ^= load<u64>(table + at);
  }
  for (let i = from; i < to; i++) {
    const key = <i32>load<u64>(table + load<i32>(groups + (i << 2))) - 1;
    const offset = offsets + (max(key, 0) << 2);
    store<i32>(groups + (i << 2), offset);
    seen ^= load<u32>(offset);
  }
  for (let i = from; i < to; i++) seen ^= load<u8>(arena + load<i32>(load<i32>(groups + (i << 2))));
  fetched = seen;
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
  let next = mask < nearBytes ? to : from;
  for (let i = from; i < to; i++) {
    if (i == next) {
      next = min(i + aheadRows, to);
      fetch(startsAt, endsAt, origin, groups, i, next);
    }
    const into = groups + (i << 2);
    if (validity != 0 && ((load<u8>(validity + (i >> 3)) >> <u8>(i & 7)) & 1) == 0) {
      if (nulls != 0 && nullKey < 0 && insert != 0) {
        if (count == capacity) return i;
        nullKey = count++;
        store<i32>(offsets + (count << 2), used);
      }
      store<i32>(into, nulls != 0 ? nullKey : -1);
      continue;
    }
    const start = load<i32>(startsAt + (i << 2));
    const length = load<i32>(endsAt + (i << 2)) - start;
    const p = addressOf(start, length, origin);
    let first: u64 = 0;
    let second: u64 = 0;
    let h: u64;
    if (length <= 16) {
      first = lowBytes(p, length, masks);
      second = highBytes(p, length, masks);
      h = mix(mix(<u64>length, first), second);
    } else {
      h = hashLong(p, length);
    }
    const hash = <u32>(h >> 32);
    const wanted = (<u64>hash) << 32;
    let at = place(hash, mask);
    let number = -1;
    for (;;) {
      const slot = load<u64>(table + at);
      if (slot == 0) break;
      if ((slot & 0xffffffff00000000) == wanted) {
        const key = <i32>slot - 1;
        const q = arena + load<i32>(offsets + (key << 2));
        if (load<i32>(offsets + ((key + 1) << 2)) + arena - q == length) {
          if (length <= 16 ? lowBytes(q, length, masks) == first && highBytes(q, length, masks) == second : sameLong(p, q, length)) {
            number = key;
            break;
          }
        }
      }
      at = (at + 8) & mask;
    }
    if (number < 0 && insert != 0) {
      if (count == capacity || used + length > arenaBytes) return i;
      number = count++;
      memory.copy(arena + used, p, length);
      used += length;
      store<i32>(offsets + (count << 2), used);
      store<u32>(hashes + (number << 2), hash);
      store<u64>(table + at, wanted | <u64>(number + 1));
    }
    store<i32>(into, number);
  }
  return to;
}
