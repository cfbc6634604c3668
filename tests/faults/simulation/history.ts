/** What became of the rows: which batch had which of them, and by which clock and watermark it went. */
import type { Event } from "./script.ts";

/** Times of events are milliseconds after this one. */
export const originMs = 1_700_000_000_000;
export const timeOf = (at: number): string => new Date(originMs + at).toISOString();
/** The beginning of time as events have it: the watermark before there is one. */
export const never: number = -originMs;

/** What the log says of a batch, and the rows that it had. */
export interface BatchFacts {
  /** The rows of each stream of the query. */
  readonly streams: readonly (readonly Event[])[];
  readonly nowMs: number;
  readonly watermarkMs: number;
  /** Which life of the process committed it. */
  readonly life: number;
}
export type History = readonly BatchFacts[];

/** The query's watermarks: the delay of each stream, ms, and how one is made of several. No delays: there is none. */
export interface Watermarks {
  readonly delays: readonly number[];
  readonly policy: "min" | "max";
}

/** Rows at or before `late` are late; state up to `evict` leaves. */
export interface Marks {
  readonly late: number;
  readonly evict: number;
}

/** A batch as a model is told of it. */
export interface ModelBatch extends Marks {
  readonly streams: readonly (readonly Event[])[];
  /** Those of all streams. */
  readonly rows: readonly Event[];
  readonly nowMs: number;
}

/**
 * The batches of a history with their watermarks, computed by the rules alone: rows are late by the watermark of the batch before,
 * state leaves by that of its own, which comes from the rows before it. What each stream has seen is forgotten with the process;
 * the query's watermark stays. A row without a time counts as 1970 and never moves it.
 */
export function modelBatches(history: History, { delays, policy }: Watermarks): ModelBatch[] {
  let before = never;
  let current = never;
  let seen: readonly number[] = [];
  let life = Number.NaN;
  return history.map((batch) => {
    if (batch.life !== life) seen = delays.map(() => never);
    life = batch.life;
    const marks: Marks = { late: before, evict: current };
    before = current;
    seen = seen.map((value, i) => Math.max(value, ...timesOf(batch.streams[i]!).map((at) => at - delays[i]!)));
    if (seen.length > 0) current = Math.max(current, policy === "min" ? Math.min(...seen) : Math.max(...seen));
    return { ...marks, streams: batch.streams, rows: batch.streams.flat(), nowMs: batch.nowMs };
  });
}

/** The batch that would come next if nothing arrived and no time passed: nothing may be due in it. */
export function afterAll(history: History): BatchFacts {
  const last = history.at(-1)!;
  return { ...last, streams: last.streams.map(() => []) };
}

export function hasLateRows(batches: readonly ModelBatch[]): boolean {
  return batches.some(({ rows, late }) => timesOf(rows).some((at) => at <= late));
}

function timesOf(rows: readonly Event[]): number[] {
  return rows.flatMap(({ at }) => (at === null ? [] : [at]));
}
