/**
 * Sort keys as 64-bit numbers whose unsigned order is the order of the rows.
 *
 * The columns of an ORDER BY are flattened to leaves (a struct to its null flag and its fields, a decimal to its halves).
 * A {@link Stage} encodes as many leaves as fit into 64 bits, or seven more bytes of a string. Rows whose numbers are equal
 * are equal in all that the stage covers; what is left to compare is the next stage. Two cases cannot tell and leave the
 * decision to a comparator: arrays and maps, and the value of a nullable BIGINT that shares its number with NULL.
 */
import { intersectValidity } from "./validity.ts";
import type { SortDirection } from "./sort.ts";
import type { Validity, Vector } from "./vector.ts";

export type Leaf =
  /** A number of at most 32 bits, or a boolean; 1 bit more when it may be null. */
  | (LeafOf<"i8" | "i16" | "i32" | "f32", { readonly values: ArrayLike<number> }> & { readonly bits: number })
  | (LeafOf<"bool" | "flag", { readonly values: Uint8Array }> & { readonly bits: number })
  /** 64 bits as halves, low word first, `stride` words apart from `offset` on. */
  | LeafOf<"i64" | "u64" | "f64", { readonly words: Int32Array; readonly stride: number; readonly offset: number }>
  | LeafOf<"bytes", { readonly bytes: Uint8Array; readonly starts: Int32Array; readonly ends: Int32Array }>
  | LeafOf<"opaque", unknown>;
type LeafOf<K, T> = T & {
  readonly kind: K;
  readonly validity: Validity;
  readonly nullable: boolean;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
};

/** @param alwaysNullable the same layout whether or not a vector has nulls: for numbers of several batches */
export function leavesOf(
  columns: readonly Vector[],
  directions: readonly SortDirection[],
  alwaysNullable: boolean,
): Leaf[] {
  const leaves: Leaf[] = [];
  columns.forEach((column, k) => addLeaves(column, directions[k]!, null, alwaysNullable, leaves));
  return leaves;
}

function addLeaves(
  vector: Vector,
  direction: SortDirection,
  outside: Validity,
  alwaysNullable: boolean,
  into: Leaf[],
): void {
  const validity = intersectValidity(vector.validity, outside, vector.length);
  const nullable = alwaysNullable || validity !== null;
  const common = { ...direction, validity, nullable };
  switch (vector.kind) {
    case "null":
      return;
    case "bool":
      into.push({ kind: "bool", values: vector.values, bits: 1, ...common });
      return;
    case "i8":
    case "i16":
    case "i32":
    case "f32":
      into.push({ kind: vector.kind, values: vector.values, bits: 8 * vector.values.BYTES_PER_ELEMENT, ...common });
      return;
    case "i64":
    case "f64":
      into.push({ kind: vector.kind, words: words(vector.values), stride: 2, offset: 0, ...common });
      return;
    case "decimal":
      // The high half never is at the end of its range, so NULL has a number of its own.
      into.push({ kind: "i64", words: words(vector.values), stride: 4, offset: 2, ...common });
      into.push({ kind: "u64", words: words(vector.values), stride: 4, offset: 0, ...common, nullable: false });
      return;
    case "bytes":
      into.push({ kind: "bytes", bytes: vector.bytes, starts: vector.starts, ends: vector.ends, ...common });
      return;
    case "list":
    case "map":
      into.push({ kind: "opaque", ...common });
      return;
    case "struct": {
      if (nullable) into.push({ kind: "flag", values: new Uint8Array(0), bits: 0, ...common });
      // Inside a value NULL comes first in ascending order, wherever the ORDER BY puts NULL rows.
      const inside = { descending: direction.descending, nullsFirst: !direction.descending };
      for (const child of vector.children) addLeaves(child, inside, validity, alwaysNullable, into);
    }
  }
}

function words(values: BigInt64Array | Float64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
}

/** What is encoded next: from leaf `leaf` on, or from byte `skip` on of a string. */
export interface Stage {
  readonly leaf: number;
  readonly skip: number;
}

/** Bytes of a string in one stage; the eighth byte says how many there are, or that there are more. */
const chunk = 7;
const more = chunk + 2;
/** Longer common beginnings are left to the comparator. */
const longestSkip = 10 * chunk;

/** What a number says about the rows that share it. */
export type Tie = Stage | "equal" | "unknown";

export class StageEncoder {
  readonly #leaves: readonly Leaf[];
  constructor(leaves: readonly Leaf[]) {
    this.#leaves = leaves;
  }

