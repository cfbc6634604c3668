/** The values of a page without nulls, in the form in which they lie in the file. Can be read in pieces of any size. */
import { ByteRanges } from "./byte-ranges.ts";
import { DeltaDecoder, deltaEnd } from "./delta-decoder.ts";
import { ParquetFormatError } from "./format-error.ts";
import { encoding, physicalType } from "./metadata.ts";
import { RleDecoder } from "./rle-decoder.ts";

/** Booleans are a byte each. */
export type PhysicalArray = Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
/** Values of fixed size as an array, byte arrays (and INT96) as ranges. */
export type PhysicalValues = PhysicalArray | ByteRanges;

export interface ValueDecoder {
  /** Writes the next `count` values to `target` from position `at` on, which is of the physical type. */
  read(target: PhysicalValues, at: number, count: number): void;
  skip(count: number): void;
}

function cutOff(): ParquetFormatError {
  return new ParquetFormatError("the values of a page are cut off");
}

/** Bytes of a value of the physical type; 0 for byte arrays, whose size varies. */
export function sizeOfPhysical(type: number, typeLength: number): number {
  switch (type) {
    case physicalType.int32:
    case physicalType.float:
      return 4;
    case physicalType.int64:
    case physicalType.double:
      return 8;
    case physicalType.int96:
      return 12;
    case physicalType.fixed:
      return typeLength;
    default:
      return 0;
  }
}

/** An array for values of the physical type. */
export function physicalValues(type: number, capacity: number): PhysicalValues {
  switch (type) {
    case physicalType.boolean:
      return new Uint8Array(capacity);
    case physicalType.int32:
      return new Int32Array(capacity);
    case physicalType.int64:
      return new BigInt64Array(capacity);
    case physicalType.float:
      return new Float32Array(capacity);
    case physicalType.double:
      return new Float64Array(capacity);
    default:
      return new ByteRanges(capacity);
  }
}

class PlainFixed implements ValueDecoder {
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #at: number;

  constructor(bytes: Uint8Array, at: number, size: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#size = size;
  }

