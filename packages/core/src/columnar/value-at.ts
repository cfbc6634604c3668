import { unreachable } from "../errors/index.ts";
import type { SqlValue } from "../types/data-type.ts";
import { readDecimal } from "./decimal-values.ts";
import { decodeUtf8 } from "./utf8.ts";
import { bitAt } from "./validity.ts";
import type { Vector } from "./vector.ts";

/**
 * A function from row number to value, specialised once for the vector; null for a null. Strings are decoded and binary
 * is copied, so that a value stays what it is when the column's memory is reused.
 */
export function valueReader(vector: Vector): (i: number) => SqlValue {
  const read = presentReader(vector);
  const bits = vector.validity;
  if (bits === null) return read;
  return (i) => (((bits[i >> 3]! >> (i & 7)) & 1) === 0 ? null : read(i));
}

function presentReader(vector: Vector): (i: number) => SqlValue {
  switch (vector.kind) {
    case "null":
      return () => null;
    case "bool": {
      const values = vector.values;
      return (i) => bitAt(values, i);
    }
    case "i8":
    case "i16":
    case "i32":
    case "f32":
    case "f64": {
      const values = vector.values;
      return (i) => values[i]!;
    }
    case "i64": {
      const values = vector.values;
      return (i) => values[i]!;
    }
    case "decimal": {
      const values = vector.values;
      return (i) => readDecimal(values, i);
    }
    case "bytes": {
      const { bytes, starts, ends } = vector;
      if (vector.type.kind === "string") return (i) => decodeUtf8(bytes, starts[i]!, ends[i]!);
      return (i) => bytes.slice(starts[i], ends[i]);
    }
    case "list": {
      const offsets = vector.offsets;
      const element = valueReader(vector.child);
      return (i) => readRange(element, offsets[i]!, offsets[i + 1]!);
    }
    case "map": {
      const offsets = vector.offsets;
      const key = valueReader(vector.keys);
      const value = valueReader(vector.values);
      return (i) => {
        const from = offsets[i]!;
        const to = offsets[i + 1]!;
        return { keys: readRange(key, from, to), values: readRange(value, from, to) };
      };
    }
    case "struct": {
      const readers = vector.children.map(valueReader);
      return (i) => readers.map((read) => read(i));
    }
    default:
      return unreachable(vector);
  }
}

function readRange(read: (i: number) => SqlValue, from: number, to: number): SqlValue[] {
  const result = new Array<SqlValue>(to - from);
  for (let k = from; k < to; k++) result[k - from] = read(k);
  return result;
}

/** Value `i` of a vector; for more than a few values take a {@link valueReader}. */
export function valueAt(vector: Vector, i: number): SqlValue {
  return valueReader(vector)(i);
}
