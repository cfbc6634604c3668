/**
 * Blocks of LZ4 and their checksums by the kernel of packages/core/kernels/lz4.ts, whose twins are `lz4.ts` and `xxhash32.ts`. A
 * thread has one kernel; nothing stays in its memory between calls.
 */
import { compileKernel, instantiateKernel, kernelMemory } from "../columnar/web-assembly.ts";
import { lz4Bound } from "./lz4.ts";
import { lz4KernelBinary } from "./lz4-kernel.generated.ts";

interface Exports {
  compress(source: number, length: number, target: number, table: number): number;
  decompress(source: number, sourceLength: number, target: number, length: number): number;
  checksum(source: number, length: number, seed: number): number;
}

/** Blocks are at most so long. */
export const kernelBlock: number = 32 << 10;
const plainAt = 0;
const packedAt = kernelBlock + 64;
/** What a kernel reads and writes behind its ranges. */
const tableAt = (packedAt + lz4Bound(kernelBlock) + 64 + 7) & ~7;
const tableBytes = 4 << 13;

export class Lz4Kernel {
  readonly #exports: Exports;
  readonly #bytes: Uint8Array;

  constructor() {
    const memory = kernelMemory(tableAt + tableBytes);
    this.#exports = instantiateKernel(compileKernel(lz4KernelBinary), memory) as Exports;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Compresses a block, and gives its checksum. */
  compress(source: Uint8Array, start: number, end: number, seed: number): { length: number; checksum: number } {
    this.#bytes.set(source.subarray(start, end), plainAt);
    const checksum = this.#exports.checksum(plainAt, end - start, seed) >>> 0;
    const length = this.#exports.compress(plainAt, end - start, packedAt, tableAt);
    return { length, checksum };
  }
  /** Copies what {@link compress} has made. */
  copyTo(target: Uint8Array, at: number, length: number): void {
    target.set(this.#bytes.subarray(packedAt, packedAt + length), at);
  }

  /** Decompresses a block into `target[at, at + length)`. @returns its checksum, −1 when it is damaged */
  decompress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    length: number,
    seed: number,
  ): number {
    const bytes = this.#bytes;
    bytes.set(source.subarray(start, end), packedAt);
    if (this.#exports.decompress(packedAt, end - start, plainAt, length) === 0) return -1;
    target.set(bytes.subarray(plainAt, plainAt + length), at);
    return this.#exports.checksum(plainAt, length, seed) >>> 0;
  }
}

let kernel: Lz4Kernel | null = null;

export function lz4Kernel(): Lz4Kernel {
  return (kernel ??= new Lz4Kernel());
}
