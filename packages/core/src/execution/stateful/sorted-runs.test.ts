import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SortedRuns } from "./sorted-runs.ts";

const steps = fc.array(
  fc.record({
    added: fc.array(fc.nat(60), { maxLength: 40 }),
    limit: fc.nat(60),
    gone: fc.option(fc.nat(3), { nil: null, freq: 3 }),
  }),
  { maxLength: 12 },
);

test("what was added comes out by time, and nothing else is taken", () => {
  fc.assert(
    fc.property(steps, (batches) => {
      const runs = new SortedRuns();
      let known: (readonly [time: number, item: number])[] = [];
      let next = 0;
      for (const { added, limit, gone } of batches) {
        for (const time of added) {
          known.push([time, next]);
          runs.add(time, next++);
        }
        runs.seal();
        expect(runs.first).toBe(Math.min(Infinity, ...known.map(([time]) => time)));
        const taken: (readonly [number, number])[] = [];
        runs.takeWhile((time, item) => time <= limit && taken.push([time, item]) > 0);
        const due = known.filter(([time]) => time <= limit);
        expect(taken.sort(([, a], [, b]) => a - b)).toEqual(due.sort(([, a], [, b]) => a - b));
        known = known.filter(([time]) => time > limit);
        if (gone === null) continue;
        // Every fourth item goes, the others move down.
        const moved = Int32Array.from({ length: next }, (_, item) =>
          item % 4 === gone ? -1 : item - Math.floor((item + 3 - gone) / 4),
        );
        runs.renumber(moved);
        known = known.flatMap(([time, item]) => (moved[item]! < 0 ? [] : [[time, moved[item]!] as const]));
      }
    }),
    { numRuns: 200 },
  );
});

test("few runs are kept, however many batches come", () => {
  const runs = new SortedRuns();
  for (let batch = 0; batch < 1000; batch++) {
    for (let i = 0; i < 10; i++) runs.add(1000 - batch, i);
    runs.seal();
  }
  // Times and items of 10,000, and room for what is added.
  expect(runs.memoryBytes).toBeLessThan(12 * 10_100);
  let count = 0;
  runs.takeWhile(() => ++count > 0);
  expect(count).toBe(10_000);
  expect(runs.first).toBe(Infinity);
});
