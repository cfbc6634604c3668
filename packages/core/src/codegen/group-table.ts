/**
 * The groups of a hash aggregation or the keys of a join: open addressing over typed arrays.
 *
 * A key is flattened to leaves: a struct (such as the window of an event) to a flag and its fields, so that hashing and
 * comparing touch machine values only. Groups are numbered 0, 1, 2 … in order of appearance; leaf columns, hashes and
 * whatever is aggregated per group are arrays indexed by that number. `slots` maps hash positions to group number + 1.
 * Generated code (`emit-group.ts`) works on the fields directly.
 */
import { writeDecimal } from "../columnar/decimal-values.ts";
import { allPresent, clearBit, setBit } from "../columnar/validity.ts";
import type { Validity, Vector, VectorKind } from "../columnar/vector.ts";
import { numberArray, vectorKindOf } from "../columnar/vector.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import type { DataType, SqlValue, StructType } from "../types/data-type.ts";
import { ByteArena } from "./column-writer.ts";

/** One machine value of a key. */
export interface Leaf {
  readonly type: DataType;
  /** `flag` is the null flag of a struct; `boxed` an array or map, compared by its canonical bytes. */
  readonly form: "flag" | "values" | "decimal" | "bytes" | "boxed" | "none";
  readonly nullable: boolean;
  readonly children: readonly number[];
}

/** The leaves of the key columns; `roots[k]` is the leaf of key k. */
export interface KeyLayout {
  readonly leaves: readonly Leaf[];
  readonly roots: readonly number[];
}

export function keyLayout(keys: StructType): KeyLayout {
  const leaves: Leaf[] = [];
  const add = (type: DataType, nullable: boolean): number => {
    const at = leaves.length;
    const children: number[] = [];
    leaves.push({ type, form: formOf(type.kind === "variant" ? "map" : vectorKindOf(type)), nullable, children });
    if (type.kind === "struct") for (const f of type.fields) children.push(add(f.type, true));
    return at;
  };
  const roots = keys.fields.map((f) => add(f.type, f.nullable));
  return { leaves, roots };
}

function formOf(kind: VectorKind): Leaf["form"] {
  switch (kind) {
    case "struct":
      return "flag";
    case "decimal":
      return "decimal";
    case "bytes":
      return "bytes";
    case "list":
    case "map":
      return "boxed";
    case "null":
      return "none";
    default:
      return "values";
  }
}

type LeafValues = Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** The values of one leaf for all groups. */
export interface LeafColumn {
  values: LeafValues;
  /** High halves of decimals. */
  high: BigInt64Array;
  /** 1 where null. */
  nulls: Uint8Array;
  starts: Int32Array;
  ends: Int32Array;
  readonly arena: ByteArena;
  readonly boxed: SqlValue[];
}

const initialCapacity = 256;

export class GroupTable {
  readonly layout: KeyLayout;
  readonly columns: readonly LeafColumn[];
  count = 0;
  capacity: number = initialCapacity;
  slots: Int32Array = new Int32Array(2 * initialCapacity);
  mask: number = 2 * initialCapacity - 1;
  hashes: Int32Array = new Int32Array(initialCapacity);
  /** Called with the new capacity when there is to be room for more groups. */
  onGrow: (capacity: number) => void = () => {};

  constructor(layout: KeyLayout) {
    this.layout = layout;
    this.columns = layout.leaves.map((leaf) => emptyColumn(leaf, initialCapacity));
  }

  get memoryBytes(): number {
    let bytes = this.slots.byteLength + this.hashes.byteLength;
    for (const column of this.columns) {
      bytes += column.values.byteLength + column.high.byteLength + column.nulls.byteLength;
      bytes += column.starts.byteLength + column.ends.byteLength + column.arena.bytes.byteLength;
    }
    return bytes;
  }

  /** Doubles the room. Generated code looks its arrays up again afterwards. */
  grow(): void {
    const capacity = this.capacity * 2;
    this.hashes = resized(this.hashes, capacity);
    this.layout.leaves.forEach((leaf, i) => growColumn(leaf, this.columns[i]!, capacity));
    const mask = 2 * capacity - 1;
    const slots = new Int32Array(2 * capacity);
    for (let group = 0; group < this.count; group++) {
      let at = this.hashes[group]! & mask;
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = group + 1;
    }
    this.slots = slots;
    this.mask = mask;
    this.capacity = capacity;
    this.onGrow(capacity);
  }