  read(target: PhysicalValues, at: number, count: number): void {
    const from = this.#at;
    this.skip(count);
    const size = this.#size;
    if (target instanceof ByteRanges) {
      target.use(this.#bytes, at);
      for (let i = 0; i < count; i++) {
        target.starts[at + i] = from + i * size;
        target.ends[at + i] = from + (i + 1) * size;
      }
      return;
    }
    const bytes = new Uint8Array(target.buffer, target.byteOffset + at * size, count * size);
    bytes.set(this.#bytes.subarray(from, this.#at));
  }

  skip(count: number): void {
    this.#at += count * this.#size;
    if (this.#at > this.#bytes.length) throw cutOff();
  }
}

class PlainBooleans implements ValueDecoder {
  readonly #bytes: Uint8Array;
  #bit: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#bit = at * 8;
  }

  read(target: PhysicalValues, at: number, count: number): void {
    const values = target as Uint8Array;
    let bit = this.#bit;
    this.skip(count);
    for (let i = at; i < at + count; i++, bit++) values[i] = (this.#bytes[bit >>> 3]! >> (bit & 7)) & 1;
  }

  skip(count: number): void {
    this.#bit += count;
    if (this.#bit > this.#bytes.length * 8) throw cutOff();
  }
}

class RleBooleans implements ValueDecoder {
  readonly #runs: RleDecoder;

  constructor(bytes: Uint8Array, at: number) {
    const size = at + 4 <= bytes.length ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true) : Infinity;
    if (size > bytes.length - at - 4) throw cutOff();
    this.#runs = new RleDecoder(bytes, at + 4, at + 4 + size, 1);
  }

  read(target: PhysicalValues, at: number, count: number): void {
    this.#runs.read(target as Uint8Array, at, count);
  }

  skip(count: number): void {
    this.#runs.skip(count);
  }
}

class PlainByteArrays implements ValueDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
  }

  read(target: PhysicalValues, at: number, count: number): void {
    const ranges = target as ByteRanges;
    ranges.use(this.#bytes, at);
    const { starts, ends } = ranges;
    const view = this.#view;
    const end = this.#bytes.length;
    let position = this.#at;
    for (let i = at; i < at + count; i++) {
      if (position + 4 > end) throw cutOff();
      const size = view.getUint32(position, true);
      position += 4;
      if (size > end - position) throw cutOff();
      starts[i] = position;
      position += size;
      ends[i] = position;
    }
    this.#at = position;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#at + 4 > this.#bytes.length) throw cutOff();
      this.#at += 4 + this.#view.getUint32(this.#at, true);
    }
    if (this.#at > this.#bytes.length) throw cutOff();
  }
}

class DeltaIntegers implements ValueDecoder {
  readonly #deltas: DeltaDecoder;

  constructor(bytes: Uint8Array, at: number) {
    this.#deltas = new DeltaDecoder(bytes, at);
  }

  read(target: PhysicalValues, at: number, count: number): void {
    if (target instanceof Int32Array) this.#deltas.readInt32(target, at, count);
    else {
      const values = target as BigInt64Array;
      this.#deltas.readHalves(new Int32Array(values.buffer, values.byteOffset, values.length * 2), at, count);
    }
  }

  skip(count: number): void {
    this.#deltas.skip(count);
  }
}

const lengthsAtOnce = 1024;

class DeltaLengthByteArrays implements ValueDecoder {
  readonly bytes: Uint8Array;
  readonly #lengths: DeltaDecoder;
  readonly #scratch = new Int32Array(lengthsAtOnce);
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.#lengths = new DeltaDecoder(bytes, at);
    this.#at = deltaEnd(bytes, at).end;
  }

  read(target: PhysicalValues, at: number, count: number): void {
    const ranges = target as ByteRanges;
    ranges.use(this.bytes, at);
    this.#each(count, (i, start, end) => {
      ranges.starts[at + i] = start;
      ranges.ends[at + i] = end;
    });
  }

  skip(count: number): void {
    this.#each(count, () => undefined);
  }

  #each(count: number, take: (i: number, start: number, end: number) => void): void {
    const scratch = this.#scratch;
    const end = this.bytes.length;
    for (let from = 0; from < count; from += lengthsAtOnce) {
      const size = Math.min(lengthsAtOnce, count - from);
      this.#lengths.readInt32(scratch, 0, size);
      for (let i = 0; i < size; i++) {
        const length = scratch[i]!;
        const start = this.#at;
        if (length < 0 || length > end - start) throw cutOff();
        this.#at = start + length;
        take(from + i, start, this.#at);
      }
    }
  }
}

/** Bytes that one read of prefix-shared values may grow to: damaged lengths would multiply without end. */
const largestExpansion = 1 << 29;

class DeltaByteArrays implements ValueDecoder {
  readonly #prefixes: DeltaDecoder;
  readonly #suffixes: DeltaLengthByteArrays;
  readonly #lengths = new Int32Array(lengthsAtOnce);
  #previous: Uint8Array = new Uint8Array(0);

  constructor(bytes: Uint8Array, at: number) {
    this.#prefixes = new DeltaDecoder(bytes, at);
    this.#suffixes = new DeltaLengthByteArrays(bytes, deltaEnd(bytes, at).end);
  }

