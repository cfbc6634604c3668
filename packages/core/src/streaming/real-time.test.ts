import { describe, expect, test } from "vitest";
import type { Fault } from "../runtime/simulated/index.ts";
import { compilePlan } from "../execution/compile-plan.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import { leaseRenewalMs } from "./query-checkpoint.ts";
import type { QueryPlan } from "./query-input.ts";
import { eventSchema, Harness, type HarnessOptions, passThroughPlan } from "./streaming.test-support.ts";

const realTime = (durationMs = 60_000): HarnessOptions => ({
  trigger: { kind: "realTime", durationMs },
  outputMode: "update",
  source: { notifies: true },
});
const textOf = (world: Harness, name: string): string =>
  new TextDecoder().decode(world.runtime.fs.files().get(`/checkpoint/${name}`));
const has = (world: Harness, name: string): boolean => world.runtime.fs.files().has(`/checkpoint/${name}`);

/** The same as a real plan, with a watermark. */
function watermarkedPlan(): QueryPlan {
  const scan = passThroughPlan(1).physical;
  const input: PhysicalPlan = scan.kind === "Union" ? scan.inputs[0]! : scan;
  const physical: PhysicalPlan = {
    kind: "EventTimeWatermark",
    id: 5,
    schema: eventSchema,
    input,
    ordinal: 1,
    delayMicros: 10_000_000n,
    node: 0,
  };
  return { physical, compiled: compilePlan(physical, { timeZone: "UTC", ansi: true, codegen: true, bigint: false }) };
}

describe("a batch in real time", () => {
  test("gives rows out as they come, and writes where it is when it is over", async () => {
    const world = new Harness();
    const query = await world.start(realTime());
    await world.runtime.clock.advance(1000);
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(0);
    expect(world.table.live).toEqual(["a 1000000"]);
    world.topic.add(["b", 2], ["c", 3]);
    await world.runtime.clock.advance(0);
    expect(world.table.live).toEqual(["a 1000000", "b 2000000", "c 3000000"]);
    expect(has(world, "offsets/0")).toBe(false);
    expect(query.recentProgress).toEqual([]);
    await world.runtime.clock.advance(59_000);
    expect(world.table.live.at(-1)).toBe("end 0");
    expect(textOf(world, "offsets/0").split("\n")[2]).toBe("3");
    expect(has(world, "commits/0")).toBe(true);
    expect(query.recentProgress[0]).toMatchObject({
      batchId: 0,
      batchDuration: 60_000,
      numInputRows: 3,
      sources: [{ startOffset: 0, endOffset: 3 }],
      sink: { numOutputRows: 3 },
    });
    expect(world.sources[0]!.commits).toEqual(["3"]);
    world.topic.add(["d", 4]);
    await world.runtime.clock.advance(60_000);
    expect(world.table.live.slice(-2)).toEqual(["d 4000000", "end 1"]);
    await query.stop();
  });

  test("polls sources that do not announce rows", async () => {
    const world = new Harness();
    const query = await world.start({ ...realTime(), source: {} });
    await world.runtime.clock.advance(100);
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(10);
    expect(world.table.live).toEqual(["a 1000000"]);
    await query.stop();
  });

  test("without rows writes nothing and keeps its number; the lease is kept", async () => {
    const world = new Harness();
    const idle: string[] = [];
    world.manager.addListener({ onQueryIdle: ({ timestamp }) => void idle.push(timestamp) });
    const query = await world.start(realTime());
    await world.runtime.clock.advance(0);
    const leases = (): number => world.runtime.fs.log.filter(({ path }) => path.includes("/lease/")).length;
    const before = leases();
    await world.runtime.clock.advance(60_000);
    await world.runtime.clock.advance(leaseRenewalMs);
    expect(leases()).toBeGreaterThan(before);
    expect(has(world, "offsets/0")).toBe(false);
    expect(query.recentProgress).toEqual([]);
    expect(idle).toHaveLength(1);
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(60_000);
    expect(world.table.live).toEqual(["a 1000000", "end 0"]);
    await query.stop();
  });

  test("processAllAvailable and a draining stop end it early, with all that was there", async () => {
    const world = new Harness();
    const query = await world.start(realTime());
    await world.runtime.clock.advance(1000);
    world.topic.add(["a", 1]);
    await query.processAllAvailable();
    expect(world.table.live).toEqual(["a 1000000", "end 0"]);
    await query.processAllAvailable();
    expect(world.table.live).toHaveLength(2);
    await world.runtime.clock.advance(1000);
    world.topic.add(["b", 2]);
    await query.stop({ drain: true });
    expect(world.table.live.slice(2)).toEqual(["b 2000000", "end 1"]);
    expect(has(world, "commits/1")).toBe(true);
  });

  test("that is stopped brings its rows again on the next start, which may have another trigger", async () => {
    const world = new Harness();
    const query = await world.start(realTime());
    await world.runtime.clock.advance(0);
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(0);
    await query.stop();
    expect(query.exception).toBeNull();
    expect(world.table.live).toEqual(["a 1000000", "abort 0"]);
    expect(has(world, "offsets/0")).toBe(false);
    const again = await world.start(realTime());
    await again.processAllAvailable();
    await again.stop();
    expect(world.table.live.slice(2)).toEqual(["a 1000000", "end 0"]);
    world.topic.add(["b", 2]);
    await world.run({ outputMode: "update" });
    expect(world.table.rowsOf(1)).toEqual(["b 2000000"]);
  });

  test("in the offset log without a commit is run again alone, up to its end", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const failing = await world.start({
      ...realTime(),
      onStep: (step) => {
        if (step === "P10") throw new Error("boom");
      },
    });
    await world.runtime.clock.advance(60_000);
    await failing.awaitTermination().catch(() => undefined);
    expect([has(world, "offsets/0"), has(world, "commits/0")]).toEqual([true, false]);
    world.topic.add(["b", 2]);
    const query = await world.start(realTime());
    await world.runtime.clock.advance(0);
    expect(world.table.live).toEqual(["a 1000000", "end 0", "a 1000000", "end 0", "b 2000000"]);
    await query.stop();
  });

  test("shows its rows to changes() when it is committed", async () => {
    const world = new Harness();
    const query = await world.start(realTime());
    const changes = query.changes()[Symbol.asyncIterator]();
    await world.runtime.clock.advance(0);
    world.topic.add(["a", 1]);
    await world.runtime.clock.advance(0);
    world.topic.add(["b", 2]);
    await query.processAllAvailable();
    const { value } = await changes.next();
    expect([value.batchId, value.batches.length]).toEqual([0, 2]);
    await query.stop();
  });

  test("moves the watermark at its end, as progress says", async () => {
    const world = new Harness();
    const query = await world.start({ ...realTime(), makePlan: watermarkedPlan });
    await world.runtime.clock.advance(0);
    world.topic.add(["a", 100]);
    await world.runtime.clock.advance(0);
    world.topic.add(["b", 50]);
    await query.processAllAvailable();
    const { eventTime } = query.recentProgress[0]!;
    expect(eventTime).toMatchObject({ max: "1970-01-01T00:01:40.000Z", min: "1970-01-01T00:00:50.000Z" });
    expect(textOf(world, "commits/0")).toContain('"nextBatchWatermarkMs":90000');
    await query.stop();
  });

  test("fails with the batch, the offsets and the cause", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const query = await world.start({
      ...realTime(),
      makePlan: () => ({
        ...passThroughPlan(1),
        compiled: {
          ...passThroughPlan(1).compiled,
          execute: async () => {
            throw new Error("boom");
          },
        },
      }),
    });
    const failure = await query.awaitTermination().catch((error: unknown) => error);
    expect(failure).toMatchObject({ errorClass: "STREAM_FAILED", cause: { message: "boom" } });
    expect(String(failure)).toContain("TopicSource[events0] from 0 to 1");
  });
});

