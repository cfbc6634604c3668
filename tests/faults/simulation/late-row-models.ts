/** What operators with a watermark give for given batches, computed by the rules alone: naive, in plain objects. */
import { type Marks, type ModelBatch, originMs, timeOf } from "./history.ts";
import type { Event } from "./script.ts";

/** Rows of a batch, and its watermarks. */
type TimedBatch = Marks & { readonly rows: readonly Pick<Event, "k" | "at">[] };

// Windows are aligned to the epoch, which is no multiple of a minute away from time 0.
const startOf = (at: number, length: number): number => Math.floor((originMs + at) / length) * length - originMs;

/** Rows per window and key; a window leaves when the watermark has reached its end, and rows of such windows are late. */
export function modelOfWindowedCount(batches: readonly TimedBatch[], length: number): object[][] {
  const open = new Map<string, { start: number; k: string | null; count: number }>();
  return batches.map(({ rows, late, evict }) => {
    for (const { at, k } of rows) {
      if (at === null) continue;
      const start = startOf(at, length);
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

/** Rows of a key within `gap` of each other are one session; it leaves when the watermark has reached its end. */
export function modelOfSessions(batches: readonly ModelBatch[], gap: number): object[][] {
  let open: { readonly k: string | null; readonly start: number; end: number; count: number }[] = [];
  return batches.map(({ rows, late, evict }) => {
    const added = rows.flatMap(({ k, at }) =>
      at === null || at + gap <= late ? [] : [{ k, start: at, end: at + gap, count: 1 }],
    );
    const merged: typeof open = [];
    for (const session of [...open, ...added].sort((a, b) => a.start - b.start)) {
      const met = merged.find(({ k, end }) => k === session.k && end >= session.start);
      if (met === undefined) merged.push({ ...session });
      else {
        met.end = Math.max(met.end, session.end);
        met.count += session.count;
      }
    }
    open = merged.filter(({ end }) => end > evict);
    return merged.filter(({ end }) => end <= evict).map(({ k, start, count }) => ({ start: timeOf(start), k, count }));
  });
}

/** The rows whose windows were closed when they came; a window ends at `endOf` the row's time. */
export function lateFor(batches: readonly ModelBatch[], endOf: (at: number) => number): object[][] {
  return batches.map(({ rows, late }) =>
    rows.filter(({ at }) => at !== null && endOf(at) <= late).map(({ k, at, n }) => ({ k, at: timeOf(at!), n })),
  );
}
export const endOfMinute = (at: number): number => startOf(at, 60_000) + 60_000;

/** The first row of each time and key; times up to the watermark are forgotten, and rows of such times are late. */
export function modelOfDistinct(batches: readonly ModelBatch[]): object[][] {
  const seen = new Map<string, number>();
  return batches.map(({ rows, late, evict }) => {
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

export function lateForDistinct(batches: readonly ModelBatch[]): object[][] {
  return batches.map(({ rows, late }) =>
    rows.filter(({ at }) => at !== null && at <= late).map(({ at, k }) => ({ at: timeOf(at!), k })),
  );
}

/** The first row of each key for as long as it is not `delay` behind the watermark; keys are forgotten when it is. */
export function modelOfDistinctWithin(batches: readonly ModelBatch[], delay: number): Event[][] {
  const expires = new Map<string, number>();
  return batches.map(({ rows, late, evict }) => {
    const first: Event[] = [];
    for (const row of rows) {
      const { at, k, n } = row;
      if (at === null || at <= late) continue;
      const key = JSON.stringify([k, n]);
      if (expires.has(key)) continue;
      expires.set(key, at + delay);
      first.push(row);
    }
    for (const [key, at] of expires) if (at <= evict) expires.delete(key);
    return first;
  });
}

/** A pair of rows of two streams, or a left one alone. */
export interface Pair {
  readonly k: string | null;
  readonly at: number;
  readonly ln: number | null;
  readonly rn: number | null;
}

/**
 * Rows of the first stream, each with those of the second that have its key and come at most `reach` after it; such that have none
 * come out alone when the watermark says that none can come. A pair comes with the later of its rows.
 */
export function modelOfPairs(batches: readonly ModelBatch[], reach: number): Pair[][] {
  const lefts: { readonly k: string | null; readonly at: number; readonly ln: number | null; alone: boolean }[] = [];
  const rights: { readonly k: string | null; readonly at: number; readonly rn: number | null }[] = [];
  return batches.map(({ streams, late, evict }) => {
    const pairs: Pair[] = [];
    const onTime = (rows: readonly Event[]) => rows.filter(({ at }) => at !== null && at > late);
    const meet = (left: (typeof lefts)[0], right: (typeof rights)[0]): void => {
      if (left.k === null || left.k !== right.k || right.at < left.at || right.at > left.at + reach) return;
      left.alone = false;
      pairs.push({ k: left.k, at: left.at, ln: left.ln, rn: right.rn });
    };
    for (const { k, at, n } of onTime(streams[0]!)) {
      const left = { k, at: at!, ln: n, alone: true };
      lefts.push(left);
      for (const right of rights) meet(left, right);
    }
    for (const { k, at, n } of onTime(streams[1]!)) {
      const right = { k, at: at!, rn: n };
      rights.push(right);
      for (const left of lefts) meet(left, right);
    }
    for (const left of lefts) {
      // A partner may be as late as the watermark and a millisecond.
      if (!left.alone || left.at + reach >= evict) continue;
      left.alone = false;
      pairs.push({ k: left.k, at: left.at, ln: left.ln, rn: null });
    }
    return pairs;
  });
}
