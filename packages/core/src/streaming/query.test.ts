import { describe, expect, test } from "vitest";
import { FileSystemError } from "../runtime/file-system.ts";
import { withApply } from "../runtime/simulated/index.ts";
import { acquireLease } from "../checkpoint/lease.ts";
import type { StreamingQueryHandle } from "./contract.ts";
import { leaseRenewalMs } from "./query-checkpoint.ts";
import { Harness, Topic, windowedCountPlan } from "./streaming.test-support.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";

const never = (): Promise<void> => new Promise(() => undefined);

describe("stopping", () => {
  test("aborts a batch whose sink never returns; the batch is repeated on the next start", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const query = await world.start({ onWrite: never });
    await world.runtime.clock.advance(100);
    expect(query.status).toMatchObject({
      message: "Processing new data",
      isTriggerActive: true,
      isDataAvailable: true,
    });
    const stopping = query.stop();
    await world.runtime.clock.advance(1000);
    await stopping;
    expect(query.isActive).toBe(false);
    expect(query.exception).toBeNull();
    expect(world.table.rows).toEqual([]);
    expect([world.sources[0]!.closed, world.sinks[0]!.closed]).toEqual([1, 1]);
    await world.run();
    expect(world.table.rows).toEqual(["a 1000000"]);
    expect(world.steps.filter((step) => step === "P3:0")).toHaveLength(1);
    fired("F2");
  });

  test("gracefully lets the running batch commit, and starts no other", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const query = await world.start({ onWrite: () => world.runtime.clock.sleep(300) });
    await world.runtime.clock.advance(100);
    world.topic.add(["b", 2]);
    const stopping = query.stop({ drain: true });
    await world.runtime.clock.advance(1000);
    await stopping;
    expect(world.table.rows).toEqual(["a 1000000"]);
    expect(world.runtime.fs.files().has("/checkpoint/commits/0")).toBe(true);
  });

  test("an abort signal stops; stopping twice is fine; a stopped query awaits nothing", async () => {
    const world = new Harness();
    const controller = new AbortController();
    const query = await world.start({ signal: controller.signal });
    await world.runtime.clock.advance(50);
    expect(await Promise.race([query.awaitTermination(100), world.runtime.clock.advance(200).then(() => "late")])).toBe(
      false,
    );
    controller.abort();
    await query.stop();
    await query.stop();
    expect(await query.awaitTermination()).toBe(true);
    await query.processAllAvailable();
  });
});

describe("failing", () => {
  test("a user's error ends the query as STREAM_FAILED with offsets and cause, everything is closed, and a restart repeats the batch", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const events: string[] = [];
    world.manager.addListener({
      onQueryTerminated: (event) => void events.push(`${event.exception !== null} ${event.errorClassOnException}`),
    });
    const query = await world.start({
      onWrite: async () => {
        throw new Error("boom");
      },
    });
    const cause = await query.awaitTermination().catch((error: unknown) => error);
    expect(cause).toBe(query.exception);
    expect(query.exception).toMatchObject({ errorClass: "STREAM_FAILED", cause: { message: "boom" } });
    expect(query.exception!.message).toContain("boom");
    expect(query.exception!.message).toContain("TopicSource[events0] from 0 to 1");
    expect(query.exception!.message).not.toContain(" at ");
    await expect(query.processAllAvailable()).rejects.toBe(query.exception);
    await expect(world.manager.awaitAnyTermination()).rejects.toBe(query.exception);
    world.manager.resetTerminated();
    expect(
      await Promise.race([world.manager.awaitAnyTermination(10), world.runtime.clock.advance(20).then(() => null)]),
    ).toBe(false);
    expect(events).toEqual(["true STREAM_FAILED"]);
    expect([world.sources[0]!.closed, world.sinks[0]!.closed]).toEqual([1, 1]);
    await world.run();
    expect(world.table.rows).toEqual(["a 1000000"]);
    fired("F1");
  });

  test("a full disk is a named error, leaves no temporary file, and the query goes on when there is room", async () => {
    const world = new Harness();
    world.topic.add(["a", 5], ["b", 100]);
    const plan = { makePlan: () => windowedCountPlan({ mode: "append" }) };
    let at = -1;
    await world.run({
      ...plan,
      onStep: (step) => void (step === "P7" && at < 0 && (at = world.runtime.fs.operationCount)),
    });
    const full = new Harness();
    full.topic.add(["a", 5], ["b", 100]);
    full.restart({ plan: { faults: [{ at: at + 1, fault: "ENOSPC" }] } });
    const error: unknown = await full.run(plan).catch((e: unknown) => e);
    expect(error).toMatchObject({ errorClass: "STREAM_FAILED", cause: { errorClass: "CHECKPOINT_WRITE_FAILED" } });
    expect([...full.runtime.fs.files().keys()].filter((path) => path.endsWith(".tmp"))).toEqual([]);
    await full.run(plan);
    expect([...full.table.batches]).toEqual([...world.table.batches]);
  });

  test("a checkpoint that is deleted under a running query fails it, and is not made anew", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const query = await world.start({});
    await world.runtime.clock.advance(20);
    await world.runtime.fs.apply([{ op: "removeTree", path: "/checkpoint" }]);
    world.topic.add(["b", 2]);
    await world.runtime.clock.advance(20);
    expect(query.exception).toMatchObject({
      errorClass: "STREAM_FAILED",
      cause: { errorClass: "CHECKPOINT_WRITE_FAILED" },
    });
    expect(await world.runtime.fs.stat("/checkpoint/metadata")).toBeNull();
    expect(world.table.rows).toEqual(["a 1000000"]);
    fired("B14");
  });
});

