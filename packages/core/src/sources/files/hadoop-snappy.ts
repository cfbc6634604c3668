/** Files of Hadoop's SnappyCodec: blocks of `[plain size] ([compressed size] [Snappy])…`, sizes as 32 bits, big end first. */
import { decoderSlack, decompressSnappy, plausibleSnappySize } from "../../parquet/snappy.ts";

/** Largest block that is believed; Hadoop writes 256 KiB. */
const mostBytes = 256 << 20;

export async function* hadoopSnappyBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let held = new Uint8Array(0);
  let at = 0;
  const source = chunks[Symbol.asyncIterator]();
  /** Makes `size` bytes stand at `at`; false at the very end of the input. */
  const need = async (size: number): Promise<boolean> => {
    while (held.length - at < size) {
      const next = await source.next();
      if (next.done === true) {
        if (held.length === at) return false;
        throw new Error("it ends within a block");
      }
      const joined = new Uint8Array(held.length - at + next.value.length);
      joined.set(held.subarray(at));
      joined.set(next.value, held.length - at);
      held = joined;
      at = 0;
    }
    return true;
  };
  const word = async (): Promise<number | null> => {
    if (!(await need(4))) return null;
    const value = new DataView(held.buffer, held.byteOffset).getUint32(at);
    at += 4;
    return value;
  };
  try {
    for (let left = await word(); left !== null; left = await word()) {
      while (left > 0) {
        const size = await word();
        if (size === null || size > mostBytes || left > mostBytes || !(await need(size))) {
          throw new Error("it is no file of Snappy blocks, or is cut");
        }
        const block = held.subarray(at, at + size);
        const plain = plainSize(block);
        if (plain === 0 || plain > left || !plausibleSnappySize(size, plain))
          throw new Error("a Snappy block is damaged");
        const target = new Uint8Array(plain + decoderSlack);
        decompressSnappy(block, target, plain);
        at += size;
        left -= plain;
        yield target.subarray(0, plain);
      }
    }
  } finally {
    await source.return?.();
  }
}

/** The size that a block says it has. */
function plainSize(block: Uint8Array): number {
  let size = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    size += (block[i]! & 0x7f) * 2 ** (7 * i);
    if (block[i]! < 0x80) return size;
  }
  return 0;
}
