/** A growing buffer that rows are written into as bytes. */
import { encodeUtf8Into } from "../../columnar/utf8.ts";

export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `size` more bytes; `bytes` may be another array afterwards. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Text as UTF-8. */
  text(value: string): void {
    this.reserve(value.length * 3);
    this.length = encodeUtf8Into(value, this.bytes, this.length);
  }

  range(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.reserve(size);
    const target = this.bytes;
    const at = this.length;
    if (size < 32) for (let i = 0; i < size; i++) target[at + i] = source[start + i]!;
    else target.set(source.subarray(start, end), at);
    this.length = at + size;
  }

  all(source: Uint8Array): void {
    this.range(source, 0, source.length);
  }

  /** Decimal digits of a whole number within ±2^53. */
  integer(value: number): void {
    this.reserve(20);
    let rest = value;
    if (rest < 0) {
      this.bytes[this.length++] = 0x2d;
      rest = -rest;
    }
    if (rest < 10) {
      this.bytes[this.length++] = 0x30 + rest;
      return;
    }
    let end = this.length;
    for (let limit = rest; limit >= 1; limit = Math.floor(limit / 10)) end++;
    this.length = end;
    while (rest >= 1) {
      const next = Math.floor(rest / 10);
      this.bytes[--end] = 0x30 + (rest - next * 10);
      rest = next;
    }
  }

  /** The last `width` decimal digits of a whole number, zeros in front. */
  digits(value: number, width: number): void {
    this.reserve(width);
    let rest = value;
    for (let i = this.length + width - 1; i >= this.length; i--) {
      const next = Math.floor(rest / 10);
      this.bytes[i] = 0x30 + (rest - next * 10);
      rest = next;
    }
    this.length += width;
  }

  /** What was written since the last call, as a copy. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
