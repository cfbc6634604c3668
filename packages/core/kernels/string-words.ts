/**
 * The first sixteen bytes of a string as two words, zero behind its end. Bytes behind the end are read, and cut off by
 * `masks`: sixteen bytes 0xff and sixteen bytes 0.
 */

@inline
export function lowBytes(p: i32, length: i32, masks: i32): u64 {
  return load<u64>(p) & load<u64>(masks + 16 - (length < 16 ? length : 16));
}

@inline
export function highBytes(p: i32, length: i32, masks: i32): u64 {
  return load<u64>(p, 8) & load<u64>(masks + 16 - (length < 16 ? length : 16), 8);
}