  read(target: PhysicalValues, at: number, count: number): void {
    const ranges = target as ByteRanges;
    const suffixes = new ByteRanges(lengthsAtOnce);
    const source = this.#suffixes.bytes;
    let bytes = new Uint8Array(Math.max(256, count * 16));
    let previous = this.#previous;
    let previousStart = 0;
    let previousEnd = previous.length;
    let end = 0;
    for (let from = 0; from < count; from += lengthsAtOnce) {
      const size = Math.min(lengthsAtOnce, count - from);
      this.#prefixes.readInt32(this.#lengths, 0, size);
      this.#suffixes.read(suffixes, 0, size);
      for (let i = 0; i < size; i++) {
        const prefix = this.#lengths[i]!;
        const suffixStart = suffixes.starts[i]!;
        const suffixEnd = suffixes.ends[i]!;
        if (prefix < 0 || prefix > previousEnd - previousStart) throw cutOff();
        const next = end + prefix + suffixEnd - suffixStart;
        if (next > bytes.length) {
          if (next > largestExpansion) throw new ParquetFormatError("values that share prefixes grow too large");
          const larger = new Uint8Array(Math.max(next, bytes.length * 2));
          larger.set(bytes.subarray(0, end));
          if (previous === bytes) previous = larger;
          bytes = larger;
        }
        bytes.set(previous.subarray(previousStart, previousStart + prefix), end);
        bytes.set(source.subarray(suffixStart, suffixEnd), end + prefix);
        ranges.starts[at + from + i] = end;
        ranges.ends[at + from + i] = next;
        previous = bytes;
        previousStart = end;
        previousEnd = end = next;
      }
    }
    this.#previous = previous.slice(previousStart, previousEnd);
    ranges.use(bytes, at);
  }

  skip(count: number): void {
    for (let left = count; left > 0; left -= lengthsAtOnce) {
      const size = Math.min(left, lengthsAtOnce);
      this.read(new ByteRanges(size), 0, size);
    }
  }
}

/** BYTE_STREAM_SPLIT: all first bytes, then all second bytes, and so on. */
class SplitBytes implements ValueDecoder {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #size: number;
  readonly #total: number;
  #next = 0;

  constructor(bytes: Uint8Array, from: number, size: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#size = size;
    this.#total = Math.floor((bytes.length - from) / size);
  }

  read(target: PhysicalValues, at: number, count: number): void {
    const size = this.#size;
    const first = this.#from + this.#next;
    this.skip(count);
    let bytes: Uint8Array;
    if (target instanceof ByteRanges) {
      bytes = new Uint8Array(count * size);
      target.use(bytes, at);
      for (let i = 0; i < count; i++) {
        target.starts[at + i] = i * size;
        target.ends[at + i] = (i + 1) * size;
      }
    } else bytes = new Uint8Array(target.buffer, target.byteOffset + at * size, count * size);
    for (let b = 0; b < size; b++) {
      const stream = first + b * this.#total;
      for (let i = 0; i < count; i++) bytes[i * size + b] = this.#bytes[stream + i]!;
    }
  }

  skip(count: number): void {
    this.#next += count;
    if (this.#next > this.#total) throw cutOff();
  }
}

/** Decodes values of a physical type that begin at `at` and end with `bytes`; not for dictionary positions. */
export function valueDecoder(
  kind: number,
  type: number,
  typeLength: number,
  bytes: Uint8Array,
  at: number,
): ValueDecoder {
  const size = sizeOfPhysical(type, typeLength);
  const integers = type === physicalType.int32 || type === physicalType.int64;
  const arrays = type === physicalType.byteArray;
  switch (kind) {
    case encoding.plain:
      if (type === physicalType.boolean) return new PlainBooleans(bytes, at);
      return arrays ? new PlainByteArrays(bytes, at) : new PlainFixed(bytes, at, size);
    case encoding.rle:
      if (type === physicalType.boolean) return new RleBooleans(bytes, at);
      break;
    case encoding.deltaBinaryPacked:
      if (integers) return new DeltaIntegers(bytes, at);
      break;
    case encoding.deltaLengthByteArray:
      if (arrays) return new DeltaLengthByteArrays(bytes, at);
      break;
    case encoding.deltaByteArray:
      if (arrays || type === physicalType.fixed) return new DeltaByteArrays(bytes, at);
      break;
    case encoding.byteStreamSplit:
      if (size > 0) return new SplitBytes(bytes, at, size);
      break;
  }
  throw new ParquetFormatError(`the encoding ${kind} of a page is not one of its type`);
}
