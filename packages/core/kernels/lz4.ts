/**
 * Blocks of LZ4, and their checksums, in AssemblyScript: what `src/state/lz4.ts` and `src/state/xxhash32.ts` do, byte for byte.
 * The caller (lz4-kernel.ts) lays out the memory. Up to 8 bytes behind the input are read, and behind the output written.
 */

const hashBits: u32 = 13;
const minimumMatch: i32 = 4;

@inline
function writeLength(at: i32, length: i32): i32 {
  let rest = length;
  while (rest >= 255) {
    store<u8>(at++, 255);
    rest -= 255;
  }
  store<u8>(at++, <u8>rest);
  return at;
}

@inline
function copy(target: i32, source: i32, length: i32): void {
  for (let i = 0; i < length; i += 8) store<u64>(target + i, load<u64>(source + i));
}

@inline
function writeLiterals(source: i32, length: i32, at: i32): i32 {
  let out = at + 1;
  if (length >= 15) {
    store<u8>(at, 0xf0);
    out = writeLength(out, length - 15);
  } else {
    store<u8>(at, <u8>(length << 4));
  }
  copy(out, source, length);
  return out + length;
}

/** Compresses a block; `table` has room for 2^13 numbers. @returns the length of what was written */
export function compress(source: i32, length: i32, target: i32, table: i32): i32 {
  memory.fill(table, 0, 4 << hashBits);
  const end = source + length;
  const searchEnd = end - 12;
  const matchEnd = end - 5;
  let anchor = source;
  let position = source;
  let out = target;
  while (position < searchEnd) {
    const sequence = load<u32>(position);
    const slot = table + <i32>(((sequence * 0x9e3779b1) >> (32 - hashBits)) << 2);
    const known = load<i32>(slot);
    const candidate = source + known - 1;
    store<i32>(slot, position - source + 1);
    if (known == 0 || position - candidate > 65535 || load<u32>(candidate) != sequence) {
      position += 1 + ((position - anchor) >> 6);
      continue;
    }
    let matched = minimumMatch;
    for (;;) {
      const different = load<u64>(candidate + matched) ^ load<u64>(position + matched);
      if (different != 0) {
        matched += <i32>(ctz(different) >> 3);
        break;
      }
      matched += 8;
      if (position + matched >= matchEnd) break;
    }
    if (position + matched > matchEnd) matched = matchEnd - position;
    const token = out;
    out = writeLiterals(anchor, position - anchor, out);
    store<u16>(out, <u16>(position - candidate));
    out += 2;
    const extra = matched - minimumMatch;
    if (extra >= 15) {
      store<u8>(token, load<u8>(token) | 15);
      out = writeLength(out, extra - 15);
    } else {
      store<u8>(token, load<u8>(token) | <u8>extra);
    }
    position += matched;
    anchor = position;
  }
  return writeLiterals(anchor, end - anchor, out) - target;
}

/** Decompresses a block. @returns whether it was one of exactly `length` bytes */
export function decompress(source: i32, sourceLength: i32, target: i32, length: i32): bool {
  const end = source + sourceLength;
  const limit = target + length;
  let input = source;
  let out = target;
  while (input < end) {
    const token = <i32>load<u8>(input++);
    let literals = token >> 4;
    if (literals == 15) {
      let more = 255;
      while (more == 255) {
        if (input >= end) return false;
        more = <i32>load<u8>(input++);
        literals += more;
      }
    }
    if (literals > end - input || literals > limit - out) return false;
    copy(out, input, literals);
    out += literals;
    input += literals;
    if (input == end) break;
    if (end - input < 2) return false;
    const distance = <i32>load<u16>(input);
    input += 2;
    if (distance == 0 || distance > out - target) return false;
    let matched = (token & 15) + minimumMatch;
    if ((token & 15) == 15) {
      let more = 255;
      while (more == 255) {
        if (input >= end) return false;
        more = <i32>load<u8>(input++);
        matched += more;
      }
    }
    if (matched > limit - out) return false;
    if (distance >= 8) copy(out, out - distance, matched);
    else for (let i = 0; i < matched; i++) store<u8>(out + i, load<u8>(out + i - distance));
    out += matched;
  }
  return out == limit;
}

const prime1: u32 = 0x9e3779b1;
const prime2: u32 = 0x85ebca77;
const prime3: u32 = 0xc2b2ae3d;
const prime4: u32 = 0x27d4eb2f;
const prime5: u32 = 0x165667b1;

@inline
function round(accumulator: u32, lane: u32): u32 {
  return rotl<u32>(accumulator + lane * prime2, 13) * prime1;
}

/** xxHash32. */
export function checksum(source: i32, length: i32, seed: u32): u32 {
  const end = source + length;
  let at = source;
  let hash: u32;
  if (length >= 16) {
    let a: u32 = seed + prime1 + prime2;
    let b: u32 = seed + prime2;
    let c: u32 = seed;
    let d: u32 = seed - prime1;
    for (; at <= end - 16; at += 16) {
      a = round(a, load<u32>(at));
      b = round(b, load<u32>(at, 4));
      c = round(c, load<u32>(at, 8));
      d = round(d, load<u32>(at, 12));
    }
    hash = rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18);
  } else {
    hash = seed + prime5;
  }
  hash += <u32>length;
  for (; at <= end - 4; at += 4) hash = rotl<u32>(hash + load<u32>(at) * prime3, 17) * prime4;
  for (; at < end; at++) hash = rotl<u32>(hash + <u32>load<u8>(at) * prime5, 11) * prime1;
  hash = (hash ^ (hash >> 15)) * prime2;
  hash = (hash ^ (hash >> 13)) * prime3;
  return hash ^ (hash >> 16);
}
