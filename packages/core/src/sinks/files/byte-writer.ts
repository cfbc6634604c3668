/** A growing buffer that rows are written into as bytes. */
import { ByteBuffer } from "../../columnar/byte-buffer.ts";
import { encodeUtf8Into } from "../../columnar/utf8.ts";

export class ByteWriter extends ByteBuffer {
  constructor(capacity = 4096) {
    super(capacity);
  }

  /** Text as UTF-8. */
  text(value: string): void {
    this.reserve(value.length * 3);
    this.length = encodeUtf8Into(value, this.bytes, this.length);
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
}