test("sources and sinks that cannot do it are refused before anything of a batch is written", async () => {
  const world = new Harness();
  world.topic.add(["a", 1]);
  const whole = {
    description: "WholeBatchSink",
    guarantee: "at-least-once" as const,
    write: () => Promise.reject(new Error("not called")),
    close: async () => undefined,
  };
  await expect(world.start({ ...realTime(), openSink: async () => whole })).rejects.toMatchObject({
    errorClass: "STREAMING_REAL_TIME_MODE.SINK_NOT_SUPPORTED",
    message: expect.stringContaining("The WholeBatchSink sink is currently not supported"),
  });
  const unable = {
    description: "UnableSource",
    guarantee: "none" as const,
    filtered: false,
    defaultLimit: { kind: "all" as const },
    initialOffset: () => Promise.reject(new Error("not called")),
    latestOffset: async () => null,
    reportLatestOffset: async () => null,
    plan: async () => [],
    async *read() {},
    commit: async () => undefined,
    close: async () => undefined,
  };
  await expect(world.start({ ...realTime(), openSource: async () => unable })).rejects.toMatchObject({
    errorClass: "STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED",
    message: expect.stringContaining("The input stream UnableSource is not supported"),
  });
  expect(has(world, "offsets/0")).toBe(false);
});

/** Rows in three portions; each portion is a batch of its own. Ends when everything is committed. */
async function play(faults: readonly Fault[]): Promise<Harness> {
  const world = new Harness();
  const left = [...faults];
  const arm = (): void => {
    const next = left.shift();
    world.restart({ power: true, plan: next === undefined ? {} : { faults: [next] } });
  };
  world.topic.add(["a", 1], ["b", 2]);
  arm();
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      const query = await world.start(realTime());
      while (world.topic.rows.length < 6) {
        await query.processAllAvailable();
        const number = world.topic.rows.length;
        world.topic.add([`c${number}`, 3], [`d${number}`, 4]);
      }
      await query.processAllAvailable();
      await query.stop();
      return world;
    } catch {
      arm();
    }
  }
  throw new Error(`the query does not come to its end after ${JSON.stringify(faults)}`);
}

test("no fault of any file operation loses a row, and one that comes again comes in order since the last committed batch", async () => {
  const golden = await play([]);
  const rows = golden.table.live.filter((line) => !/^(end|abort)/.test(line));
  expect(golden.table.live.filter((line) => line.startsWith("end"))).toEqual(["end 0", "end 1", "end 2"]);
  expect(rows).toHaveLength(6);
  const operations = golden.runtime.fs.operationCount;
  for (let at = 0; at < operations; at++) {
    for (const fault of ["crashBefore", "crashAfter", "torn", "loseUnsynced", "ENOSPC", "EIO"] as const) {
      const world = await play([{ at, fault }]);
      const seen = world.table.live.filter((line) => !/^(end|abort)/.test(line));
      expect(new Set(seen), `${fault} at ${at}`).toEqual(new Set(rows));
      const newest = [4, 3, 2, 1, 0].find((batchId) => has(world, `commits/${batchId}`));
      expect(textOf(world, `offsets/${newest}`).split("\n")[2]).toBe("6");
      // Whatever comes again continues where a committed batch ended.
      let next = 0;
      for (const row of seen) {
        const index = world.topic.rows.findIndex(([user, s]) => `${user} ${s * 1e6}` === row);
        expect(index).toBeLessThanOrEqual(next);
        next = Math.max(next, index + 1);
      }
    }
  }
}, 60_000);
