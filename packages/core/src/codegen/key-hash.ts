/** Hashing and comparing byte ranges of keys; not the hash of the state partitions (`state/murmur3.ts`), which is a format. */
import { hexOf } from "../columnar/hex.ts";
import { encodeUtf8 } from "../columnar/utf8.ts";
import { comparatorOf } from "../columnar/compare.ts";
import type { DataType, SqlMap, SqlValue } from "../types/data-type.ts";

/** Hash of `bytes[start, end)`, four bytes at a time; the last word overlaps the one before it. */
export function hashKeyBytes(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  let h = size;
  if (size < 4) {
    for (let i = start; i < end; i++) h = (h << 8) ^ bytes[i]!;
    h = Math.imul(h, 0x9e3779b1);
  } else {
    const last = end - 4;
    for (let i = start; i < last; i += 4) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      h = Math.imul((h << 13) | (h >>> 19), 5) ^ Math.imul(word, 0x9e3779b1);
    }
    const word = bytes[last]! | (bytes[last + 1]! << 8) | (bytes[last + 2]! << 16) | (bytes[last + 3]! << 24);
    h = Math.imul((h << 13) | (h >>> 19), 5) ^ Math.imul(word, 0x9e3779b1);
  }
  return Math.imul(h ^ (h >>> 15), 0x85ebca6b);
}

/** Whether two byte ranges hold the same bytes: four at a time without a branch between them. */
export function equalKeyBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const size = aEnd - aStart;
  if (size !== bEnd - bStart) return false;
  let i = 0;
  for (const whole = size - 3; i < whole; i += 4) {
    const p = aStart + i;
    const q = bStart + i;
    const difference = (a[p]! ^ b[q]!) | (a[p + 1]! ^ b[q + 1]!) | (a[p + 2]! ^ b[q + 2]!) | (a[p + 3]! ^ b[q + 3]!);
    if (difference !== 0) return false;
  }
  for (; i < size; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Bytes that are the same for two values of the type exactly when the values are equal in GROUP BY. */
export function canonicalBytes(value: SqlValue, type: DataType): Uint8Array {
  return encodeUtf8(canonicalText(value, type));
}

/** As {@link canonicalBytes}, as text: every part carries its length or an end mark. */
export function canonicalText(value: SqlValue, type: DataType): string {
  if (value === null) return "n";
  switch (type.kind) {
    case "string":
      return `s${(value as string).length}:${value as string}`;
    case "binary":
      return `b${hexOf(value as Uint8Array)};`;
    case "array":
      return `[${(value as readonly SqlValue[]).map((v) => canonicalText(v, type.element)).join("")}]`;
    case "struct":
      return `(${type.fields.map((f, i) => canonicalText((value as readonly SqlValue[])[i]!, f.type)).join("")})`;
    case "map": {
      const { keys, values } = value as SqlMap;
      const compare = comparatorOf(type.key);
      const order = keys.map((_, i) => i).sort((i, j) => compare(keys[i]!, keys[j]!));
      return `{${order.map((i) => canonicalText(keys[i]!, type.key) + canonicalText(values[i]!, type.value)).join("")}}`;
    }
    case "float":
    case "double":
      return `d${String((value as number) + 0)};`;
    default:
      return `v${String(value)};`;
  }
}
