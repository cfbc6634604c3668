/** Growing bytes, written at their end. */
export class ByteBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
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

  int32(value: number): void {
    this.reserve(4);
    this.bytes[this.length++] = value;
    this.bytes[this.length++] = value >> 8;
    this.bytes[this.length++] = value >> 16;
    this.bytes[this.length++] = value >> 24;
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

  /** An unsigned number in groups of seven bits, least significant first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** What has been written, as a view. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** What has been written, as a copy; the buffer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
