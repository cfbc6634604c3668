/**
 * Every file operation of a run of several batches is made to crash, to tear, to lose what was not synced, or to fail; the
 * query is started again until it ends, and the table must be the one of the run without a fault. A second fault hits the
 * recovery of some of them.
 */
import { expect, test } from "vitest";
import type { Fault } from "../runtime/simulated/index.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";
import type { BatchFile, SourceSplit } from "../sources/contract.ts";
import type { QueryPlan } from "./query-input.ts";
import {
  firstDistinctPlan,
  Harness,
  type Topic,
  TopicSource,
  userSessionsPlan,
  windowedCountPlan,
} from "./streaming.test-support.ts";

const conf = {
  "spark.sql.streaming.minBatchesToRetain": "2",
  "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
};
const rows: [string, number][] = [
  ["a", 5],
  ["b", 50],
  ["a", 75],
  ["b", 130],
  ["c", 10],
  ["a", 200],
  ["a", 200],
  ["b", 130],
  ["b", 290],
];

const plans: Readonly<Record<string, () => QueryPlan>> = {
  "a windowed count": () => windowedCountPlan({ mode: "append" }),
  "the first distinct events": () => firstDistinctPlan(6),
  "sessions of users": () => userSessionsPlan(1),
};

async function play(faults: readonly Fault[], makePlan: () => QueryPlan): Promise<Harness> {
  const world = new Harness();
  const left = [...faults];
  const failures: string[] = [];
  const rearm = (): void => {
    const next = left.shift();
    world.restart({ power: true, plan: next === undefined ? {} : { faults: [next] } });
  };
  world.topic.add(...rows);
  rearm();
  for (let attempt = 0; attempt < 10; attempt++) {
    const ended = await world
      .run({
        conf,
        source: { limit: { kind: "maxRows", rows: 2 } },
        makePlan,
      })
      .then(() => true)
      .catch((error: unknown) => {
        failures.push(String(error));
        return false;
      });
    if (ended) return world;
    rearm();
  }
  throw new Error(`the query does not come to its end after ${JSON.stringify(faults)}: ${failures.at(-1)}`);
}

const faults: readonly Fault["fault"][] = ["crashBefore", "crashAfter", "torn", "loseUnsynced", "ENOSPC", "EIO"];

test.each(Object.keys(plans))(
  "no fault of any file operation changes the result: %s",
  async (name) => {
    const makePlan = plans[name]!;
    const golden = await play([], makePlan);
    const expected = [...golden.table.batches];
    expect(expected.length).toBeGreaterThan(4);
    const operations = golden.runtime.fs.operationCount;
    const log = golden.runtime.fs.log;
    expect(log.some(({ path }) => path.endsWith(".snapshot"))).toBe(true);
    let runs = 0;
    for (let at = 0; at < operations; at++) {
      for (const fault of faults) {
        const second: Fault[] = runs % 2 === 0 ? [{ at: (runs * 7) % 50, fault: "crashAfter", survive: "none" }] : [];
        const world = await play([{ at, fault }, ...second], makePlan);
        runs++;
        expect([...world.table.batches], `${fault} at operation ${at}: ${log[at]!.operation} ${log[at]!.path}`).toEqual(
          expected,
        );
      }
    }
    expect(runs).toBe(operations * faults.length);
    const ofPath = (place: RegExp): number => faults.length * log.filter(({ path }) => place.test(path)).length;
    fired("A1", ofPath(/\/offsets\//));
    fired("A3", ofPath(/\/_metadata\//));
    fired("A5", ofPath(/\.delta/));
    fired("A9", ofPath(/\/commits\//));
    fired("A11", Math.floor(runs / 2));
    fired("A12", operations);
  },
  120_000,
);

/** Writes a file for each batch with a user named `c`, as a source does with bad records. */
class LetterSource extends TopicSource {
  readonly #topic: Topic;
  #range: readonly [number, number] = [0, 0];
  constructor(topic: Topic, rows: number) {
    super(topic, { limit: { kind: "maxRows", rows }, availableNow: true });
    this.#topic = topic;
  }
  override async plan(start: string | null, end: string): Promise<readonly SourceSplit[]> {
    this.#range = [Number(start), Number(end)];
    return super.plan(start, end);
  }
  takeBatchFiles(batchId: number): readonly BatchFile[] {
    const users = this.#topic.rows.slice(...this.#range).map(([user]) => user);
    const bytes = new TextEncoder().encode(users.filter((user) => user === "c").join());
    return bytes.length === 0 ? [] : [{ path: `/letters/${batchId}`, bytes }];
  }
}

test("a batch whose offsets are logged has the same rows again, though its sources would now give more", async () => {
  let restarts = 0;
  for (let at = 0; ; at++) {
    const world = new Harness();
    world.topic.add(...rows);
    const run = (limit: number): Promise<unknown> =>
      world.run({ conf, openSource: async () => new LetterSource(world.topic, limit) });
    world.restart({ power: true, plan: { faults: [{ at, fault: "loseUnsynced" }] } });
    const crashed = await run(5)
      .then(() => false)
      .catch(() => true);
    if (crashed) {
      world.restart({ power: true });
      const names = [...world.runtime.fs.files().keys()];
      if (names.includes("/checkpoint/offsets/0")) expect(names).toContain("/checkpoint/_engine/facts");
      await run(2);
      restarts++;
    }
    const place = `power lost at operation ${at}`;
    expect(world.table.rows, place).toEqual(rows.map(([user, seconds]) => `${user} ${seconds * 1_000_000}`));
    const letters = [...world.runtime.fs.files().keys()].filter((path) => path.startsWith("/letters/"));
    expect(letters, place).toHaveLength(1);
    if (!crashed) break;
  }
  expect(restarts).toBeGreaterThan(30);
});

test("what a run found but was not yet durable is durable before it is built on", async () => {
  const options = {
    conf,
    makePlan: () => windowedCountPlan({ mode: "append" }),
    source: { limit: { kind: "maxRows", rows: 4 } },
  } as const;
  const golden = new Harness();
  golden.topic.add(...rows);
  await golden.run(options);
  const named = golden.runtime.fs.log.filter(({ operation }) => operation === "syncDirectory");
  const metadata = (world: Harness): string[] =>
    [...world.runtime.fs.files().keys()].filter((path) => path.includes("/_metadata/"));
  for (const { index } of named) {
    for (let second = 1; second < 60; second += 2) {
      const world = new Harness();
      world.topic.add(...rows);
      world.restart({ power: true, plan: { faults: [{ at: index, fault: "crashBefore" }] } });
      await world.run(options).catch(() => undefined);
      world.restart({ survive: "all", plan: { faults: [{ at: second, fault: "loseUnsynced" }] } });
      await world.run(options).catch(() => undefined);
      world.restart({ power: true });
      const place = `crash at operation ${index}, power lost at operation ${second}`;
      const committed = [...world.runtime.fs.files().keys()].some((path) => path.includes("/commits/"));
      if (committed) expect(metadata(world), place).toEqual(metadata(golden));
      await world.run(options);
      expect([...world.table.batches], place).toEqual([...golden.table.batches]);
    }
  }
}, 60_000);
