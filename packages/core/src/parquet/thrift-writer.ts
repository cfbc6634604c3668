/** Writes Thrift's compact protocol. Values of a field are plain data with a type: see {@link ThriftValue}. */
import { encodeUtf8 } from "../columnar/utf8.ts";
import { ByteBuffer } from "../columnar/byte-buffer.ts";
import { thriftType } from "./thrift-reader.ts";

export type ThriftValue =
  | { readonly kind: "i16" | "i32" | "i64" | "byte"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "binary"; readonly value: Uint8Array }
  | { readonly kind: "list"; readonly element: ThriftValue["kind"]; readonly items: readonly ThriftValue[] }
  | ThriftStruct;
export interface ThriftStruct {
  readonly kind: "struct";
  /** Fields in the order of their ids; absent ones are left out. */
  readonly fields: readonly (readonly [id: number, value: ThriftValue | undefined])[];
}

export const i32 = (value: number): ThriftValue => ({ kind: "i32", value });
export const i64 = (value: number): ThriftValue => ({ kind: "i64", value });
export const bool = (value: boolean): ThriftValue => ({ kind: "bool", value });
export const binary = (value: Uint8Array): ThriftValue => ({ kind: "binary", value });
export const text = (value: string): ThriftValue => ({ kind: "binary", value: encodeUtf8(value) });
export const list = (element: ThriftValue["kind"], items: readonly ThriftValue[]): ThriftValue => ({
  kind: "list",
  element,
  items,
});
export const struct = (...fields: ThriftStruct["fields"]): ThriftStruct => ({ kind: "struct", fields });

const types: Readonly<Record<ThriftValue["kind"], number>> = {
  bool: thriftType.true,
  byte: thriftType.byte,
  i16: thriftType.i16,
  i32: thriftType.i32,
  i64: thriftType.i64,
  binary: thriftType.binary,
  list: thriftType.list,
  struct: thriftType.struct,
};

export function writeThrift(value: ThriftStruct): Uint8Array<ArrayBuffer> {
  const out = new ByteBuffer();
  write(value, out);
  return out.take();
}

function zigzag(value: number, out: ByteBuffer): void {
  out.varint(value < 0 ? -value * 2 - 1 : value * 2);
}

function write(value: ThriftValue, out: ByteBuffer): void {
  switch (value.kind) {
    case "bool":
      out.byte(value.value ? thriftType.true : thriftType.false);
      return;
    case "byte":
      out.byte(value.value);
      return;
    case "i16":
    case "i32":
    case "i64":
      zigzag(value.value, out);
      return;
    case "binary":
      out.varint(value.value.length);
      out.all(value.value);
      return;
    case "list": {
      const { items, element } = value;
      if (items.length < 15) out.byte((items.length << 4) | types[element]);
      else {
        out.byte(0xf0 | types[element]);
        out.varint(items.length);
      }
      for (const item of items) write(item, out);
      return;
    }
    case "struct": {
      let last = 0;
      for (const [id, field] of value.fields) {
        if (field === undefined) continue;
        const type = field.kind === "bool" && !field.value ? thriftType.false : types[field.kind];
        if (id - last < 16) out.byte(((id - last) << 4) | type);
        else {
          out.byte(type);
          zigzag(id, out);
        }
        last = id;
        // A boolean field is its type.
        if (field.kind !== "bool") write(field, out);
      }
      out.byte(thriftType.stop);
    }
  }
}