  /** Writes the numbers of rows `order[from … to)` (row i itself without an order) to `keys`, low word first. */
  encode(stage: Stage, order: Int32Array | null, from: number, to: number, keys: Uint32Array): void {
    const first = this.#leaves[stage.leaf];
    switch (first?.kind) {
      case undefined:
        keys.fill(0, 2 * from, 2 * to);
        return;
      case "i64":
      case "u64":
      case "f64":
        encodeWide(first, order, from, to, keys);
        return;
      case "bytes":
        encodeBytes(first, stage.skip, order, from, to, keys);
        return;
      case "opaque":
        keys.fill(0, 2 * from, 2 * to);
        encodeNarrow(first, order, from, to, keys);
        return;
      default:
        keys.fill(0, 2 * from, 2 * to);
        for (let k = stage.leaf, end = this.#endOf(stage); k < end; k++) {
          encodeNarrow(this.#leaves[k]!, order, from, to, keys);
        }
    }
  }

  /** The leaf after those that the stage covers. */
  #endOf(stage: Stage): number {
    let bits = 0;
    let k = stage.leaf;
    for (; k < this.#leaves.length; k++) {
      const leaf = this.#leaves[k]!;
      if (!("bits" in leaf)) break;
      bits += leaf.bits + (leaf.nullable ? 1 : 0);
      if (bits > 64) break;
    }
    return Math.max(k, stage.leaf + 1);
  }

  /** What decides between rows with the same number. */
  tie(stage: Stage, low: number, high: number): Tie {
    const leaf = this.#leaves[stage.leaf];
    switch (leaf?.kind) {
      case undefined:
        return "equal";
      case "opaque":
        return "unknown";
      case "bytes": {
        const count = (leaf.descending && !isNullWord(leaf, low, high) ? ~low : low) & 0xff;
        if (count === more && !isNullWord(leaf, low, high)) {
          return stage.skip >= longestSkip ? "unknown" : { leaf: stage.leaf, skip: stage.skip + chunk };
        }
        return this.#after(stage.leaf + 1);
      }
      case "i64":
      case "u64":
      case "f64": {
        const edge = high === 0 ? low <= 1 : high === 0xffff_ffff && low >= 0xffff_fffe;
        return edge && leaf.nullable ? "unknown" : this.#after(stage.leaf + 1);
      }
      default:
        return this.#after(this.#endOf(stage));
    }
  }

  #after(leaf: number): Tie {
    return leaf >= this.#leaves.length ? "equal" : { leaf, skip: 0 };
  }
}

function isNullWord(leaf: Leaf, low: number, high: number): boolean {
  return leaf.nullable && (leaf.nullsFirst ? low === 0 && high === 0 : low === 0xffff_ffff && high === 0xffff_ffff);
}

function isNullAt(validity: Validity, row: number): boolean {
  return validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0;
}

function encodeWide(
  leaf: Extract<Leaf, { readonly kind: "i64" | "u64" | "f64" }>,
  order: Int32Array | null,
  from: number,
  to: number,
  keys: Uint32Array,
): void {
  const { words: source, stride, offset, kind, validity, nullable } = leaf;
  const flip = leaf.descending ? -1 : 0;
  const sign = kind === "u64" ? 0 : 0x8000_0000 | 0;
  if (kind === "i64" && validity === null && order === null && stride === 2) {
    const [lowMask, highMask] = [flip, flip ^ sign];
    for (let i = 2 * from; i < 2 * to; i += 2) {
      keys[i] = source[i]! ^ lowMask;
      keys[i + 1] = source[i + 1]! ^ highMask;
    }
    if (nullable) avoidNull(leaf, from, to, keys);
    return;
  }
  for (let i = from; i < to; i++) {
    const row = order === null ? i : order[i]!;
    const at = stride * row + offset;
    let low = source[at]!;
    let high = source[at + 1]!;
    if (kind === "f64") {
      const magnitude = high & 0x7fff_ffff;
      if (magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && low !== 0)) {
        high = 0x7ff8_0000;
        low = 0;
      } else if (magnitude === 0 && low === 0) {
        high = 0;
      }
      if (high < 0) {
        high = ~high ^ sign;
        low = ~low;
      }
    }
    keys[2 * i] = low ^ flip;
    keys[2 * i + 1] = high ^ sign ^ flip;
  }
  if (!nullable) {
    // The low half of a decimal whose high half said that it is NULL: any number, but the same.
    if (validity !== null) {
      for (let i = from; i < to; i++) {
        if (isNullAt(validity, order === null ? i : order[i]!)) keys[2 * i] = keys[2 * i + 1] = 0;
      }
    }
    return;
  }
  avoidNull(leaf, from, to, keys);
  if (validity === null) return;
  for (let i = from; i < to; i++) {
    if (isNullAt(validity, order === null ? i : order[i]!)) {
      keys[2 * i] = keys[2 * i + 1] = leaf.nullsFirst ? 0 : 0xffff_ffff;
    }
  }
}

