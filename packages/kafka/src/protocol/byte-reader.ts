/** A response that does not follow the protocol. */
export class KafkaFormatError extends Error {
  override readonly name = "KafkaFormatError";
}

const utf8 = new TextDecoder();

/** Reads the primitive types of Kafka's protocol, in the compact forms of its flexible versions. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** 64 bits as a number: exact up to 2^53, which no offset reaches. */
  int64(): number {
    const at = this.#take(8);
    return this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#take(1)]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new KafkaFormatError("a number of variable length does not end");
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** The length of a compact string, array or bytes; −1 for null. */
  compactLength(): number {
    return this.unsignedVarint() - 1;
  }

  compactString(): string | null {
    const length = this.compactLength();
    if (length < 0) return null;
    const at = this.#take(length);
    return utf8.decode(this.bytes.subarray(at, at + length));
  }

  /** Shares the memory of the response. */
  compactBytes(): Uint8Array | null {
    const length = this.compactLength();
    if (length < 0) return null;
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  compactArray<T>(read: () => T): T[] {
    const length = this.compactLength();
    // Every element takes a byte at least.
    if (length > this.bytes.length - this.at) throw new KafkaFormatError("an array is longer than its response");
    const values: T[] = [];
    for (let i = 0; i < length; i++) values.push(read());
    return values;
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Skips the tagged fields at the end of a structure. */
  end(): void {
    for (let fields = this.unsignedVarint(); fields > 0; fields--) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }

  #take(length: number): number {
    const at = this.at;
    if (length > this.bytes.length - at) throw new KafkaFormatError("a response is cut off");
    this.at = at + length;
    return at;
  }
}
