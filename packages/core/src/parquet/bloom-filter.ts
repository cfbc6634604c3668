/** Parquet's split block bloom filters. */
import { encodeUtf8 } from "../columnar/utf8.ts";
import { xxBytes } from "../functions/kernels/hash.ts";
import type { ReadHandle } from "../runtime/file-system.ts";
import type { SqlValue } from "../types/data-type.ts";
import { readExactly } from "./chunk-input.ts";
import { type FilePart, physicalType } from "./metadata.ts";
import { readBloomFilterHeader } from "./read-metadata.ts";
import type { LeafPlan } from "./read-plan.ts";

const salts = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];
const headerBytes = 64;
const largestFilter = 64 << 20;

export class BloomFilter {
  readonly #words: DataView;

  constructor(bits: Uint8Array) {
    this.#words = new DataView(bits.buffer, bits.byteOffset, bits.length);
  }

  /** The filter at a place of the file; null when it is of an unknown kind or too large to be worth reading. */
  static async read(handle: ReadHandle, part: FilePart, fileSize: number): Promise<BloomFilter | null> {
    const size = Math.min(headerBytes, fileSize - part.offset);
    if (size <= 0) return null;
    const header = readBloomFilterHeader(await readExactly(handle, part.offset, size));
    if (header === null || header.length > largestFilter) return null;
    const start = part.offset + header.offset;
    if (start + header.length > fileSize) return null;
    return new BloomFilter(await readExactly(handle, start, header.length));
  }

  mayContain(hash: bigint): boolean {
    const blocks = this.#words.byteLength / 32;
    const block = Number(((BigInt.asUintN(64, hash) >> 32n) * BigInt(blocks)) >> 32n);
    const key = Number(BigInt.asIntN(32, hash));
    for (const [i, salt] of salts.entries()) {
      const bit = Math.imul(key, salt) >>> 27;
      if (((this.#words.getUint32(block * 32 + i * 4, true) >>> bit) & 1) === 0) return false;
    }
    return true;
  }
}

/** The hash under which a filter holds a value; undefined where the value lies in the file in another form. */
export function bloomHash(value: SqlValue, leaf: LeafPlan): bigint | undefined {
  if (leaf.conversion.convert !== null) return undefined;
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  switch (leaf.node.element.type) {
    case physicalType.int32:
      view.setInt32(0, value as number, true);
      return xxBytes(bytes.subarray(0, 4), 0n);
    case physicalType.int64:
      view.setBigInt64(0, value as bigint, true);
      return xxBytes(bytes, 0n);
    case physicalType.byteArray:
    case physicalType.fixed:
      return xxBytes(typeof value === "string" ? encodeUtf8(value) : (value as Uint8Array), 0n);
    default:
      return undefined;
  }
}
