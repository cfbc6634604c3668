/**
 * A batch as one run of bytes, for temporary files and other threads of this machine: no version, native byte order.
 *
 *     int32 n · n numbers (lengths of vectors and of their buffers, in the order of the schema) · buffers, each at a multiple of 8
 *
 * Reading copies nothing: the vectors point into the bytes.
 */
import { assertInvariant } from "../errors/index.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import { contiguousBytes, rebasedOffsets } from "./compact.ts";
import { sliceVector } from "./gather.ts";
import type { RecordBatch } from "./record-batch.ts";
import { type FixedVector, type Vector, vectorKindOf } from "./vector.ts";

const aligned = (bytes: number): number => (bytes + 7) & ~7;

export function encodeBatch(batch: RecordBatch): Uint8Array {
  const numbers: number[] = [batch.length];
  const buffers: Uint8Array[] = [];
  for (const column of batch.columns) collect(column, numbers, buffers);
  const head = aligned(4 * (numbers.length + 1));
  const size = buffers.reduce((sum, buffer) => sum + aligned(buffer.byteLength), head);
  const bytes = new Uint8Array(size);
  new Int32Array(bytes.buffer, 0, numbers.length + 1).set([numbers.length, ...numbers]);
  let at = head;
  for (const buffer of buffers) {
    bytes.set(buffer, at);
    at += aligned(buffer.byteLength);
  }
  return bytes;
}

function collect(vector: Vector, numbers: number[], buffers: Uint8Array[]): void {
  const { length } = vector;
  const add = (view: ArrayBufferView, bytes: number): void => {
    numbers.push(bytes);
    buffers.push(new Uint8Array(view.buffer, view.byteOffset, bytes));
  };
  numbers.push(length, vector.validity === null ? 0 : 1);
  if (vector.validity !== null) add(vector.validity, (length + 7) >> 3);
  switch (vector.kind) {
    case "null":
      return;
    case "bool":
      add(vector.values, (length + 7) >> 3);
      return;
    case "decimal":
      add(vector.values, 16 * length);
      return;
    case "bytes": {
      const packed = contiguousBytes(vector);
      add(packed.offsets, 4 * (length + 1));
      add(packed.bytes, packed.bytes.byteLength);
      return;
    }
    case "list": {
      const { offsets, from, to } = rebasedOffsets(vector.offsets, length);
      add(offsets, 4 * (length + 1));
      collect(sliceVector(vector.child, from, to), numbers, buffers);
      return;
    }
    case "map": {
      const { offsets, from, to } = rebasedOffsets(vector.offsets, length);
      add(offsets, 4 * (length + 1));
      collect(sliceVector(vector.keys, from, to), numbers, buffers);
      collect(sliceVector(vector.values, from, to), numbers, buffers);
      return;
    }
    case "struct":
      for (const child of vector.children) collect(child, numbers, buffers);
      return;
    default:
      add(vector.values, length * vector.values.BYTES_PER_ELEMENT);
  }
}

/**
 * The batch that {@link encodeBatch} wrote.
 * @param bytes exactly that block; a copy is made only when it does not start at a multiple of 8
 */
export function decodeBatch(schema: StructType, bytes: Uint8Array): RecordBatch {
  const block = (bytes.byteOffset & 7) === 0 ? bytes : bytes.slice();
  const count = new Int32Array(block.buffer, block.byteOffset, 1)[0]!;
  const reader = new BlockReader(block, new Int32Array(block.buffer, block.byteOffset + 4, count));
  const length = reader.number();
  const columns = schema.fields.map((f) => reader.vector(f.type));
  return { schema, length, columns };
}

class BlockReader {
  readonly #block: Uint8Array;
  readonly #numbers: Int32Array;
  #next = 0;
  #at: number;
  constructor(block: Uint8Array, numbers: Int32Array) {
    this.#block = block;
    this.#numbers = numbers;
    this.#at = block.byteOffset + aligned(4 * (numbers.length + 1));
  }
  number(): number {
    assertInvariant(this.#next < this.#numbers.length, "a block of rows that is cut off");
    return this.#numbers[this.#next++]!;
  }
  #buffer(): { readonly offset: number; readonly size: number } {
    const size = this.number();
    const offset = this.#at;
    this.#at += aligned(size);
    return { offset, size };
  }
  #bytes(): Uint8Array {
    const { offset, size } = this.#buffer();
    return new Uint8Array(this.#block.buffer, offset, size);
  }
  #int32(): Int32Array {
    const { offset, size } = this.#buffer();
    return new Int32Array(this.#block.buffer, offset, size >> 2);
  }
  #int64(): BigInt64Array {
    const { offset, size } = this.#buffer();
    return new BigInt64Array(this.#block.buffer, offset, size >> 3);
  }

  vector(type: DataType): Vector {
    const length = this.number();
    const validity = this.number() === 1 ? this.#bytes() : null;
    const kind = vectorKindOf(type);
    switch (kind) {
      case "null":
        return { kind, type, length, validity: null };
      case "bool":
        return { kind, type, length, validity, values: this.#bytes() };
      case "decimal":
        return { kind, type, length, validity, values: this.#int64() };
      case "bytes": {
        const offsets = this.#int32();
        const bytes = this.#bytes();
        return {
          kind,
          type,
          length,
          validity,
          bytes,
          starts: offsets.subarray(0, length),
          ends: offsets.subarray(1, length + 1),
        };
      }
      case "list": {
        const offsets = this.#int32();
        return { kind, type, length, validity, offsets, child: this.vector((type as { element: DataType }).element) };
      }
      case "map": {
        const map = type as { readonly key: DataType; readonly value: DataType };
        const offsets = this.#int32();
        const keys = this.vector(map.key);
        const values = this.vector(map.value);
        return { kind, type, length, validity, offsets, keys, values };
      }
      case "struct": {
        const children = (type as StructType).fields.map((f) => this.vector(f.type));
        return { kind, type, length, validity, children };
      }
      default: {
        const { offset, size } = this.#buffer();
        return { kind, type, length, validity, values: fixed(kind, this.#block.buffer, offset, size) } as Vector;
      }
    }
  }
}

function fixed(kind: FixedVector["kind"], buffer: ArrayBufferLike, at: number, size: number): ArrayBufferView {
  switch (kind) {
    case "i8":
      return new Int8Array(buffer, at, size);
    case "i16":
      return new Int16Array(buffer, at, size >> 1);
    case "i32":
      return new Int32Array(buffer, at, size >> 2);
    case "i64":
      return new BigInt64Array(buffer, at, size >> 3);
    case "f32":
      return new Float32Array(buffer, at, size >> 2);
    case "f64":
      return new Float64Array(buffer, at, size >> 3);
  }
}
