/** Bytes vectors back to back: what Arrow wants, and what should be kept when a batch outlives its source's buffer. */
import { unreachable } from "../errors/index.ts";
import { sliceVector } from "./gather.ts";
import type { RecordBatch } from "./record-batch.ts";
import type { BytesVector, Vector } from "./vector.ts";

/** Bytes in Arrow's layout: value i is `bytes[offsets[i], offsets[i + 1])`, `offsets[0]` is 0, nulls are empty. */
export interface ContiguousBytes {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
}

/** The vector's values back to back. Copies nothing when they already are (a builder's or Arrow's column). */
export function contiguousBytes(vector: BytesVector): ContiguousBytes {
  const { length, starts, ends, bytes, validity } = vector;
  if (length === 0) return { bytes: new Uint8Array(0), offsets: new Int32Array(1) };
  if (isContiguous(vector)) {
    const used = bytes.subarray(0, ends[length - 1]);
    // starts and ends are two views of the same offsets.
    if (starts.buffer === ends.buffer && ends.byteOffset === starts.byteOffset + 4) {
      return { bytes: used, offsets: new Int32Array(starts.buffer, starts.byteOffset, length + 1) };
    }
    const offsets = new Int32Array(length + 1);
    offsets.set(ends.subarray(0, length), 1);
    return { bytes: used, offsets };
  }
  const offsets = new Int32Array(length + 1);
  let size = 0;
  for (let i = 0; i < length; i++) {
    if (validity === null || ((validity[i >> 3]! >> (i & 7)) & 1) === 1) size += ends[i]! - starts[i]!;
    offsets[i + 1] = size;
  }
  const packed = new Uint8Array(size);
  for (let i = 0; i < length; i++) {
    const at = offsets[i]!;
    const count = offsets[i + 1]! - at;
    const from = starts[i]!;
    if (count < 32) for (let k = 0; k < count; k++) packed[at + k] = bytes[from + k]!;
    else packed.set(bytes.subarray(from, from + count), at);
  }
  return { bytes: packed, offsets };
}

function isContiguous(vector: BytesVector): boolean {
  const { length, starts, ends } = vector;
  let at = 0;
  for (let i = 0; i < length; i++) {
    if (starts[i] !== at) return false;
    at = ends[i]!;
  }
  return true;
}

/**
 * The same values without memory that they do not use: bytes back to back and copied, typed arrays cut to length,
 * children cut to the range in use. For batches that are kept after the buffers they point into go on to be reused.
 */
export function compactVector(vector: Vector): Vector {
  const length = vector.length;
  const validity = vector.validity === null ? null : vector.validity.slice(0, (length + 7) >> 3);
  switch (vector.kind) {
    case "null":
      return vector;
    case "bool":
      return { ...vector, validity, values: vector.values.slice(0, (length + 7) >> 3) };
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "f32":
    case "f64":
      return { ...vector, validity, values: vector.values.slice(0, length) } as Vector;
    case "decimal":
      return { ...vector, validity, values: vector.values.slice(0, 2 * length) };
    case "bytes": {
      const packed = contiguousBytes(vector);
      const offsets = packed.offsets.slice();
      const bytes = packed.bytes.buffer === vector.bytes.buffer ? packed.bytes.slice() : packed.bytes;
      return { ...vector, validity, bytes, starts: offsets.subarray(0, length), ends: offsets.subarray(1) };
    }
    case "list": {
      const { offsets, from, to } = rebasedOffsets(vector.offsets, length);
      return { ...vector, validity, offsets, child: compactVector(sliceVector(vector.child, from, to)) };
    }
    case "map": {
      const { offsets, from, to } = rebasedOffsets(vector.offsets, length);
      return {
        ...vector,
        validity,
        offsets,
        keys: compactVector(sliceVector(vector.keys, from, to)),
        values: compactVector(sliceVector(vector.values, from, to)),
      };
    }
    case "struct":
      return { ...vector, validity, children: vector.children.map(compactVector) };
    default:
      return unreachable(vector);
  }
}

/** Offsets shifted to start at 0, and the child range `[from, to)` that they spanned. */
export function rebasedOffsets(
  offsets: Int32Array,
  length: number,
): { readonly offsets: Int32Array; readonly from: number; readonly to: number } {
  const from = offsets[0]!;
  const rebased = offsets.slice(0, length + 1);
  if (from !== 0) for (let i = 0; i <= length; i++) rebased[i] = rebased[i]! - from;
  return { offsets: rebased, from, to: offsets[length]! };
}

/** {@link compactVector} for every column. */
export function compactBatch(batch: RecordBatch): RecordBatch {
  return { ...batch, columns: batch.columns.map(compactVector) };
}
