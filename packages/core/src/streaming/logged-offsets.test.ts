/** The offsets of a batch are logged beside its computation: what waits for them, and what becomes of it when they fail. */
import { expect, test } from "vitest";
import { FileSystemError } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { withApply, writesOffsets } from "../runtime/simulated/index.ts";
import type { StreamingQueryHandle } from "./contract.ts";
import { Harness, type HarnessOptions, TopicSource, windowedCountPlan } from "./streaming.test-support.ts";

const rows: [string, number][] = [
  ["a", 5],
  ["b", 50],
  ["a", 75],
  ["b", 130],
  ["c", 200],
  ["a", 290],
];

/** A disk that is slow with one thing: a program that writes offsets runs when it is let go. */
class SlowOffsets {
  readonly runtime: Runtime;
  #held: { readonly write: () => void; readonly fail: () => void } | null = null;

  constructor(world: Harness) {
    this.runtime = withApply(world.runtime, async (program, own) => {
      if (writesOffsets(program)) await this.#hold();
      await own(program);
    });
  }
  #hold(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new FileSystemError("EIO", "write", "/checkpoint/offsets"));
      this.#held = { write: () => resolve(), fail };
    });
  }
  get holds(): boolean {
    return this.#held !== null;
  }
  letGo(how: "write" | "fail"): void {
    const held = this.#held;
    this.#held = null;
    held?.[how]();
  }
}

interface World {
  readonly world: Harness;
  readonly slow: SlowOffsets;
  readonly query: StreamingQueryHandle;
  /** Lets time pass, less than a failed batch waits for what it left unfinished. */
  settle(): Promise<void>;
  /** Files of the checkpoint, without those that say who runs. */
  files(): string[];
  steps(batchId: number): string[];
}

async function start(options: HarnessOptions = {}): Promise<World> {
  const world = new Harness();
  world.topic.add(...rows);
  const slow = new SlowOffsets(world);
  const query = await world.start({
    runtime: slow.runtime,
    trigger: { kind: "availableNow" },
    source: { limit: { kind: "maxRows", rows: 2 }, availableNow: true },
    makePlan: () => windowedCountPlan({ mode: "append" }),
    ...options,
  });
  const settle = (): Promise<void> => world.runtime.clock.advance(100);
  await settle();
  return {
    world,
    slow,
    query,
    settle,
    files: () => [...world.runtime.fs.files().keys()].filter((path) => /\/(offsets|commits|state)\//.test(path)).sort(),
    steps: (batchId) => world.steps.filter((step) => step.endsWith(`:${batchId}`)).map((step) => step.split(":")[0]!),
  };
}

test("the first batch writes nothing before its offsets, a later one computes and then waits for them", async () => {
  const { world, slow, query, settle, files, steps } = await start();
  expect(slow.holds).toBe(true);
  expect(files()).toEqual([]);
  expect(steps(0)).toEqual(["P0", "P1", "P2"]);
  slow.letGo("write");
  await settle();
  expect(steps(0).slice(-2)).toEqual(["P10", "P11"]);
  for (let batchId = 1; slow.holds; batchId++) {
    const before = files();
    expect(steps(batchId)).toEqual(["P0", "P1", "P2", "P5", "P6"]);
    expect(before.filter((path) => /\/(offsets|commits)\//.test(path) && path.endsWith(`/${batchId}`))).toEqual([]);
    expect(before.filter((path) => path.endsWith(`/${batchId + 1}.delta`))).toEqual([]);
    expect([...world.table.batches.keys()]).toEqual(Array.from({ length: batchId }, (_, i) => i));
    await settle();
    expect(files()).toEqual(before);
    slow.letGo("write");
    await settle();
  }
  await query.awaitTermination();
  expect(world.table.rowsOf(2)).not.toEqual([]);
});

test("when the offsets cannot be written nothing of the batch stays, and the next run makes another one", async () => {
  const { world, slow, query, settle, files } = await start();
  slow.letGo("write");
  await settle();
  const before = files();
  expect(world.steps).toContain("P6:1");
  slow.letGo("fail");
  await expect(query.awaitTermination()).rejects.toMatchObject({ cause: { errorClass: "CHECKPOINT_WRITE_FAILED" } });
  expect(files()).toEqual(before);
  expect(world.steps).not.toContain("P7:1");
  expect([...world.table.batches.keys()]).toEqual([0]);
  expect(world.sinks[0]!.aborted).toBe(1);
  world.restart({ power: true });
  const makePlan = (): ReturnType<typeof windowedCountPlan> => windowedCountPlan({ mode: "append" });
  await world.run({ makePlan, source: { limit: { kind: "maxRows", rows: 4 } } });
  const whole = new Harness();
  whole.topic.add(...rows);
  await whole.run({ makePlan });
  expect(world.table.rows).toEqual(whole.table.rows);
});

test("a batch that fails ends when its offsets have been written, so that no write comes after the end", async () => {
  const { world, slow, query, settle } = await start({
    onWrite: async (batch) => {
      if (batch.batchId === 1) throw new Error("no room in the table");
    },
  });
  slow.letGo("write");
  await settle();
  expect(slow.holds).toBe(true);
  expect(query.isActive).toBe(true);
  slow.letGo("write");
  await expect(query.awaitTermination()).rejects.toThrow("no room in the table");
  expect(world.runtime.fs.files().has("/checkpoint/offsets/1")).toBe(true);
});

test("a source that cannot forget ends the query, before the batch is durable", async () => {
  const world = new Harness();
  world.topic.add(...rows);
  class Unforgetting extends TopicSource {
    override async commit(): Promise<void> {
      throw new Error("the source is read-only");
    }
  }
  const options = { limit: { kind: "maxRows", rows: 2 }, availableNow: true } as const;
  const query = world.run({ openSource: async () => new Unforgetting(world.topic, options) });
  await expect(query).rejects.toThrow("the source is read-only");
  expect([...world.table.batches.keys()]).toEqual([0]);
});
