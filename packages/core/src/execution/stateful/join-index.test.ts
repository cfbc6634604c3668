import * as fc from "fast-check";
import { expect, test } from "vitest";
import { JoinIndex, type RowStore } from "./join-index.ts";

interface Row {
  readonly time: number;
  readonly id: number;
}
/** What the index stands for: the rows of each key by number, as the store has them. */
class Model implements RowStore {
  readonly keys = new Map<number, number[]>();
  readonly rows = new Map<number, Row>();
  readonly left: number[] = [];
  timeOf(row: number): number {
    return this.rows.get(row)!.time;
  }
  remove(row: number): void {
    this.#gone(row);
    this.rows.delete(row);
  }
  move(from: number, to: number): void {
    this.#gone(to);
    this.rows.set(to, this.rows.get(from)!);
    this.rows.delete(from);
  }
  removeGroup(key: number): void {
    this.keys.delete(key);
  }
  #gone(row: number): void {
    this.left.push(this.rows.get(row)!.id);
  }
}

const steps = fc.array(
  fc.record({
    rows: fc.array(fc.record({ key: fc.nat(3), time: fc.option(fc.nat(40), { nil: Infinity, freq: 8 }) }), {
      maxLength: 25,
    }),
    limit: fc.nat(12),
    moves: fc.boolean(),
  }),
  { maxLength: 8 },
);

/** The rows of a key in the order of the index. */
function rowsOf(index: JoinIndex, key: number, low: number, high: number): number[] {
  const group = index.groupOf(key);
  const found: number[] = [];
  if (group < 0) return found;
  for (let at = index.placeFrom(group, low), end = index.placeEnd(group); at < end; at++) {
    if (index.ordered && index.timeAt(at) > high) break;
    found.push(index.rowAt(at));
  }
  return found;
}

test("rows lie by time, leave by time, and keep numbers without holes", () => {
  fc.assert(
    fc.property(steps, (batches) => {
      const index = new JoinIndex(true, "each");
      const model = new Model();
      let [nextRow, nextId, limit] = [0, 0, 0];
      let live: { key: number; id: number; time: number }[] = [];
      for (const batch of batches) {
        for (const { key, time } of batch.rows) {
          const group = index.groupOf(key) < 0 ? index.addGroup(key, key, 0) : index.groupOf(key);
          index.add(group, nextRow, time, false);
          model.rows.set(nextRow++, { time, id: nextId });
          live.push({ key, time, id: nextId++ });
        }
        index.seal();
        limit += batch.limit;
        const due = { rows: new Int32Array(2) };
        model.left.length = 0;
        for (let count = index.due(limit, 3, due); count > 0; count = index.due(limit, 3, due)) index.drop(model);
        expect(model.left.toSorted()).toEqual(
          live
            .filter(({ time }) => time <= limit)
            .map(({ id }) => id)
            .toSorted(),
        );
        live = live.filter(({ time }) => time > limit);
        if (batch.moves) {
          // Compaction gives rows other numbers, in their order.
          const moved = new Int32Array(nextRow).fill(-1);
          const rows = [...model.rows].sort(([a], [b]) => a - b);
          model.rows.clear();
          rows.forEach(([row, content], i) => {
            moved[row] = i;
            model.rows.set(i, content);
          });
          index.rowsMoved(moved);
          nextRow = rows.length;
        }
        for (const key of [0, 1, 2, 3]) {
          const here = live.filter((row) => row.key === key);
          const ids = (low: number, high: number): number[] =>
            rowsOf(index, key, low, high).map((row) => model.rows.get(row)!.id);
          const times = rowsOf(index, key, -Infinity, Infinity).map((row) => model.timeOf(row));
          expect(times).toEqual(here.map(({ time }) => time).toSorted((a, b) => a - b));
          expect(ids(limit + 3, limit + 9).toSorted()).toEqual(
            here
              .filter(({ time }) => time >= limit + 3 && time <= limit + 9)
              .map(({ id }) => id)
              .toSorted(),
          );
          expect(index.groupOf(key) < 0).toBe(here.length === 0);
        }
        const sizes = new Map<number, number>();
        index.takeChanges((key, size) => sizes.set(key, size));
        for (const [key, size] of sizes) expect(size).toBe(live.filter((row) => row.key === key).length);
      }
    }),
    { numRuns: 300 },
  );
});

test("rows of a key leave together at the time of the key", () => {
  const index = new JoinIndex(false, "together");
  const model = new Model();
  for (const [key, time] of [
    [0, 30],
    [1, 10],
    [2, 20],
    [3, Infinity],
  ] as const) {
    const group = index.addGroup(key, key, time);
    for (const row of [2 * key, 2 * key + 1]) {
      index.add(group, row, 0, row === 2);
      model.rows.set(row, { time, id: row });
    }
  }
  index.seal();
  const due = { rows: new Int32Array(1) };
  expect(index.due(20, 100, due)).toBe(4);
  expect(due.rows.slice(0, 4)).toEqual(Int32Array.of(2, 3, 4, 5));
  expect(index.matched[2]).toBe(1);
  index.drop(model);
  expect(index.due(20, 100, due)).toBe(0);
  expect([0, 1, 2, 3].map((key) => index.groupOf(key) >= 0)).toEqual([true, false, false, true]);
  index.keysMoved(Int32Array.of(1, -1, -1, 0));
  expect(rowsOf(index, 1, 0, 0)).toEqual([0, 1]);
  expect(rowsOf(index, 0, 0, 0)).toEqual([6, 7]);
});