/** A value with NULL's own number takes its neighbour's. */
function avoidNull({ nullsFirst }: Leaf, from: number, to: number, keys: Uint32Array): void {
  const own = nullsFirst ? 0 : 0xffff_ffff;
  for (let i = 2 * from; i < 2 * to; i += 2) if (keys[i + 1] === own && keys[i] === own) keys[i]! ^= 1;
}

function encodeBytes(
  leaf: Extract<Leaf, { readonly kind: "bytes" }>,
  skip: number,
  order: Int32Array | null,
  from: number,
  to: number,
  keys: Uint32Array,
): void {
  const { bytes, starts, ends, validity, nullsFirst } = leaf;
  const flip = leaf.descending ? -1 : 0;
  for (let i = from; i < to; i++) {
    const row = order === null ? i : order[i]!;
    if (isNullAt(validity, row)) {
      keys[2 * i] = keys[2 * i + 1] = nullsFirst ? 0 : 0xffff_ffff;
      continue;
    }
    const start = starts[row]! + skip;
    const size = ends[row]! - start;
    let high = 0;
    let low = 0;
    if (size >= chunk) {
      high = (bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!;
      low = (bytes[start + 4]! << 24) | (bytes[start + 5]! << 16) | (bytes[start + 6]! << 8);
      low |= size > chunk ? more : chunk + 1;
    } else {
      for (let k = 0; k < size && k < 4; k++) high |= bytes[start + k]! << (24 - 8 * k);
      for (let k = 4; k < size; k++) low |= bytes[start + k]! << (56 - 8 * k);
      low |= size < 0 ? 1 : size + 1;
    }
    keys[2 * i] = low ^ flip;
    keys[2 * i + 1] = high ^ flip;
  }
}

/** Appends the leaf's bits below those that are there. */
function encodeNarrow(leaf: Leaf, order: Int32Array | null, from: number, to: number, keys: Uint32Array): void {
  const { validity, nullable } = leaf;
  const nullBit = leaf.nullsFirst ? 0 : 1;
  const flip = leaf.descending ? -1 : 0;
  const bits = "bits" in leaf ? leaf.bits : 0;
  const mask = bits === 32 ? -1 : (1 << bits) - 1;
  const half = bits > 1 ? 1 << (bits - 1) : 0;
  const floats = leaf.kind === "f32" ? (leaf.values as Float32Array) : undefined;
  const raw = floats === undefined ? undefined : new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  const bitmap = leaf.kind === "bool" ? leaf.values : undefined;
  const numbers = leaf.kind === "i8" || leaf.kind === "i16" || leaf.kind === "i32" ? leaf.values : undefined;
  for (let i = from; i < to; i++) {
    const row = order === null ? i : order[i]!;
    let low = keys[2 * i]!;
    let high = keys[2 * i + 1]!;
    const isNull = isNullAt(validity, row);
    if (nullable) {
      high = (high << 1) | (low >>> 31);
      low = (low << 1) | (isNull ? nullBit : 1 - nullBit);
    }
    let value = 0;
    if (!isNull && bits > 0) {
      if (numbers !== undefined) value = numbers[row]! ^ half;
      else if (raw !== undefined) value = floatOrder(raw[row]!);
      else value = (bitmap![row >> 3]! >> (row & 7)) & 1;
      value = (value ^ flip) & mask;
    }
    if (bits === 32) {
      high = low;
      low = value;
    } else if (bits > 0) {
      high = (high << bits) | (low >>> (32 - bits));
      low = (low << bits) | value;
    }
    keys[2 * i] = low;
    keys[2 * i + 1] = high;
  }
}

/** The bits of a float as a number whose unsigned order is that of the values. */
function floatOrder(bits: number): number {
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return 0xffc0_0000 | 0;
  if (magnitude === 0) return 0x8000_0000 | 0;
  return bits < 0 ? ~bits : bits ^ (0x8000_0000 | 0);
}
