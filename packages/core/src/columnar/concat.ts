/** Vectors and batches end to end. */
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import { sliceVector } from "./gather.ts";
import type { RecordBatch } from "./record-batch.ts";
import { appendBits, setBits } from "./validity.ts";
import type { BytesVector, Validity, Vector } from "./vector.ts";
import { createBuilder } from "./vector-builder.ts";

/** A vector without values. */
export function emptyVector(type: DataType): Vector {
  return createBuilder(type, 0).finish();
}

/** A batch without rows. */
export function emptyBatch(schema: StructType): RecordBatch {
  return { schema, length: 0, columns: schema.fields.map((f) => emptyVector(f.type)) };
}

/** All rows of the batches, in order. A single batch with rows comes back as it is. */
export function concatBatches(schema: StructType, batches: readonly RecordBatch[]): RecordBatch {
  const filled = batches.filter((batch) => batch.length > 0);
  if (filled.length === 0) return emptyBatch(schema);
  if (filled.length === 1) return filled[0]!;
  return {
    schema,
    length: filled.reduce((sum, batch) => sum + batch.length, 0),
    columns: schema.fields.map((f, i) =>
      concatVectors(
        f.type,
        filled.map((batch) => batch.columns[i]!),
      ),
    ),
  };
}

/** All values of the vectors, which have the given type, in order. */
export function concatVectors(type: DataType, vectors: readonly Vector[]): Vector {
  const filled = vectors.filter((vector) => vector.length > 0);
  const first = filled[0];
  if (first === undefined) return emptyVector(type);
  if (filled.length === 1) return first;
  const length = filled.reduce((sum, vector) => sum + vector.length, 0);
  const validity = concatValidity(filled, length);
  switch (first.kind) {
    case "null":
      return { kind: "null", type, length, validity: null };
    case "bool": {
      const values = new Uint8Array((length + 7) >> 3);
      let at = 0;
      for (const vector of sameKind(filled, "bool")) {
        appendBits(values, at, vector.values, vector.length);
        at += vector.length;
      }
      return { kind: "bool", type, length, validity, values };
    }
    case "i8":
      return { kind: "i8", type, length, validity, values: joined(sameKind(filled, "i8"), new Int8Array(length)) };
    case "i16":
      return { kind: "i16", type, length, validity, values: joined(sameKind(filled, "i16"), new Int16Array(length)) };
    case "i32":
      return { kind: "i32", type, length, validity, values: joined(sameKind(filled, "i32"), new Int32Array(length)) };
    case "f32":
      return { kind: "f32", type, length, validity, values: joined(sameKind(filled, "f32"), new Float32Array(length)) };
    case "f64":
      return { kind: "f64", type, length, validity, values: joined(sameKind(filled, "f64"), new Float64Array(length)) };
    case "i64":
      return { kind: "i64", type, length, validity, values: joined64(sameKind(filled, "i64"), length, 1) };
    case "decimal":
      return { kind: "decimal", type, length, validity, values: joined64(sameKind(filled, "decimal"), length, 2) };
    case "bytes":
      return concatBytes(type, sameKind(filled, "bytes"), length, validity);
    case "list": {
      const lists = sameKind(filled, "list");
      const child = concatVectors(
        first.child.type,
        lists.map((v) => sliceVector(v.child, v.offsets[0]!, v.offsets[v.length]!)),
      );
      return { kind: "list", type, length, validity, offsets: joinOffsets(lists, length), child };
    }
    case "map": {
      const maps = sameKind(filled, "map");
      const [keys, values] = (["keys", "values"] as const).map((side) =>
        concatVectors(
          first[side].type,
          maps.map((v) => sliceVector(v[side], v.offsets[0]!, v.offsets[v.length]!)),
        ),
      );
      return { kind: "map", type, length, validity, offsets: joinOffsets(maps, length), keys: keys!, values: values! };
    }
    case "struct": {
      const structs = sameKind(filled, "struct");
      const children = first.children.map((child, i) =>
        concatVectors(
          child.type,
          structs.map((v) => v.children[i]!),
        ),
      );
      return { kind: "struct", type, length, validity, children };
    }
  }
}

