/**
 * Reading VARIANT values in Parquet's variant encoding, which is Spark's: a `value` of nested nodes and a `metadata` with
 * the names of all object fields. A node is read where it stands; what lies inside of it is only looked up.
 * @see https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
 */
import { MillraceError } from "../errors/index.ts";
import type { SqlValue } from "../types/data-type.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The {@link SqlValue} of a VARIANT. */
export type Variant = readonly [value: Uint8Array, metadata: Uint8Array];

export function asVariant(value: SqlValue): Variant {
  return value as unknown as Variant;
}

/** One node; the children of arrays and objects are given by their positions in the value. */
export type VariantNode =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "long"; readonly value: bigint }
  | { readonly kind: "double" | "float"; readonly value: number }
  | { readonly kind: "decimal"; readonly unscaled: bigint; readonly scale: number }
  | { readonly kind: "date"; readonly days: number }
  | { readonly kind: "timestamp" | "timestamp_ntz"; readonly micros: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "binary"; readonly value: Uint8Array }
  | { readonly kind: "array"; readonly size: number; at(i: number): number }
  | { readonly kind: "object"; readonly size: number; key(i: number): string; at(i: number): number };

function malformed(): never {
  throw new MillraceError("MALFORMED_VARIANT", {});
}

function unsignedAt(bytes: Uint8Array, at: number, width: number): number {
  if (at < 0 || at + width > bytes.length) malformed();
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}

function signedAt(bytes: Uint8Array, at: number, width: number): bigint {
  if (at < 0 || at + width > bytes.length) malformed();
  let value = BigInt((bytes[at + width - 1]! << 24) >> 24);
  for (let i = width - 2; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]!);
  return value;
}

function viewAt(bytes: Uint8Array, at: number, width: number): DataView {
  if (at + width > bytes.length) malformed();
  return new DataView(bytes.buffer, bytes.byteOffset + at, width);
}

function rangeAt(bytes: Uint8Array, at: number, length: number): number {
  if (at + length > bytes.length) malformed();
  return at + length;
}

/** Name `id` of the dictionary in the metadata. */
export function variantKey(metadata: Uint8Array, id: number): string {
  const header = unsignedAt(metadata, 0, 1);
  if ((header & 15) !== 1) malformed();
  const width = (header >> 6) + 1;
  const size = unsignedAt(metadata, 1, width);
  if (id >= size) malformed();
  const strings = 1 + (size + 2) * width;
  const from = unsignedAt(metadata, 1 + (id + 1) * width, width);
  const to = unsignedAt(metadata, 1 + (id + 2) * width, width);
  if (from > to) malformed();
  return decodeUtf8(metadata, strings + from, rangeAt(metadata, strings + from, to - from));
}

/** The node at a position of the value. */
export function variantNode([value, metadata]: Variant, position = 0): VariantNode {
  const header = unsignedAt(value, position, 1);
  const info = header >> 2;
  switch (header & 3) {
    case 0:
      return primitive(value, position + 1, info);
    case 1:
      return { kind: "string", value: decodeUtf8(value, position + 1, rangeAt(value, position + 1, info)) };
    case 2: {
      const { size, start } = sizeAt(value, position + 1, ((info >> 4) & 1) === 1);
      const idWidth = ((info >> 2) & 3) + 1;
      const width = (info & 3) + 1;
      const offsets = start + size * idWidth;
      const data = offsets + (size + 1) * width;
      return {
        kind: "object",
        size,
        key: (i) => variantKey(metadata, unsignedAt(value, start + i * idWidth, idWidth)),
        at: (i) => data + unsignedAt(value, offsets + i * width, width),
      };
    }
    default: {
      const { size, start } = sizeAt(value, position + 1, ((info >> 2) & 1) === 1);
      const width = (info & 3) + 1;
      const data = start + (size + 1) * width;
      return { kind: "array", size, at: (i) => data + unsignedAt(value, start + i * width, width) };
    }
  }
}

function sizeAt(value: Uint8Array, at: number, large: boolean): { readonly size: number; readonly start: number } {
  const width = large ? 4 : 1;
  return { size: unsignedAt(value, at, width), start: at + width };
}

function primitive(value: Uint8Array, at: number, info: number): VariantNode {
  switch (info) {
    case 0:
      return { kind: "null" };
    case 1:
      return { kind: "boolean", value: true };
    case 2:
      return { kind: "boolean", value: false };
    case 3:
    case 4:
    case 5:
    case 6:
      return { kind: "long", value: signedAt(value, at, 1 << (info - 3)) };
    case 7:
      return { kind: "double", value: viewAt(value, at, 8).getFloat64(0, true) };
    case 8:
    case 9:
    case 10:
      return { kind: "decimal", scale: unsignedAt(value, at, 1), unscaled: signedAt(value, at + 1, 4 << (info - 8)) };
    case 11:
      return { kind: "date", days: Number(signedAt(value, at, 4)) };
    case 12:
      return { kind: "timestamp", micros: signedAt(value, at, 8) };
    case 13:
      return { kind: "timestamp_ntz", micros: signedAt(value, at, 8) };
    case 14:
      return { kind: "float", value: viewAt(value, at, 4).getFloat32(0, true) };
    case 15: {
      const end = rangeAt(value, at + 4, unsignedAt(value, at, 4));
      return { kind: "binary", value: value.slice(at + 4, end) };
    }
    case 16: {
      const end = rangeAt(value, at + 4, unsignedAt(value, at, 4));
      return { kind: "string", value: decodeUtf8(value, at + 4, end) };
    }
    default:
      throw new MillraceError("UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT", { id: String(info) });
  }
}

/** Bytes of the node at a position, header included. */
export function variantSize(value: Uint8Array, position: number): number {
  const header = unsignedAt(value, position, 1);
  const info = header >> 2;
  const at = position + 1;
  switch (header & 3) {
    case 0:
      return 1 + (info >= 15 ? 4 + unsignedAt(value, at, 4) : (primitiveWidths[info] ?? malformed()));
    case 1:
      return 1 + info;
    case 2: {
      const { size, start } = sizeAt(value, at, ((info >> 4) & 1) === 1);
      const width = (info & 3) + 1;
      const offsets = start + size * (((info >> 2) & 3) + 1);
      return offsets + (size + 1) * width + unsignedAt(value, offsets + size * width, width) - position;
    }
    default: {
      const { size, start } = sizeAt(value, at, ((info >> 2) & 1) === 1);
      const width = (info & 3) + 1;
      return start + (size + 1) * width + unsignedAt(value, start + size * width, width) - position;
    }
  }
}
const primitiveWidths: readonly number[] = [0, 0, 0, 1, 2, 4, 8, 8, 5, 9, 17, 4, 8, 8, 4];

/** The node at a position as a variant of its own. */
export function variantAt([value, metadata]: Variant, position: number): Variant {
  return [value.slice(position, position + variantSize(value, position)), metadata];
}

/** The position of a field of an object node; undefined when it has none of that name. */
export function variantField(node: VariantNode & { readonly kind: "object" }, name: string): number | undefined {
  // Fields are sorted by name, in the order of UTF-16 units.
  let low = 0;
  let high = node.size - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const key = node.key(middle);
    if (key === name) return node.at(middle);
    if (key < name) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
