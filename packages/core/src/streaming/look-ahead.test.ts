import { expect, test } from "vitest";
import { type Harness as World, Harness, TopicSource, type Topic } from "./streaming.test-support.ts";

const limited = { limit: { kind: "maxRows", rows: 2 }, availableNow: true } as const;

function worldOf(rows: number): World {
  const world = new Harness();
  for (let i = 0; i < rows; i++) world.topic.add([`u${i}`, i]);
  return world;
}
const stepsFrom = (world: World, first: string, last: string): string[] =>
  world.steps.slice(world.steps.indexOf(first), world.steps.indexOf(last) + 1);

test("in a backlog the next batch is chosen while this one commits, and logged only when it has", async () => {
  const world = worldOf(5);
  await world.run({ source: limited });
  for (const [batchId, next] of [
    [0, 1],
    [1, 2],
  ] as const) {
    const steps = stepsFrom(world, `P6:${batchId}`, `P2:${next}`);
    expect(steps.indexOf(`P0:${next}`)).toBeLessThan(steps.indexOf(`P10:${batchId}`));
    expect(steps.indexOf(`P0:${next}`)).toBeGreaterThan(steps.indexOf(`P6:${batchId}`));
    expect(steps.indexOf(`P11:${batchId}`)).toBeLessThan(steps.indexOf(`P2:${next}`));
  }
  // After the last batch nothing was left behind.
  expect(world.steps.indexOf("P0:3")).toBeGreaterThan(world.steps.indexOf("P11:2"));
  expect(world.table.rows).toEqual(["u0 0", "u1 1000000", "u2 2000000", "u3 3000000", "u4 4000000"]);
});

test("progress counts the rows of its own batch", async () => {
  const world = worldOf(5);
  const query = await world.run({ source: limited });
  expect(query.recentProgress.map(({ batchId, numInputRows }) => [batchId, numInputRows])).toEqual([
    [0, 2],
    [1, 2],
    [2, 1],
  ]);
  expect(query.recentProgress.map(({ sources }) => [sources[0]!.startOffset, sources[0]!.endOffset])).toEqual([
    [0, 2],
    [2, 4],
    [4, 5],
  ]);
});

test.each([
  ["an interval, since more rows may come before its tick", { kind: "processingTime", intervalMs: 1000 }],
  ["one batch", { kind: "once" }],
] as const)("nothing is chosen ahead with a trigger for %s", async (_, trigger) => {
  const world = worldOf(4);
  const query = await world.start({ trigger, source: { limit: limited.limit } });
  await world.runtime.clock.advance(50);
  expect(world.steps).toContain("P11:0");
  expect(world.steps).not.toContain("P0:1");
  await query.stop();
});

test("a query that stops after a batch gives up what was chosen, and the next run reads it", async () => {
  const world = worldOf(6);
  const query = await world.start({
    trigger: { kind: "availableNow" },
    source: limited,
    onStep: (step, batchId) => {
      world.steps.push(`${step}:${batchId}`);
      if (step === "P1" && batchId === 1) void query.stop({ drain: true });
    },
  });
  await query.awaitTermination();
  expect(world.steps).toContain("P1:1");
  expect(world.steps).not.toContain("P2:1");
  expect([...world.table.batches.keys()]).toEqual([0]);
  expect(world.sources.map((source) => source.closed)).toEqual([1]);
  world.restart();
  await world.run({ source: limited });
  expect(world.table.rows).toHaveLength(6);
});

test("what fails while the next batch is chosen fails that batch, not the one that commits", async () => {
  const world = worldOf(4);
  class Failing extends TopicSource {
    override async latestOffset(...[start, limit]: Parameters<TopicSource["latestOffset"]>): Promise<string | null> {
      if (start === "2") throw new Error("the source is gone");
      return super.latestOffset(start, limit);
    }
  }
  const openSource = async (): Promise<TopicSource> => new Failing(world.topics[0] as Topic, limited);
  await expect(world.run({ openSource })).rejects.toThrow("the source is gone");
  expect(world.runtime.fs.files().has("/checkpoint/commits/0")).toBe(true);
  expect(world.runtime.fs.files().has("/checkpoint/offsets/1")).toBe(false);
  world.restart();
  await world.run({ source: limited });
  expect(world.table.rows).toHaveLength(4);
});

test("a batch that fails while it commits takes what was chosen with it", async () => {
  const world = worldOf(4);
  const failing = world.run({
    source: limited,
    onStep: (step, batchId) => {
      if (step === "P10" && batchId === 0) throw new Error("no more");
    },
  });
  await expect(failing).rejects.toThrow("no more");
  expect(world.sources.map((source) => source.closed)).toEqual([1]);
  world.restart();
  await world.run({ source: limited });
  expect(world.table.rows).toHaveLength(4);
});