function sameKind<K extends Vector["kind"]>(
  vectors: readonly Vector[],
  kind: K,
): readonly Extract<Vector, { readonly kind: K }>[] {
  for (const vector of vectors) {
    assertInvariant(vector.kind === kind, `vectors of ${vector.kind} and ${kind} cannot be joined`);
  }
  return vectors as readonly Extract<Vector, { readonly kind: K }>[];
}

function concatValidity(vectors: readonly Vector[], length: number): Validity {
  if (vectors.every((vector) => vector.validity === null)) return null;
  const bits = new Uint8Array((length + 7) >> 3);
  let at = 0;
  for (const vector of vectors) {
    if (vector.validity === null) setBits(bits, at, vector.length);
    else appendBits(bits, at, vector.validity, vector.length);
    at += vector.length;
  }
  return bits;
}

type NumberArray = Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
function joined<A extends NumberArray>(
  vectors: readonly { readonly length: number; readonly values: A }[],
  values: A,
): A {
  let at = 0;
  for (const vector of vectors) {
    values.set(vector.values.subarray(0, vector.length), at);
    at += vector.length;
  }
  return values;
}

function joined64(
  vectors: readonly { readonly length: number; readonly values: BigInt64Array }[],
  length: number,
  width: number,
): BigInt64Array {
  const values = new BigInt64Array(length * width);
  let at = 0;
  for (const vector of vectors) {
    values.set(vector.values.subarray(0, vector.length * width), at);
    at += vector.length * width;
  }
  return values;
}

/** Offsets of the joined lists, whose children were cut to the range that each list uses. */
function joinOffsets(
  vectors: readonly { readonly length: number; readonly offsets: Int32Array }[],
  length: number,
): Int32Array {
  const offsets = new Int32Array(length + 1);
  let at = 0;
  let base = 0;
  for (const vector of vectors) {
    const shift = base - vector.offsets[0]!;
    for (let i = 1; i <= vector.length; i++) offsets[at + i] = vector.offsets[i]! + shift;
    at += vector.length;
    base = offsets[at]!;
  }
  return offsets;
}

function concatBytes(type: DataType, vectors: readonly BytesVector[], length: number, validity: Validity): BytesVector {
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  const shared = vectors[0]!.bytes;
  if (vectors.every((vector) => vector.bytes === shared)) {
    let at = 0;
    for (const vector of vectors) {
      starts.set(vector.starts.subarray(0, vector.length), at);
      ends.set(vector.ends.subarray(0, vector.length), at);
      at += vector.length;
    }
    return { kind: "bytes", type, length, validity, bytes: shared, starts, ends };
  }
  const ranges = vectors.map(usedRange);
  const size = ranges.reduce((sum, range) => sum + (range.dense ? range.to - range.from : range.used), 0);
  if (size > 0x7fff_ffff) throw new MillraceError("COLUMN_BATCH_TOO_LARGE", { bytes: String(size) });
  const bytes = new Uint8Array(size);
  let row = 0;
  let at = 0;
  for (let v = 0; v < vectors.length; v++) {
    const vector = vectors[v]!;
    const range = ranges[v]!;
    if (range.dense) {
      bytes.set(vector.bytes.subarray(range.from, range.to), at);
      const shift = at - range.from;
      for (let i = 0; i < vector.length; i++, row++) {
        starts[row] = vector.starts[i]! + shift;
        ends[row] = vector.ends[i]! + shift;
      }
      at += range.to - range.from;
    } else {
      for (let i = 0; i < vector.length; i++, row++) {
        const from = vector.starts[i]!;
        const to = vector.ends[i]!;
        starts[row] = at;
        bytes.set(vector.bytes.subarray(from, to), at);
        at += to - from;
        ends[row] = at;
      }
    }
  }
  return { kind: "bytes", type, length, validity, bytes, starts, ends };
}

/** Which bytes a vector points to, and whether copying that whole range wastes less than half of it. */
function usedRange(vector: BytesVector): {
  readonly from: number;
  readonly to: number;
  readonly used: number;
  readonly dense: boolean;
} {
  let from = 0x7fff_ffff;
  let to = 0;
  let used = 0;
  for (let i = 0; i < vector.length; i++) {
    const start = vector.starts[i]!;
    const end = vector.ends[i]!;
    if (start < from) from = start;
    if (end > to) to = end;
    used += end - start;
  }
  return { from, to, used, dense: to - from <= 2 * used };
}
