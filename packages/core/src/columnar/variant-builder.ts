/** Writing VARIANT values, byte for byte as Spark's `VariantBuilder` does; `variant-reader.ts` reads them. */
import { MillraceError } from "../errors/index.ts";
import { encodeUtf8 } from "./utf8.ts";
import { type Variant, variantNode, variantSize } from "./variant-reader.ts";

interface FieldEntry {
  readonly key: string;
  readonly id: number;
  readonly offset: number;
}

/** Bytes that an unsigned number takes: 1 to 4. */
function widthOf(value: number): number {
  return value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4;
}

/** Spark's limit of the sizes of value and metadata: 128 MiB. */
const maximumSize = 128 * 1024 * 1024;

/**
 * Writes one value. For an object note {@link position} and the position of each field's value, write the values, and
 * call {@link finishObject}; arrays alike.
 */
export class VariantBuilder {
  #bytes = new Uint8Array(128);
  position = 0;
  readonly #ids = new Map<string, number>();
  readonly #keys: Uint8Array[] = [];

  #reserve(size: number): number {
    const at = this.position;
    if (at + size > maximumSize)
      throw new MillraceError("VARIANT_CONSTRUCTOR_SIZE_LIMIT", { sizeLimit: String(maximumSize) });
    if (at + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(at + size, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.position = at + size;
    return at;
  }

  #put(at: number, value: number, width: number): void {
    let rest = value;
    for (let i = 0; i < width; i++) {
      this.#bytes[at + i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }

  #signed(value: bigint, width: number): void {
    const at = this.#reserve(width);
    let rest = value;
    for (let i = 0; i < width; i++) {
      this.#bytes[at + i] = Number(rest & 255n);
      rest >>= 8n;
    }
  }

  #header(basic: number, info: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = (info << 2) | basic;
  }

