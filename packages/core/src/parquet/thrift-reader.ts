/**
 * Reads Thrift's compact protocol, in which Parquet's metadata is written. Every length is checked against the bytes that
 * are there before anything is allocated.
 */
import { decodeUtf8 } from "../columnar/utf8.ts";
import { ParquetFormatError } from "./format-error.ts";

export const thriftType = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

const deepest = 64;

export class ThriftReader {
  readonly #bytes: Uint8Array;
  /** Position of the next byte. */
  at: number;
  readonly #end: number;
  #depth = 0;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  #byte(): number {
    if (this.at >= this.#end) throw new ParquetFormatError("the metadata ends too early");
    return this.#bytes[this.at++]!;
  }

  /** An unsigned number of up to 64 bits; beyond 2^53 it is not exact. */
  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new ParquetFormatError("a number of the metadata has more than 64 bits");
  }

  /** Fields of a struct: `visit` reads the field with the given id and type, or returns false to have it skipped. */
  struct(visit: (id: number, type: number) => boolean): void {
    if (++this.#depth > deepest) throw new ParquetFormatError("the metadata is nested too deeply");
    let id = 0;
    for (;;) {
      const header = this.#byte();
      const type = header & 0x0f;
      if (type === thriftType.stop) break;
      id = header >> 4 === 0 ? this.integer(thriftType.i16) : id + (header >> 4);
      if (!visit(id, type)) this.skip(type);
    }
    this.#depth--;
  }

  #expect(type: number, expected: number): void {
    if (type !== expected) throw new ParquetFormatError(`a field of the metadata has the wrong type ${type}`);
  }

  /** i16, i32 or i64. */
  integer(type: number): number {
    if (type < thriftType.i16 || type > thriftType.i64) this.#expect(type, thriftType.i32);
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A number that cannot be negative, such as a size or a count. */
  natural(type: number): number {
    const value = this.integer(type);
    if (value < 0 || !Number.isSafeInteger(value)) throw new ParquetFormatError(`the metadata has the size ${value}`);
    return value;
  }

  boolean(type: number): boolean {
    if (type !== thriftType.true) this.#expect(type, thriftType.false);
    return type === thriftType.true;
  }

  byte(type: number): number {
    this.#expect(type, thriftType.byte);
    return (this.#byte() << 24) >> 24;
  }

  /** Bytes, shared with the reader's. */
  binary(type: number): Uint8Array {
    this.#expect(type, thriftType.binary);
    const size = this.#varint();
    if (size > this.#end - this.at) throw new ParquetFormatError("a text of the metadata is longer than the metadata");
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  text(type: number): string {
    const bytes = this.binary(type);
    return decodeUtf8(bytes, 0, bytes.length);
  }

  #listHeader(): { readonly size: number; readonly type: number } {
    const header = this.#byte();
    const size = header >> 4 === 15 ? this.#varint() : header >> 4;
    // An element takes at least one byte.
    if (size > this.#end - this.at) throw new ParquetFormatError("a list of the metadata is longer than the metadata");
    return { size, type: header & 0x0f };
  }

  list<T>(type: number, read: (elementType: number) => T): T[] {
    this.#expect(type, thriftType.list);
    const header = this.#listHeader();
    const result: T[] = [];
    for (let i = 0; i < header.size; i++) result.push(read(header.type));
    return result;
  }

  /** Elements of a list of booleans, which are a byte each. */
  flags(type: number): boolean[] {
    return this.list(type, () => this.#byte() === 1);
  }

  skip(type: number): void {
    switch (type) {
      case thriftType.true:
      case thriftType.false:
        return;
      case thriftType.byte:
        this.#byte();
        return;
      case thriftType.i16:
      case thriftType.i32:
      case thriftType.i64:
        this.#varint();
        return;
      case thriftType.double:
        this.#advance(8);
        return;
      case thriftType.binary:
        this.#advance(this.#varint());
        return;
      case thriftType.list:
      case thriftType.set: {
        const header = this.#listHeader();
        for (let i = 0; i < header.size; i++) this.#skipElement(header.type);
        return;
      }
      case thriftType.map: {
        const size = this.#varint();
        if (size === 0) return;
        const types = this.#byte();
        if (size > this.#end - this.at)
          throw new ParquetFormatError("a map of the metadata is longer than the metadata");
        for (let i = 0; i < size; i++) {
          this.#skipElement(types >> 4);
          this.#skipElement(types & 0x0f);
        }
        return;
      }
      case thriftType.struct:
        this.struct(() => false);
        return;
      default:
        throw new ParquetFormatError(`the metadata has a field of the unknown type ${type}`);
    }
  }

  #skipElement(type: number): void {
    if (++this.#depth > deepest) throw new ParquetFormatError("the metadata is nested too deeply");
    // Within lists and maps a boolean takes a byte.
    if (type === thriftType.true || type === thriftType.false) this.#byte();
    else this.skip(type);
    this.#depth--;
  }

  #advance(size: number): void {
    if (size > this.#end - this.at) throw new ParquetFormatError("the metadata ends too early");
    this.at += size;
  }
}
