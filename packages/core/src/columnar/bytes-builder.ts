import { MillraceError } from "../errors/index.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import { encodeUtf8Into } from "./utf8.ts";
import { ValidityBuilder } from "./validity-builder.ts";
import type { BytesVector } from "./vector.ts";

const maximumBytes = 0x7fff_ffff;

/** Builder of string and binary columns: bytes back to back, in Arrow's offsets layout. */
export class BytesBuilder {
  readonly type: DataType;
  length = 0;
  #bytes: Uint8Array;
  #offsets: Int32Array;
  #end = 0;
  readonly #validity = new ValidityBuilder();

  constructor(type: DataType, capacity: number) {
    this.type = type;
    this.#bytes = new Uint8Array(Math.max(64, capacity * 16));
    this.#offsets = new Int32Array(capacity + 1);
  }

  /** Appends a string (as UTF-8) or binary value; null appends a null. */
  append(value: SqlValue): void {
    if (typeof value === "string") {
      this.#reserve(value.length * 3);
      this.#end = encodeUtf8Into(value, this.#bytes, this.#end);
      this.#close();
    } else if (value === null) {
      this.appendNull();
    } else {
      const bytes = value as Uint8Array;
      this.appendBytes(bytes, 0, bytes.length);
    }
  }

  /** Appends a copy of `source[start, end)`; for strings it must be UTF-8. */
  appendBytes(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size);
    if (size < 32) {
      const target = this.#bytes;
      for (let i = 0, at = this.#end; i < size; i++) target[at + i] = source[start + i]!;
    } else {
      this.#bytes.set(source.subarray(start, end), this.#end);
    }
    this.#end += size;
    this.#close();
  }

  appendNull(): void {
    this.#validity.markNull(this.length);
    this.#close();
  }

  finish(): BytesVector {
    const length = this.length;
    const offsets = this.#offsets;
    const vector: BytesVector = {
      kind: "bytes",
      type: this.type,
      length,
      validity: this.#validity.finish(length),
      bytes: this.#bytes.subarray(0, this.#end),
      starts: offsets.subarray(0, length),
      ends: offsets.subarray(1, length + 1),
    };
    this.length = 0;
    this.#end = 0;
    this.#bytes = new Uint8Array(this.#bytes.length);
    this.#offsets = new Int32Array(offsets.length);
    return vector;
  }

  #close(): void {
    const i = ++this.length;
    if (i >= this.#offsets.length) {
      const grown = new Int32Array(Math.max(16, this.#offsets.length * 2));
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[i] = this.#end;
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#bytes.length) return;
    if (needed > maximumBytes) throw new MillraceError("COLUMN_BATCH_TOO_LARGE", { bytes: String(needed) });
    const grown = new Uint8Array(Math.min(maximumBytes, Math.max(needed, this.#bytes.length * 2)));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}
