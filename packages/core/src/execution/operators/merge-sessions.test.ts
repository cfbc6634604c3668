import * as fc from "fast-check";
import { expect, test } from "vitest";
import { partialSchema } from "../../physical-plan/partial-schema.ts";
import type { MergeSessionsExec } from "../../physical-plan/physical-plan.ts";
import { bigintType, field, type SqlValue, stringType, structType, timestampType } from "../../types/data-type.ts";
import { aggregate, column, newId, rowsOf, table, union } from "../execution.test-support.ts";

const session = structType([field("start", timestampType), field("end", timestampType)]);
const keys = [field("k", stringType), field("session_window", session)];
const aggregates = [aggregate("count", bigintType), aggregate("sum", bigintType, column(2, bigintType))];
const partial = partialSchema(keys, aggregates);

type Row = readonly [k: string | null, start: bigint | null, gap: bigint, count: bigint, sum: bigint];

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.constantFrom("a", "b", "c"), { nil: null, freq: 5 }),
  // Without a session: what a grouping set leaves out.
  fc.option(fc.bigInt({ min: 0n, max: 60n }), { nil: null, freq: 9 }),
  fc.bigInt({ min: 1n, max: 9n }),
  fc.bigInt({ min: 1n, max: 3n }),
  fc.bigInt({ min: -9n, max: 9n }),
);
const before = <T extends string | bigint>(a: T | null, b: T | null): number =>
  a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1;

function naive(sorted: readonly Row[]): SqlValue[][] {
  const found: { k: string | null; start: bigint | null; end: bigint; count: bigint; sum: bigint }[] = [];
  for (const [k, start, gap, count, sum] of sorted) {
    const last = found.at(-1);
    const touches = start === null ? last?.start === null : last?.start !== null && start <= (last?.end ?? -1n);
    const end = (start ?? 0n) + gap;
    if (last === undefined || last.k !== k || !touches) found.push({ k, start, end, count, sum });
    else {
      last.end = end > last.end ? end : last.end;
      last.count += count;
      last.sum += sum;
    }
  }
  return found.map(({ k, start, end, count, sum }) => [k, start === null ? null : [start, end], count, sum]);
}

test("sessions are the same wherever the rows are cut into batches", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), fc.array(fc.nat(40)), async (rows, cuts) => {
      const sorted = rows.toSorted(([k, start], [otherK, other]) => before(k, otherK) || before(start, other));
      const values = sorted.map(([k, start, gap, count, sum]): SqlValue[] => [
        k,
        start === null ? null : [start, start + gap],
        count,
        sum,
      ]);
      const at = [0, ...cuts.filter((cut) => cut < values.length).sort((a, b) => a - b), values.length];
      const parts = at.slice(1).map((end, i) => table(partial, values.slice(at[i], end)));
      const plan: MergeSessionsExec = {
        kind: "MergeSessions",
        id: newId(),
        schema: structType([...keys, ...aggregates.map((a, i) => field(`a${i}`, a.type))]),
        input: union(...parts),
        keyCount: 2,
        sessions: [1],
        aggregates,
      };
      expect(await rowsOf(plan)).toEqual(naive(sorted));
    }),
    { numRuns: 200 },
  );
});
