/** Rows of a vector by position: gather, slice and filter. Bytes are shared, never copied. */
import { unreachable } from "../errors/index.ts";
import type { DataType } from "../types/data-type.ts";
import type { BatchMemory } from "./batch-memory.ts";
import type { RecordBatch } from "./record-batch.ts";
import { allPresent, clearBit, gatherBits, intersectValidity, sliceBits } from "./validity.ts";
import type { Validity, Vector } from "./vector.ts";
import { createBuilder } from "./vector-builder.ts";

/**
 * The values at `indices[0 … count)`, in that order; positions may repeat. A bytes column shares its bytes.
 * @param memory for the larger arrays
 */
export function gather(vector: Vector, indices: Int32Array, count: number, memory?: BatchMemory): Vector {
  const { type } = vector;
  const validity = vector.validity === null ? null : gatherBits(vector.validity, indices, count);
  switch (vector.kind) {
    case "null":
      return { kind: "null", type, length: count, validity: null };
    case "bool":
      return { kind: "bool", type, length: count, validity, values: gatherBits(vector.values, indices, count) };
    case "i8": {
      const from = vector.values;
      const values = new Int8Array(count);
      for (let i = 0; i < count; i++) values[i] = from[indices[i]!]!;
      return { kind: "i8", type, length: count, validity, values };
    }
    case "i16": {
      const from = vector.values;
      const values = new Int16Array(count);
      for (let i = 0; i < count; i++) values[i] = from[indices[i]!]!;
      return { kind: "i16", type, length: count, validity, values };
    }
    case "i32":
      return { kind: "i32", type, length: count, validity, values: gatherInt32(vector.values, indices, count, memory) };
    case "i64": {
      const from = vector.values;
      const values = memory?.int64(count) ?? new BigInt64Array(count);
      for (let i = 0; i < count; i++) values[i] = from[indices[i]!]!;
      return { kind: "i64", type, length: count, validity, values };
    }
    case "f32": {
      const from = vector.values;
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++) values[i] = from[indices[i]!]!;
      return { kind: "f32", type, length: count, validity, values };
    }
    case "f64": {
      const from = vector.values;
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = from[indices[i]!]!;
      return { kind: "f64", type, length: count, validity, values };
    }
    case "decimal": {
      const from = vector.values;
      const values = new BigInt64Array(2 * count);
      for (let i = 0; i < count; i++) {
        const row = indices[i]!;
        values[2 * i] = from[2 * row]!;
        values[2 * i + 1] = from[2 * row + 1]!;
      }
      return { kind: "decimal", type, length: count, validity, values };
    }
    case "bytes":
      return {
        kind: "bytes",
        type,
        length: count,
        validity,
        bytes: vector.bytes,
        starts: gatherInt32(vector.starts, indices, count, memory),
        ends: gatherInt32(vector.ends, indices, count, memory),
      };
    case "list": {
      const { offsets, positions } = gatherRanges(vector.offsets, indices, count);
      return {
        kind: "list",
        type,
        length: count,
        validity,
        offsets,
        child: gather(vector.child, positions, positions.length),
      };
    }
    case "map": {
      const { offsets, positions } = gatherRanges(vector.offsets, indices, count);
      return {
        kind: "map",
        type,
        length: count,
        validity,
        offsets,
        keys: gather(vector.keys, positions, positions.length),
        values: gather(vector.values, positions, positions.length),
      };
    }
    case "struct":
      return {
        kind: "struct",
        type,
        length: count,
        validity,
        children: vector.children.map((child) => gather(child, indices, count)),
      };
    default:
      return unreachable(vector);
  }
}

/** Like {@link gather}, but a negative position gives a null: the missing side of an outer join. */
export function gatherOrNull(vector: Vector, indices: Int32Array, count: number): Vector {
  if (vector.length === 0) return nullVector(vector.type, count);
  let present: Uint8Array | null = null;
  for (let i = 0; i < count; i++) if (indices[i]! < 0) clearBit((present ??= allPresent(count)), i);
  if (present === null) return gather(vector, indices, count);
  const positions = new Int32Array(count);
  for (let i = 0; i < count; i++) positions[i] = Math.max(indices[i]!, 0);
  const gathered = gather(vector, positions, count);
  if (gathered.kind === "null") return gathered;
  return { ...gathered, validity: intersectValidity(gathered.validity, present, count) };
}

