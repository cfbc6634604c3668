import { partitionKey } from "../client/topic-partition.ts";
import { type Offsets, offsetsOf, type PartitionOffset } from "./offsets.ts";

/**
 * How far `rows` records go from `begin` on when each partition gives in proportion to what it has, and one at least.
 * Partitions that have nothing new stay where they are.
 */
export function limitOffsets(begin: Offsets, end: Offsets, rows: number): Offsets {
  const sizes = new Map<string, number>();
  let total = 0;
  for (const [key, { offset }] of end) {
    const size = Math.max(0, offset - (begin.get(key)?.offset ?? offset));
    sizes.set(key, size);
    total += size;
  }
  if (total <= rows) return end;
  const limited = [...end.values()].map((entry): PartitionOffset => {
    const key = partitionKey(entry);
    const size = sizes.get(key)!;
    if (size === 0) return entry;
    const share = (rows * size) / total;
    const taken = Math.min(size, share < 1 ? Math.ceil(share) : Math.floor(share));
    return { ...entry, offset: begin.get(key)!.offset + taken };
  });
  return offsetsOf(limited);
}