describe("two runs on one checkpoint", () => {
  test("in one session the new one stops the old one", async () => {
    const world = new Harness();
    const first = await world.start({});
    const second = await world.start({});
    expect([first.isActive, second.isActive]).toEqual([false, true]);
    expect(second.id).toBe(first.id);
    expect(world.manager.active).toEqual([second]);
    expect(world.manager.get(first.id)).toBe(second);
    await second.stop();
    fired("E9");
  });

  test("or is refused, when the session says so, and when both start at the same time", async () => {
    const world = new Harness();
    const first = await world.start({});
    const conf = { "spark.sql.streaming.stopActiveRunOnRestart": "false" };
    await expect(world.start({ conf })).rejects.toMatchObject({ errorClass: "CONCURRENT_QUERY.SAME_SESSION" });
    await first.stop();
    const both = await Promise.allSettled([world.start({}), world.start({})]);
    expect(both.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    for (const result of both) if (result.status === "fulfilled") await result.value.stop();
  });

  test("another process is refused while the first lives, and takes over when it is dead", async () => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const first = await world.start({});
    await world.runtime.clock.advance(20);
    const here = world.runtime;
    const there = here.anotherProcess();
    world.manager = world.newManager();
    await expect(world.start({ runtime: there })).rejects.toMatchObject({
      errorClass: "CONCURRENT_QUERY.OTHER_PROCESS",
    });
    here.process.die();
    world.runtime = there;
    const second = await world.start({});
    world.topic.add(["b", 2]);
    await there.clock.advance(50);
    // The zombie's next batch meets the newer epoch and ends it before anything of the batch happens.
    expect(first.exception).toMatchObject({ cause: { errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" } });
    expect(second.isActive).toBe(true);
    expect(world.table.rows).toEqual(["a 1000000", "b 2000000"]);
    await second.stop();
    fired("E10");
  });

  test.each(["P2", "P9"] as const)("a run that has lost the checkpoint before %s logs nothing more", async (at) => {
    const world = new Harness();
    world.topic.add(["a", 1]);
    const here = world.runtime;
    const owner = { clock: here.clock, process: here.anotherProcess().process };
    const files = { fs: here.fs, random: here.random, durability: "fsync" as const };
    const run = world.run({
      onStep: async (step) => {
        if (step !== at) return;
        here.process.die();
        await acquireLease(files, owner, "/checkpoint");
      },
    });
    await expect(run).rejects.toMatchObject({ cause: { errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" } });
    const logged = [...here.fs.files().keys()].filter((path) => /\/(offsets|commits)\/\d+$/.test(path));
    expect(logged).toEqual(at === "P2" ? [] : ["/checkpoint/offsets/0"]);
  });

  test("an idle run that has lost the checkpoint ends with its next renewal", async () => {
    const world = new Harness();
    const here = world.runtime;
    const query = await world.start({});
    await here.clock.advance(2 * leaseRenewalMs);
    expect(query.isActive).toBe(true);
    here.process.die();
    const files = { fs: here.fs, random: here.random, durability: "fsync" as const };
    await acquireLease(files, { clock: here.clock, process: here.anotherProcess().process }, "/checkpoint");
    await here.clock.advance(leaseRenewalMs + 1000);
    expect(query.exception).toMatchObject({ cause: { errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" } });
    fired("G4");
  });

  test("a name is used once", async () => {
    const world = new Harness();
    const first = await world.start({ name: "q" });
    await expect(world.start({ name: "q", checkpointPath: "/other" })).rejects.toMatchObject({
      errorClass: "STREAMING_QUERY_NAME_IN_USE",
    });
    await first.stop();
    const again = await world.start({ name: "q", checkpointPath: "/other" });
    expect(again.name).toBe("q");
    await again.stop();
  });
});

describe("a checkpoint of something else", () => {
  const started = async (): Promise<Harness> => {
    const world = new Harness();
    world.topic.add(["a", 5], ["b", 100]);
    await world.run({ makePlan: () => windowedCountPlan({ mode: "append" }) });
    return world;
  };
  test("is refused before anything is written: sources, mode, operators, an older copy, missing files", async () => {
    const world = await started();
    const before = [...world.runtime.fs.files().keys()].filter((path) => !path.includes("/lease/"));
    const append = { makePlan: () => windowedCountPlan({ mode: "append" as const }) };
    const refused = async (errorClass: string, attempt: () => Promise<StreamingQueryHandle>): Promise<void> => {
      await expect(attempt()).rejects.toMatchObject({ errorClass });
      expect([...world.runtime.fs.files().keys()].filter((path) => !path.includes("/lease/"))).toEqual(before);
    };
    await refused("CHECKPOINT_SOURCE_COUNT_CHANGED", () =>
      world.start({
        topics: [world.topic, new Topic()],
        makePlan: () => windowedCountPlan({ mode: "append", delays: [10, 10] }),
      }),
    );
    await refused("CHECKPOINT_OUTPUT_MODE_CHANGED", () =>
      world.start({ outputMode: "update", makePlan: () => windowedCountPlan({ mode: "update" }) }),
    );
    await refused("STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA", () => world.start({}));
    const input = world.input(append);
    await refused("CHECKPOINT_SOURCE_CHANGED", () =>
      world.manager.start({ ...input, sources: [{ ...input.sources[0]!, format: "other" }] }),
    );
    const last = Math.max(...world.table.batches.keys());
    world.table.batches.set(last + 2, []);
    await refused("CHECKPOINT_BEHIND_SINK", () => world.start(append));
    world.table.batches.delete(last + 2);
    await world.runtime.fs.apply([{ op: "remove", path: "/checkpoint/offsets/0" }]);
    await expect(world.start(append)).rejects.toMatchObject({ errorClass: "CHECKPOINT_BATCHES_MISSING" });
    await world.runtime.fs.apply([{ op: "remove", path: "/checkpoint/metadata" }]);
    await expect(world.start(append)).rejects.toMatchObject({ errorClass: "CHECKPOINT_METADATA_MISSING" });
    fired("B16");
    fired("E1");
    fired("E2");
  });

  test("settings of the first batch win over the session's, with a warning", async () => {
    const world = new Harness();
    world.topic.add(["a", 5], ["b", 100]);
    const seen: number[] = [];
    const run = (partitions: string): Promise<unknown> =>
      world.run({
        conf: { "spark.sql.shuffle.partitions": partitions },
        plan: (settings) => {
          seen.push(settings.shufflePartitions);
          return windowedCountPlan({ mode: "append", partitions: settings.shufflePartitions });
        },
      });
    await run("3");
    world.restart();
    await run("5");
    expect(seen).toEqual([3, 3]);
    expect(world.runtime.process.logged.map((line) => line.message).join()).toContain(
      "spark.sql.shuffle.partitions = 3",
    );
    fired("E6");
  });
});

test("a temporary checkpoint is removed after a clean end, and stays after a failure", async () => {
  const world = new Harness();
  world.topic.add(["a", 1]);
  await world.run({ checkpointPath: null });
  expect([...world.runtime.fs.files().keys()]).toEqual([]);
  world.table.batches.clear();
  const failing = async (): Promise<void> => {
    throw new Error("boom");
  };
  await expect(world.run({ checkpointPath: null, onWrite: failing })).rejects.toThrow("boom");
  expect([...world.runtime.fs.files().keys()].length).toBeGreaterThan(0);
});

describe("changes", () => {
  test("hands out committed batches, holds the query for a slow reader, and ends with the query", async () => {
    const world = new Harness();
    const query = await world.start({ source: { limit: { kind: "maxRows", rows: 1 } } });
    await world.runtime.clock.advance(20);
    const changes = query.changes();
    for (let i = 0; i < 20; i++) world.topic.add([`u${i}`, i]);
    await world.runtime.clock.advance(500);
    // Four wait in the queue; the loop waits after the fourth.
    expect(world.table.batches.size).toBe(4);
    const ids: number[] = [];
    for await (const batch of changes) {
      ids.push(batch.batchId);
      expect(world.runtime.fs.files().has(`/checkpoint/commits/${batch.batchId}`)).toBe(true);
      await world.runtime.clock.advance(50);
      if (ids.length === 20) void query.stop();
    }
    expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => i));
    fired("G3");
  });

  test("a reader that leaves holds nothing up; a failure reaches the readers", async () => {
    const world = new Harness();
    let fail = false;
    const query = await world.start({
      source: { limit: { kind: "maxRows", rows: 1 } },
      onWrite: async () => {
        if (fail) throw new Error("boom");
      },
    });
    await world.runtime.clock.advance(20);
    for (let i = 0; i < 10; i++) world.topic.add([`u${i}`, i]);
    const left = query.changes()[Symbol.asyncIterator]();
    await world.runtime.clock.advance(100);
    await left.return!();
    await world.runtime.clock.advance(100);
    expect(world.table.batches.size).toBe(10);
    const reader = query.changes()[Symbol.asyncIterator]();
    const next = reader.next();
    fail = true;
    world.topic.add(["x", 1]);
    await world.runtime.clock.advance(100);
    await expect(next).rejects.toBe(query.exception);
  });
});

test("whoever awaited the start sees the first batch, also one that is repeated", async () => {
  const world = new Harness();
  world.topic.add(["a", 1]);
  const failing = async (): Promise<void> => {
    throw new Error("boom");
  };
  await expect(world.run({ onWrite: failing })).rejects.toThrow("boom");
  const query = await world.start({ trigger: { kind: "availableNow" } });
  const seen: number[] = [];
  for await (const { batchId, batches } of query.changes()) seen.push(batchId, batches[0]!.length);
  expect(seen).toEqual([0, 1]);
});

test("processAllAvailable resolves when everything that was there is committed", async () => {
  const world = new Harness();
  const query = await world.start({ source: { limit: { kind: "maxRows", rows: 1 }, notifies: true } });
  await world.runtime.clock.advance(1000);
  world.topic.add(["a", 1], ["b", 2], ["c", 3]);
  await query.processAllAvailable();
  expect(world.table.batches.size).toBe(3);
  await query.stop();
});

test("listeners hear started, progress and terminated in order; theirs errors and slowness stay with them", async () => {
  const world = new Harness();
  const heard: string[] = [];
  const slow: string[] = [];
  world.manager.addListener({
    onQueryStarted: () => {
      throw new Error("listener bug");
    },
    onQueryProgress: () => Promise.reject(new Error("async listener bug")) as unknown as void,
  });
  world.manager.addListener({
    onQueryStarted: ({ name }) => void heard.push(`started ${name}`),
    onQueryProgress: ({ progress }) => void heard.push(`progress ${progress.batchId}`),
    onQueryTerminated: ({ exception }) => void heard.push(`terminated ${exception}`),
  });
  world.manager.addListener({
    onQueryProgress: (async () => {
      await world.runtime.clock.sleep(1000);
      slow.push("progress");
    }) as () => void,
    onQueryTerminated: () => void slow.push("terminated"),
  });
  world.topic.add(["a", 1]);
  const starting = world.start({ name: "q", trigger: { kind: "once" } });
  const query = await starting;
  expect(heard).toEqual(["started q"]);
  await query.awaitTermination();
  expect(heard).toEqual(["started q", "progress 0", "terminated null"]);
  expect(slow).toEqual([]);
  await world.runtime.clock.advance(2000);
  expect(slow).toEqual(["progress", "terminated"]);
  expect(world.runtime.process.logged.filter((l) => l.message.includes("listener bug"))).toHaveLength(2);
  fired("G6");
});

test("sources are told what is committed, and logs stay within the retention", async () => {
  const world = new Harness();
  const conf = { "spark.sql.streaming.minBatchesToRetain": "5", "spark.sql.streaming.numRecentProgressUpdates": "3" };
  for (let i = 0; i < 60; i++) world.topic.add([`u${i % 3}`, i * 30]);
  const query = await world.run({
    conf,
    source: { limit: { kind: "maxRows", rows: 1 } },
    makePlan: () => windowedCountPlan({ mode: "update" }),
    outputMode: "update",
  });
  expect(query.recentProgress).toHaveLength(3);
  const last = query.recentProgress.at(-1)!.batchId;
  const names = (folder: string): number[] =>
    [...world.runtime.fs.files().keys()]
      .filter((path) => path.startsWith(`/checkpoint/${folder}/`))
      .map((path) => Number(path.split("/").at(-1)))
      .sort((a, b) => a - b);
  expect(names("offsets")).toEqual(Array.from({ length: 6 }, (_, i) => last - 5 + i));
  expect(names("commits")).toEqual(names("offsets"));
  const states = [...world.runtime.fs.files().keys()].filter((path) => path.startsWith("/checkpoint/state/0/0/"));
  expect(states.length).toBeLessThan(30);
  expect(world.sources[0]!.commits.at(-1)).toBe("60");
});

test("what could not be removed from the logs goes with the next purge, so that no entry is left behind a hole", async () => {
  const world = new Harness();
  for (let i = 0; i < 20; i++) world.topic.add([`u${i % 3}`, i * 30]);
  let purges = 0;
  const runtime = withApply(world.runtime, async (program, own) => {
    const isPurge = program.some((each) => each.op === "remove" && /\/commits\/\d+$/.test(each.path));
    if (isPurge && purges++ === 0) throw new FileSystemError("EIO", "remove", "/checkpoint/commits/0");
    await own(program);
  });
  const conf = { "spark.sql.streaming.minBatchesToRetain": "5" };
  await world.run({ runtime, conf, source: { limit: { kind: "maxRows", rows: 1 } } });
  expect(purges).toBeGreaterThan(1);
  const left = [...world.runtime.fs.files().keys()].filter((path) => /\/(commits|offsets)\/\d+$/.test(path));
  const kept = (folder: string): string[] => [14, 15, 16, 17, 18, 19].map((id) => `/checkpoint/${folder}/${id}`);
  expect(left.sort()).toEqual([...kept("commits"), ...kept("offsets")]);
});

test("a batch costs the same after 2,000 batches: no listing, as many reads and writes as at the start", async () => {
  const world = new Harness();
  for (let i = 0; i < 2000; i++) world.topic.add([`u${i % 3}`, i]);
  const cost: { reads: number; writes: number }[] = [];
  const batch = (): { reads: number; writes: number } => ({
    reads: world.runtime.fs.readCount,
    writes: world.runtime.fs.operationCount,
  });
  await world.run({
    conf: { "spark.sql.streaming.minBatchesToRetain": "10" },
    source: { limit: { kind: "maxRows", rows: 1 } },
    onStep: (step) => void (step === "P10" && cost.push(batch())),
  });
  const spent = (from: number, to: number): unknown => ({
    reads: (cost[to]!.reads - cost[from]!.reads) / (to - from),
    writes: (cost[to]!.writes - cost[from]!.writes) / (to - from),
  });
  expect(spent(1899, 1999)).toEqual(spent(99, 199));
  fired("G7");
});
