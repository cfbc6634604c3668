/**
 * Rows of equal keys whose sessions overlap or touch become one: from the first start to the last end, their aggregates
 * merged in the order of the starts. The rows come in the order of the keys and the starts, so that a session is a run of
 * them. A grouping set without the session has NULL in its place: then the keys alone decide.
 */
import type { AggregatePlan } from "../../codegen/aggregate-plan.ts";
import type { AggregateStore } from "../../codegen/aggregate-stores.ts";
import { gather, sliceVector } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isValid, type StructVector, type Vector } from "../../columnar/vector.ts";
import { assertInvariant } from "../../errors/index.ts";

/** How partial rows lie: keys, the session among them, then the buffers of each aggregate. */
export interface SessionRows {
  readonly keyCount: number;
  readonly sessions: readonly number[];
  readonly plans: readonly AggregatePlan[];
}

/** Sessions made of rows. */
export interface MergedSessions {
  readonly count: number;
  /** The session of each row. */
  readonly groups: Int32Array;
  /** The keys of each session, itself among them. */
  readonly keys: readonly Vector[];
  /** Merges the aggregates of the sessions `[from, to)`. */
  aggregates(from: number, to: number): MergedAggregates;
}
export interface MergedAggregates {
  buffers(): readonly Vector[];
  /** The final values; nothing may be asked for afterwards. */
  results(): readonly Vector[];
}

/**
 * @param rows     at least one, in the order of the other keys and the start
 * @param sameKeys whether two rows next to each other have equal other keys
 */
export function mergeSessions(
  rows: RecordBatch,
  { keyCount, sessions, plans }: SessionRows,
  sameKeys: (before: number, row: number) => boolean,
): MergedSessions {
  const column = rows.columns[sessions[0]!]!;
  assertInvariant(column.kind === "struct", "a session is a struct of start and end");
  const { groups, firstRows, merged } = sessionsOf(column, rows.length, sameKeys);
  const count = firstRows.length;
  const keys = rows.columns
    .slice(0, keyCount)
    .map((key, i) => (sessions.includes(i) ? merged : gather(key, firstRows, count)));
  const aggregates = (from: number, to: number): MergedAggregates => {
    const [begin, end] = [firstRows[from] ?? rows.length, firstRows[to] ?? rows.length];
    const buffers = rows.columns.slice(keyCount).map((column) => sliceVector(column, begin, end));
    const own = groups.subarray(begin, end).map((group) => group - from);
    let at = 0;
    const stores = plans.map((plan): AggregateStore => {
      const store = plan.create();
      store.ensure(to - from);
      const next = at + plan.buffer.length;
      store.merge(own, end - begin, buffers.slice(at, next));
      at = next;
      return store;
    });
    return {
      buffers: () => stores.flatMap((store) => store.buffers(to - from)),
      results: () => stores.map((store) => store.results(to - from)),
    };
  };
  return { count, groups, keys, aggregates };
}

function sessionsOf(
  column: StructVector,
  length: number,
  sameKeys: (before: number, row: number) => boolean,
): { readonly groups: Int32Array; readonly firstRows: Int32Array; readonly merged: StructVector } {
  const [starts, ends] = [timesOf(column, 0), timesOf(column, 1)];
  const groups = new Int32Array(length);
  const firstRows = new Int32Array(length);
  const lastEnds = new BigInt64Array(length);
  let count = 0;
  let end = 0n;
  for (let i = 0; i < length; i++) {
    const present = isValid(column, i);
    const goesOn =
      i > 0 && present === isValid(column, i - 1) && sameKeys(i - 1, i) && (!present || starts.values[i]! <= end);
    if (!goesOn) {
      firstRows[count++] = i;
      end = ends.values[i]!;
    } else if (ends.values[i]! > end) end = ends.values[i]!;
    lastEnds[count - 1] = end;
    groups[i] = count - 1;
  }
  const first = firstRows.subarray(0, count);
  const own = gather(column, first, count) as StructVector;
  const extended: Vector = { ...ends, length: count, validity: null, values: lastEnds.subarray(0, count) };
  return { groups, firstRows: first, merged: { ...own, children: [own.children[0]!, extended] } };
}

/** The starts (0) or ends (1) of sessions, µs. */
export function timesOf(session: Vector, bound: 0 | 1): Extract<Vector, { readonly kind: "i64" }> {
  const times = session.kind === "struct" ? session.children[bound] : undefined;
  assertInvariant(times?.kind === "i64", "a session is a struct of two times");
  return times;
}