  null(): void {
    this.#header(0, 0);
  }
  boolean(value: boolean): void {
    this.#header(0, value ? 1 : 2);
  }
  long(value: bigint): void {
    const power = [8, 16, 32].findIndex((bits) => BigInt.asIntN(bits, value) === value);
    this.#header(0, 3 + (power < 0 ? 3 : power));
    this.#signed(value, power < 0 ? 8 : 1 << power);
  }
  double(value: number): void {
    this.#header(0, 7);
    const at = this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(at, value, true);
  }
  float(value: number): void {
    this.#header(0, 14);
    const at = this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(at, value, true);
  }
  decimal(unscaled: bigint, scale: number): void {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
    const power = Math.max(digits, scale) <= 9 ? 0 : Math.max(digits, scale) <= 18 ? 1 : 2;
    this.#header(0, 8 + power);
    const at = this.#reserve(1);
    this.#bytes[at] = scale;
    this.#signed(unscaled, 4 << power);
  }
  date(days: number): void {
    this.#header(0, 11);
    this.#signed(BigInt(days), 4);
  }
  timestamp(micros: bigint): void {
    this.#header(0, 12);
    this.#signed(micros, 8);
  }
  timestampNtz(micros: bigint): void {
    this.#header(0, 13);
    this.#signed(micros, 8);
  }
  binary(value: Uint8Array): void {
    this.#header(0, 15);
    this.#sized(value);
  }
  string(value: string): void {
    const bytes = encodeUtf8(value);
    if (bytes.length > 63) {
      this.#header(0, 16);
      this.#sized(bytes);
      return;
    }
    this.#header(1, bytes.length);
    this.#copy(bytes);
  }
  #sized(value: Uint8Array): void {
    this.#put(this.#reserve(4), value.length, 4);
    this.#copy(value);
  }
  #copy(value: Uint8Array): void {
    // Reserving may replace the bytes.
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** The number of a field name. */
  key(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#keys.length;
      this.#ids.set(name, id);
      this.#keys.push(encodeUtf8(name));
    }
    return id;
  }

  /** The header of an array whose elements lie from `start` on; `offsets` count from there. */
  finishArray(start: number, offsets: readonly number[]): void {
    const size = offsets.length;
    const dataSize = this.position - start;
    const width = widthOf(dataSize);
    const sizeWidth = size > 255 ? 4 : 1;
    const header = 1 + sizeWidth + (size + 1) * width;
    this.#shift(start, header);
    this.#bytes[start] = ((((size > 255 ? 1 : 0) << 2) | (width - 1)) << 2) | 3;
    this.#put(start + 1, size, sizeWidth);
    const at = start + 1 + sizeWidth;
    offsets.forEach((offset, i) => this.#put(at + i * width, offset, width));
    this.#put(at + size * width, dataSize, width);
  }

  /**
   * The header of an object whose values lie from `start` on.
   * @throws MillraceError VARIANT_DUPLICATE_KEY
   */
  finishObject(start: number, fields: readonly FieldEntry[]): void {
    const sorted = fields.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    let maximumId = 0;
    sorted.forEach(({ key, id }, i) => {
      maximumId = Math.max(maximumId, id);
      if (i > 0 && sorted[i - 1]!.key === key) throw new MillraceError("VARIANT_DUPLICATE_KEY", { key });
    });
    const size = sorted.length;
    const dataSize = this.position - start;
    const idWidth = widthOf(maximumId);
    const width = widthOf(dataSize);
    const sizeWidth = size > 255 ? 4 : 1;
    const header = 1 + sizeWidth + size * idWidth + (size + 1) * width;
    this.#shift(start, header);
    this.#bytes[start] = ((((size > 255 ? 1 : 0) << 4) | ((idWidth - 1) << 2) | (width - 1)) << 2) | 2;
    this.#put(start + 1, size, sizeWidth);
    const ids = start + 1 + sizeWidth;
    const offsets = ids + size * idWidth;
    sorted.forEach(({ id, offset }, i) => {
      this.#put(ids + i * idWidth, id, idWidth);
      this.#put(offsets + i * width, offset, width);
    });
    this.#put(offsets + size * width, dataSize, width);
  }

  /** Makes room for a header before what was written from `start` on. */
  #shift(start: number, size: number): void {
    const end = this.position;
    this.#reserve(size);
    this.#bytes.copyWithin(start + size, start, end);
  }

  /** Appends the node of another variant; its names get numbers of this one. */
  append(variant: Variant, position = 0): void {
    const node = variantNode(variant, position);
    const start = this.position;
    if (node.kind === "object") {
      const fields: FieldEntry[] = [];
      for (let i = 0; i < node.size; i++) {
        const key = node.key(i);
        fields.push({ key, id: this.key(key), offset: this.position - start });
        this.append(variant, node.at(i));
      }
      this.finishObject(start, fields);
    } else if (node.kind === "array") {
      const offsets: number[] = [];
      for (let i = 0; i < node.size; i++) {
        offsets.push(this.position - start);
        this.append(variant, node.at(i));
      }
      this.finishArray(start, offsets);
    } else {
      const bytes = variant[0].subarray(position, position + variantSize(variant[0], position));
      this.#copy(bytes);
    }
  }

  finish(): Variant {
    const names = this.#keys.reduce((sum, key) => sum + key.length, 0);
    const width = widthOf(Math.max(names, this.#keys.length));
    const metadata = new Uint8Array(1 + width * (this.#keys.length + 2) + names);
    const put = (at: number, value: number): void => {
      for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 256)) metadata[at + i] = rest % 256;
    };
    metadata[0] = 1 | ((width - 1) << 6);
    put(1, this.#keys.length);
    let offset = 0;
    const strings = 1 + width * (this.#keys.length + 2);
    this.#keys.forEach((key, i) => {
      put(1 + width * (i + 1), offset);
      metadata.set(key, strings + offset);
      offset += key.length;
    });
    put(1 + width * (this.#keys.length + 1), offset);
    return [this.#bytes.slice(0, this.position), metadata];
  }
}
