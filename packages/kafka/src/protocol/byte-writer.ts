/** Writes the primitive types of Kafka's protocol, in the compact forms of its flexible versions. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #end = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#end;
  }

  /** What was written so far; shares the memory of the writer. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  int8(value: number): this {
    this.#reserve(1);
    this.#view.setInt8(this.#end, value);
    this.#end += 1;
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#view.setInt16(this.#end, value);
    this.#end += 2;
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#view.setInt32(this.#end, value);
    this.#end += 4;
    return this;
  }

  /** A safe integer as 64 bits. */
  int64(value: number): this {
    this.#reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#view.setInt32(this.#end, high);
    this.#view.setUint32(this.#end + 4, value - high * 0x1_0000_0000);
    this.#end += 8;
    return this;
  }

  unsignedVarint(value: number): this {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#bytes[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#end++] = rest;
    return this;
  }

  /** A 32-bit number, zigzag. */
  varint(value: number): this {
    return this.unsignedVarint((value << 1) ^ (value >> 31));
  }

  bytes(value: Uint8Array, start = 0, end: number = value.length): this {
    this.#reserve(end - start);
    this.#bytes.set(start === 0 && end === value.length ? value : value.subarray(start, end), this.#end);
    this.#end += end - start;
    return this;
  }

  compactString(value: string | null): this {
    if (value === null) return this.unsignedVarint(0);
    const text = new TextEncoder().encode(value);
    return this.unsignedVarint(text.length + 1).bytes(text);
  }

  compactBytes(value: Uint8Array): this {
    return this.unsignedVarint(value.length + 1).bytes(value);
  }

  /** The form of strings in front of flexible versions, which request headers have kept. */
  string(value: string): this {
    const text = new TextEncoder().encode(value);
    return this.int16(text.length).bytes(text);
  }

  compactArray<T>(values: readonly T[], write: (value: T) => void): this {
    this.unsignedVarint(values.length + 1);
    for (const value of values) write(value);
    return this;
  }

  nullArray(): this {
    return this.unsignedVarint(0);
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  /** The end of a structure: no tagged fields. */
  end(): this {
    return this.unsignedVarint(0);
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