/** `length` nulls of a type. */
export function nullVector(type: DataType, length: number): Vector {
  const builder = createBuilder(type, length);
  for (let i = 0; i < length; i++) builder.appendNull();
  return builder.finish();
}

function gatherInt32(from: Int32Array, indices: Int32Array, count: number, memory?: BatchMemory): Int32Array {
  const values = memory?.int32(count) ?? new Int32Array(count);
  for (let i = 0; i < count; i++) values[i] = from[indices[i]!]!;
  return values;
}

/** Child positions of the chosen lists, back to back, and their new offsets. */
function gatherRanges(
  offsets: Int32Array,
  indices: Int32Array,
  count: number,
): { readonly offsets: Int32Array; readonly positions: Int32Array } {
  const result = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const row = indices[i]!;
    result[i + 1] = result[i]! + offsets[row + 1]! - offsets[row]!;
  }
  const positions = new Int32Array(result[count]!);
  for (let i = 0, at = 0; i < count; i++) {
    const row = indices[i]!;
    for (let k = offsets[row]!, end = offsets[row + 1]!; k < end; k++) positions[at++] = k;
  }
  return { offsets: result, positions };
}

/** Values `[from, to)`; shares all memory but bitmaps that do not start at a byte. */
export function sliceVector(vector: Vector, from: number, to: number): Vector {
  if (from === 0 && to === vector.length) return vector;
  const { type } = vector;
  const length = to - from;
  const validity: Validity = vector.validity === null ? null : sliceBits(vector.validity, from, to);
  switch (vector.kind) {
    case "null":
      return { kind: "null", type, length, validity: null };
    case "bool":
      return { kind: "bool", type, length, validity, values: sliceBits(vector.values, from, to) };
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "f32":
    case "f64":
      return { ...vector, length, validity, values: vector.values.subarray(from, to) } as Vector;
    case "decimal":
      return { ...vector, length, validity, values: vector.values.subarray(2 * from, 2 * to) };
    case "bytes":
      return {
        ...vector,
        length,
        validity,
        starts: vector.starts.subarray(from, to),
        ends: vector.ends.subarray(from, to),
      };
    case "list":
    case "map":
      return { ...vector, length, validity, offsets: vector.offsets.subarray(from, to + 1) };
    case "struct":
      return { ...vector, length, validity, children: vector.children.map((child) => sliceVector(child, from, to)) };
    default:
      return unreachable(vector);
  }
}

/** Rows `[from, to)` of a batch, sharing memory. */
export function sliceBatch(batch: RecordBatch, from: number, to: number): RecordBatch {
  if (from === 0 && to === batch.length) return batch;
  return {
    schema: batch.schema,
    length: to - from,
    columns: batch.columns.map((column) => sliceVector(column, from, to)),
  };
}

/** The rows at `indices[0 … count)`, in that order. */
export function gatherBatch(batch: RecordBatch, indices: Int32Array, count: number): RecordBatch {
  return {
    schema: batch.schema,
    length: count,
    columns: batch.columns.map((column) => gather(column, indices, count)),
  };
}

/** The rows whose condition (a boolean column of the same length) is true; NULL counts as false. */
export function filterBatch(batch: RecordBatch, condition: Vector): RecordBatch {
  const selection = new Int32Array(batch.length);
  const count = selectTrue(condition, selection);
  return count === batch.length ? batch : gatherBatch(batch, selection, count);
}

/** Writes the positions at which a boolean column is true into `selection` (room for its length); returns how many. */
export function selectTrue(condition: Vector, selection: Int32Array): number {
  if (condition.kind !== "bool") return 0;
  const { values, validity, length } = condition;
  let count = 0;
  for (let i = 0; i < length; i += 8) {
    const byte = i >> 3;
    let bits = values[byte]! & (validity === null ? 0xff : validity[byte]!);
    const rest = length - i;
    if (rest < 8) bits &= (1 << rest) - 1;
    while (bits !== 0) {
      selection[count++] = i + 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
    }
  }
  return count;
}
