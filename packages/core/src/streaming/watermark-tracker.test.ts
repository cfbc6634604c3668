import { describe, expect, test } from "vitest";
import { needsBatchWithoutData } from "./stateful-operators.ts";
import { windowedCountPlan } from "./streaming.test-support.ts";
import { EventTimeAccumulator, floorMillis, WatermarkTracker } from "./watermark-tracker.ts";

const at = (ms: number): { count: number; minMicros: bigint; maxMicros: bigint; sumMillis: number } => ({
  count: 1,
  minMicros: BigInt(ms) * 1000n,
  maxMicros: BigInt(ms) * 1000n,
  sumMillis: ms,
});

describe("the watermark of a query", () => {
  const second = 1_000_000n;
  test.each<["min" | "max", (number | null)[][], number[]]>([
    ["min", [[20_000], [15_000], [40_500]], [10_000, 10_000, 30_500]],
    [
      "min",
      [
        [20_000, null],
        [null, 50_000],
        [90_000, null],
      ],
      [0, 10_000, 40_000],
    ],
    [
      "max",
      [
        [20_000, null],
        [null, 50_000],
        [30_000, null],
      ],
      [10_000, 40_000, 40_000],
    ],
    ["min", [[5_000]], [0]],
  ])("with policy %s follows the greatest event times less their delays", (policy, batches, expected) => {
    const tracker = new WatermarkTracker(
      policy,
      batches[0]!.map(() => 10n * second),
      0,
    );
    const seen = batches.map((batch) => {
      tracker.update(
        batch.map((ms) => (ms === null ? null : at(ms))),
        0,
      );
      return tracker.currentMs;
    });
    expect(seen).toEqual(expected);
  });

  test("after a restart rests at its value until every stream has seen data again", () => {
    const tracker = new WatermarkTracker("min", [0n, 0n], 60_000);
    tracker.update([at(100_000), null], 1000);
    expect(tracker.currentMs).toBe(60_000);
    tracker.update([null, at(80_000)], 1_000_000);
    expect(tracker.currentMs).toBe(80_000);
  });

  test("with an idle timeout a stream without rows for so long, by the batches' timestamps, does not count", () => {
    const tracker = new WatermarkTracker("min", [0n, 0n], 0, 10_000);
    tracker.update([at(100_000), null], 50_000);
    expect([tracker.currentMs, tracker.nodes[1]]).toEqual([0, { valueMs: null, idle: false, holdsBack: true }]);
    tracker.update([at(110_000), null], 59_999);
    expect(tracker.currentMs).toBe(0);
    tracker.update([at(120_000), null], 60_000);
    expect([tracker.currentMs, tracker.nodes[1]]).toEqual([120_000, { valueMs: null, idle: true, holdsBack: false }]);
    // It comes back far behind: the watermark rests, and waits for it again.
    tracker.update([at(200_000), at(30_000)], 61_000);
    expect([tracker.currentMs, tracker.nodes.map((node) => node.holdsBack)]).toEqual([120_000, [false, true]]);
    // Nobody has rows: nothing is known that could move it.
    tracker.update([null, null], 99_000);
    expect([tracker.currentMs, tracker.nodes.map((node) => node.idle)]).toEqual([120_000, [true, true]]);
  });

  test("rounds microseconds down, before the epoch too", () => {
    expect([1999n, 1000n, -1n, -1000n, -1001n, 0n].map(floorMillis)).toEqual([1, 1, -1, -1, -2, 0]);
    const tracker = new WatermarkTracker("min", [500n], 0);
    tracker.update([{ count: 1, minMicros: 7_999n, maxMicros: 7_999n, sumMillis: 7 }], 0);
    expect(tracker.currentMs).toBe(7);
  });

  test("statistics add up over partitions; empty ones count nothing", () => {
    const sum = new EventTimeAccumulator();
    sum.add({ count: 0, minMicros: 0n, maxMicros: 0n, sumMillis: 0 });
    expect(sum.stats).toBeNull();
    sum.add(at(30));
    sum.add({ count: 2, minMicros: 10_000n, maxMicros: 20_000n, sumMillis: 30 });
    expect(sum.stats).toEqual({ count: 3, minMicros: 10_000n, maxMicros: 30_000n, sumMillis: 60 });
  });
});

test("a batch without data is due when the watermark grew and the mode emits or evicts by it", () => {
  const due = (
    mode: "append" | "update" | "complete",
    delays: (number | null)[],
    last: number,
    next: number,
  ): boolean => needsBatchWithoutData(windowedCountPlan({ mode, delays }).physical, last, next, false);
  expect(due("append", [10], 1000, 2000)).toBe(true);
  expect(due("update", [10], 0, 1)).toBe(true);
  expect(due("append", [10], 2000, 2000)).toBe(false);
  expect(due("complete", [10], 1000, 2000)).toBe(false);
  expect(due("update", [null], 1000, 2000)).toBe(false);
});
