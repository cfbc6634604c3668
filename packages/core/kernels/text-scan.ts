/**
 * Lines of text and parts of strings, in AssemblyScript: bytes are compared with what ends a line or part 64 at a time. The
 * caller (text-kernel.ts) lays out the memory; up to 64 bytes behind the text are read, whatever they hold.
 */

/** State of a scan of lines: where the line that is under way begins, as the results count. */
let lineStart: i32 = 0;
/** The last line end was a CR: a LF right behind it is part of it. */
let afterReturn: bool = false;
let high: bool = false;

export function lineStarted(): i32 {
  return lineStart;
}
export function isAfterReturn(): bool {
  return afterReturn;
}
/** Whether a byte that the last call looked at is above 0x7f. */
export function isHigh(): bool {
  return high;
}

/** Goes on with a line. */
export function resume(start: i32, behindReturn: bool): void {
  lineStart = start;
  afterReturn = behindReturn;
}

@inline
function equal(p: i32, byte: v128): u64 {
  const a = <u64>i8x16.bitmask(i8x16.eq(v128.load(p), byte));
  const b = <u64>i8x16.bitmask(i8x16.eq(v128.load(p, 16), byte));
  const c = <u64>i8x16.bitmask(i8x16.eq(v128.load(p, 32), byte));
  const d = <u64>i8x16.bitmask(i8x16.eq(v128.load(p, 48), byte));
  return a | (b << 16) | (c << 32) | (d << 48);
}

/** The `count` lowest bits, for 1 to 64. */
@inline
function lowest(count: i32): u64 {
  return <u64>-1 >> <u64>(64 - count);
}

/**
 * Lines that end with LF, CR or CRLF in [from, to): writes where they begin and end, less `origin`, to `starts` and `ends`.
 * What stands behind the last line end is the line under way.
 * @returns the number of lines; with `capacity` of them the scan may have stopped there
 */
export function lines(from: i32, to: i32, origin: i32, starts: i32, ends: i32, capacity: i32): i32 {
  const lineFeed = i8x16.splat(10);
  const carriageReturn = i8x16.splat(13);
  let seen: v128 = i64x2.splat(0);
  let tail: i32 = 0;
  let count = 0;
  for (let p = from; p < to; p += 64) {
    let found = equal(p, lineFeed) | equal(p, carriageReturn);
    if (to - p >= 64) {
      seen = v128.or(
        seen,
        v128.or(v128.or(v128.load(p), v128.load(p, 16)), v128.or(v128.load(p, 32), v128.load(p, 48))),
      );
    } else {
      found &= lowest(to - p);
      for (let q = p; q < to; q++) tail |= load<i8>(q);
    }
    while (found != 0) {
      const at = p + <i32>ctz(found);
      found &= found - 1;
      const byte = load<u8>(at);
      if (afterReturn && byte == 10 && at - origin == lineStart) {
        lineStart++;
        afterReturn = false;
        continue;
      }
      if (count == capacity) {
        high = tail < 0 || i8x16.bitmask(seen) != 0;
        return count;
      }
      store<i32>(starts + (count << 2), lineStart);
      store<i32>(ends + (count << 2), at - origin);
      count++;
      lineStart = at - origin + 1;
      afterReturn = byte == 13;
    }
  }
  high = tail < 0 || i8x16.bitmask(seen) != 0;
  return count;
}

@inline
function matches(p: i32, q: i32, size: i32): bool {
  for (let i = 1; i < size; i++) if (load<u8>(p + i) != load<u8>(q + i)) return false;
  return true;
}

/**
 * Parts of the strings at [from[i], to[i]) + origin between separators; a string without one is its own only part. Writes
 * where they begin and end, less `origin`, to `starts` and `ends`, and how many parts each string has to `counts`.
 * @param validity address of a bitmap, 0 when all are present; NULL has no part
 * @returns the number of parts, of which a string has at most one for each byte and one more
 */
export function split(
  fromAt: i32,
  toAt: i32,
  rows: i32,
  origin: i32,
  validity: i32,
  separator: i32,
  size: i32,
  starts: i32,
  ends: i32,
  counts: i32,
): i32 {
  const first = i8x16.splat(load<i8>(separator));
  let out: i32 = 0;
  for (let i = 0; i < rows; i++) {
    const before = out;
    if (validity == 0 || ((load<u8>(validity + (i >> 3)) >> <u8>(i & 7)) & 1) != 0) {
      let start = load<i32>(fromAt + (i << 2)) + origin;
      const end = load<i32>(toAt + (i << 2)) + origin;
      // The last place where a separator may begin, and one more.
      const last = end - size + 1;
      for (let p = start; p < last; p += 64) {
        let found = equal(p, first);
        if (last - p < 64) found &= lowest(last - p);
        while (found != 0) {
          const at = p + <i32>ctz(found);
          found &= found - 1;
          if (size > 1 && (at < start || !matches(at, separator, size))) continue;
          store<i32>(starts + out, start - origin);
          store<i32>(ends + out, at - origin);
          out += 4;
          start = at + size;
        }
      }
      store<i32>(starts + out, start - origin);
      store<i32>(ends + out, end - origin);
      out += 4;
    }
    store<i32>(counts + (i << 2), (out - before) >> 2);
  }
  return out >> 2;
}
