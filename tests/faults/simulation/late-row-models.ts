/** What operators with a watermark give for given batches, computed by the rules alone: naive, in plain objects. */
import type { Event } from "./script.ts";

/** The rows of each batch, batches without data among them. */
export type RowsOfBatches = readonly (readonly Event[])[];

const epoch = 1_700_000_000;
export const timeOf = (seconds: number): string => new Date((epoch + seconds) * 1000).toISOString();

/**
 * The watermarks of the batches: of each, that by which its rows are late (the one of the batch before) and that by which
 * state leaves, in seconds. A row without a time counts as 1970 and never moves it.
 */
export function watermarksOf(
  batches: RowsOfBatches,
  delay: number,
): { readonly late: number; readonly evict: number }[] {
  let before = -epoch;
  let current = -epoch;
  return batches.map((rows) => {
    const marks = { late: before, evict: current };
    before = current;
    const times = rows.flatMap(({ at }) => (at === null ? [] : [at - delay]));
    current = Math.max(current, ...times);
    return marks;
  });
}

/** Delay of the watermark of the queries with late rows, in seconds. */
export const delaySeconds = 30;

export function hasLateRows(batches: RowsOfBatches): boolean {
  const marks = watermarksOf(batches, delaySeconds);
  return batches.some((rows, batch) => rows.some(({ at }) => at !== null && at <= marks[batch]!.late));
}

/** Rows per window and key; a window leaves when the watermark has reached its end, and rows of such windows are late. */
export function modelOfWindowedCount(batches: RowsOfBatches, delay: number, length: number): object[][] {
  const marks = watermarksOf(batches, delay);
  const open = new Map<string, { start: number; k: string | null; count: number }>();
  return batches.map((rows, batch) => {
    const { late, evict } = marks[batch]!;
    for (const { at, k } of rows) {
      if (at === null) continue;
      // Windows are aligned to the epoch, which is no multiple of a minute away from time 0.
      const start = Math.floor((epoch + at) / length) * length - epoch;
      if (start + length <= late) continue;
      const key = JSON.stringify([start, k]);
      const group = open.get(key) ?? { start, k, count: 0 };
      open.set(key, { ...group, count: group.count + 1 });
    }
    const closed: object[] = [];
    for (const [key, { start, k, count }] of open) {
      if (start + length > evict) continue;
      open.delete(key);
      closed.push({ start: timeOf(start), k, count });
    }
    return closed;
  });
}

/** The first row of each time and key; times up to the watermark are forgotten, and rows of such times are late. */
export function modelOfDistinct(batches: RowsOfBatches, delay: number): object[][] {
  const marks = watermarksOf(batches, delay);
  const seen = new Map<string, number>();
  return batches.map((rows, batch) => {
    const { late, evict } = marks[batch]!;
    const first: object[] = [];
    for (const { at, k } of rows) {
      if (at !== null && at <= late) continue;
      const key = JSON.stringify([at, k]);
      if (seen.has(key)) continue;
      seen.set(key, at ?? Infinity);
      first.push({ at: at === null ? null : timeOf(at), k });
    }
    for (const [key, at] of seen) if (at <= evict) seen.delete(key);
    return first;
  });
}
