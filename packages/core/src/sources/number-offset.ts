import type { OffsetJson, ReadLimit } from "./contract.ts";

/** Offsets that are plain whole numbers: how many rows have been read. */
export function numberOffset(offset: OffsetJson | null): number {
  return offset === null ? 0 : Number(offset);
}

/** `start` plus what the limit lets through of what is there. */
export function limitedEnd(start: number, available: number, limit: ReadLimit): number {
  const end = limit.kind === "maxRows" ? Math.min(available, start + limit.rows) : available;
  return Math.max(start, end);
}