  release(): void {}

  /** The key columns of groups `[from, to)`. They share memory with the table where groups start at 0. */
  keys(from = 0, to: number = this.count): Vector[] {
    return this.layout.roots.map((root) => this.#vector(root, from, to));
  }

  #vector(at: number, from: number, to: number): Vector {
    const leaf = this.layout.leaves[at]!;
    const column = this.columns[at]!;
    const { type } = leaf;
    const length = to - from;
    const validity = leaf.nullable ? validityOf(column.nulls, from, to) : null;
    switch (leaf.form) {
      case "none":
        return { kind: "null", type, length, validity: null };
      case "flag": {
        const children = leaf.children.map((child) => this.#vector(child, from, to));
        return { kind: "struct", type, length, validity, children };
      }
      case "boxed": {
        const builder = createBuilder(type, length);
        for (let g = from; g < to; g++)
          builder.append(leaf.nullable && column.nulls[g] === 1 ? null : column.boxed[g]!);
        return builder.finish();
      }
      case "bytes":
        return {
          kind: "bytes",
          type,
          length,
          validity,
          bytes: column.arena.bytes,
          starts: column.starts.subarray(from, to),
          ends: column.ends.subarray(from, to),
        };
      case "decimal": {
        const values = new BigInt64Array(2 * length);
        const low = column.values as BigInt64Array;
        for (let i = 0; i < length; i++) {
          writeDecimal(values, i, (column.high[from + i]! << 64n) | BigInt.asUintN(64, low[from + i]!));
        }
        return { kind: "decimal", type, length, validity, values };
      }
      case "values": {
        if (type.kind !== "boolean") {
          return {
            kind: vectorKindOf(type),
            type,
            length,
            validity,
            values: column.values.subarray(from, to),
          } as Vector;
        }
        const bits = new Uint8Array((length + 7) >> 3);
        for (let i = 0; i < length; i++) if (column.values[from + i] === 1) setBit(bits, i);
        return { kind: "bool", type, length, validity, values: bits };
      }
    }
  }
}

function validityOf(nulls: Uint8Array, from: number, to: number): Validity {
  let bits: Uint8Array | null = null;
  for (let g = from; g < to; g++) {
    if (nulls[g] === 1) clearBit((bits ??= allPresent(to - from)), g - from);
  }
  return bits;
}

function emptyColumn(leaf: Leaf, capacity: number): LeafColumn {
  const bytes = leaf.form === "bytes" || leaf.form === "boxed";
  return {
    values: leafValues(leaf, capacity),
    high: new BigInt64Array(leaf.form === "decimal" ? capacity : 0),
    nulls: new Uint8Array(leaf.nullable ? capacity : 0),
    starts: new Int32Array(bytes ? capacity : 0),
    ends: new Int32Array(bytes ? capacity : 0),
    arena: new ByteArena(),
    boxed: [],
  };
}

function leafValues(leaf: Leaf, capacity: number): LeafValues {
  if (leaf.form === "decimal") return new BigInt64Array(capacity);
  if (leaf.form !== "values") return new Uint8Array(0);
  const kind = vectorKindOf(leaf.type);
  return kind === "bool" ? new Uint8Array(capacity) : numberArray(kind, capacity);
}

function growColumn(leaf: Leaf, column: LeafColumn, capacity: number): void {
  if (column.values.length > 0) column.values = resized(column.values, capacity);
  if (column.high.length > 0) column.high = resized(column.high, capacity);
  if (column.starts.length > 0) {
    column.starts = resized(column.starts, capacity);
    column.ends = resized(column.ends, capacity);
  }
  if (leaf.nullable) column.nulls = resized(column.nulls, capacity);
}

/** The same values in an array of another length. */
export function resized<A extends LeafValues>(values: A, length: number): A {
  const grown = new (values.constructor as new (length: number) => A)(length);
  grown.set(values as never);
  return grown;
}
