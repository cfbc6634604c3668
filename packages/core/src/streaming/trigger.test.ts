import { describe, expect, test } from "vitest";
import { Harness, windowedCountPlan } from "./streaming.test-support.ts";
import { nextTickMs } from "./trigger.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";

test("ticks lie on a grid", () => {
  expect([0, 1, 999, 1000, 1001].map((now) => nextTickMs(now, 1000))).toEqual([1000, 1000, 1000, 2000, 2000]);
  expect(nextTickMs(123, 0)).toBe(123);
});

const batchesAt = (world: Harness): number[] => {
  const seen: number[] = [];
  world.manager.addListener({ onQueryProgress: ({ progress }) => void seen.push(Date.parse(progress.timestamp)) });
  return seen;
};

describe("processing time", () => {
  test("starts at once, then on the grid; ticks that a long batch ran over are skipped", async () => {
    const world = new Harness(1, 10_300);
    const seen = batchesAt(world);
    world.topic.add(["a", 1]);
    let slow = 0;
    const query = await world.start({
      trigger: { kind: "processingTime", intervalMs: 1000 },
      onWrite: () => world.runtime.clock.sleep(slow),
    });
    await world.runtime.clock.advance(100);
    world.topic.add(["b", 2]);
    slow = 2500;
    await world.runtime.clock.advance(800);
    world.topic.add(["c", 3]);
    await world.runtime.clock.advance(5000);
    expect(seen).toEqual([10_300, 11_000, 13_500]);
    expect(world.runtime.process.logged.some((l) => l.message.includes("falling behind"))).toBe(true);
    const stopping = query.stop();
    await world.runtime.clock.advance(1000);
    await stopping;
    expect(query.status.message).toBe("Stopped");
    fired("C3");
    fired("C5");
  });

  test("a step of the wall clock backwards delays no tick, and the batch timestamp never goes back", async () => {
    const world = new Harness(1, 10_000);
    const query = await world.start({ trigger: { kind: "processingTime", intervalMs: 1000 } });
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(1000);
    world.runtime.clock.stepWallClock(-3_600_000);
    world.topic.add(["b", 2]);
    await world.runtime.clock.advance(1000);
    await world.runtime.clock.advance(1000);
    const stamps = [0, 1].map((n) => {
      const text = new TextDecoder().decode(world.runtime.fs.files().get(`/checkpoint/offsets/${n}`));
      return Number(/"batchTimestampMs":(\d+)/.exec(text)![1]);
    });
    expect(stamps[1]).toBeGreaterThanOrEqual(stamps[0]!);
    await query.stop();
    fired("C1");
  });

  test("without an interval polls idle sources every 10 ms, and says so when it was idle for 10 s", async () => {
    const world = new Harness();
    const idle: string[] = [];
    world.manager.addListener({ onQueryIdle: ({ timestamp }) => void idle.push(timestamp) });
    const query = await world.start({});
    expect(world.runtime.clock.nextWakeMs).toBe(null);
    await world.runtime.clock.advance(15);
    expect(query.status.message).toBe("Waiting for data to arrive");
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(10);
    expect(world.table.rows).toHaveLength(1);
    await world.runtime.clock.advance(10_100);
    expect(idle).toEqual(["1970-01-01T00:16:40.000Z", "1970-01-01T00:16:50.020Z"]);
    await query.stop();
  });

  test("sources that announce data are not polled and wake the query at once", async () => {
    const world = new Harness();
    const query = await world.start({ source: { notifies: true } });
    await world.runtime.clock.advance(1000);
    const passes = world.steps.length;
    await world.runtime.clock.advance(5000);
    expect(world.steps.length).toBe(passes);
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(0);
    expect(world.table.rows).toHaveLength(1);
    await query.stop();
  });
});

describe("available now", () => {
  test("honours limits, takes what was there at the start, and ends", async () => {
    const world = new Harness();
    world.topic.add(["a", 1], ["b", 2], ["c", 3]);
    const query = await world.run({
      source: { limit: { kind: "maxRows", rows: 2 } },
      onWrite: async (batch) => {
        if (batch.batchId === 0) world.topic.add(["late", 9]);
      },
    });
    expect(query.isActive).toBe(false);
    expect([...world.table.batches.values()].map((rows) => rows.length)).toEqual([2, 1]);
  });

  test("reads a source that knows no such end in one batch", async () => {
    const world = new Harness();
    world.topic.add(["a", 1], ["b", 2], ["c", 3]);
    await world.run({
      source: { availableNow: false, limit: { kind: "maxRows", rows: 2 } },
      onWrite: async () => world.topic.add(["late", 9]),
    });
    expect([...world.table.batches.values()].map((rows) => rows.length)).toEqual([3]);
  });

  test("runs batches without data until the watermark has closed what it can", async () => {
    const world = new Harness();
    world.topic.add(["a", 5], ["b", 100]);
    await world.run({ makePlan: () => windowedCountPlan({ mode: "append" }) });
    expect(world.table.rowsOf(0)).toEqual([]);
    expect(world.table.rowsOf(1)).toEqual(["60000000 a 1"]);
    expect(world.table.batches.size).toBe(2);
  });
});

describe("once", () => {
  test("runs one batch without limits, and none without data", async () => {
    const world = new Harness();
    world.topic.add(["a", 5], ["b", 100], ["c", 101]);
    const query = await world.start({
      trigger: { kind: "once" },
      source: { limit: { kind: "maxRows", rows: 1 } },
      makePlan: () => windowedCountPlan({ mode: "append" }),
    });
    await query.awaitTermination();
    expect(world.table.batches.size).toBe(1);
    expect(query.recentProgress).toHaveLength(1);
    expect(query.recentProgress[0]!.numInputRows).toBe(3);
    // The next run closes the window, since the watermark of the first has not been used yet.
    await world.run({ makePlan: () => windowedCountPlan({ mode: "append" }) });
    expect(world.table.rowsOf(1)).toEqual(["60000000 a 1"]);
  });
});

test("rows are late by the watermark of the batch before, and leave by that of their own batch", async () => {
  const world = new Harness();
  const plan = (): ReturnType<typeof windowedCountPlan> => windowedCountPlan({ mode: "update" });
  const conf = { "spark.sql.streaming.noDataMicroBatches.enabled": "false" };
  const batch = async (...rows: [string, number][]): Promise<string[]> => {
    world.topic.add(...rows);
    await world.run({ outputMode: "update", makePlan: plan, conf });
    return world.table.rowsOf(world.table.batches.size - 1);
  };
  expect(await batch(["a", 5], ["b", 100])).toEqual(["120000000 b 1", "60000000 a 1"]);
  // Watermark 90 s: the window that ends at 60 s leaves in this batch, but its rows are not late yet.
  expect(await batch(["a", 6])).toEqual(["60000000 a 2"]);
  expect(await batch(["a", 7])).toEqual([]);
});
