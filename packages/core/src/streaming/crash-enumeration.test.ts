/**
 * Every file operation of a run of several batches is made to crash, to tear, to lose what was not synced, or to fail; the
 * query is started again until it ends, and the table must be the one of the run without a fault. A second fault hits the
 * recovery of some of them.
 */
import { expect, test } from "vitest";
import type { Fault } from "../runtime/simulated/index.ts";
import { Harness, windowedCountPlan } from "./streaming.test-support.ts";

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
  ["b", 290],
];

async function play(faults: readonly Fault[]): Promise<Harness> {
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
        makePlan: () => windowedCountPlan({ mode: "append" }),
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

test("no fault of any file operation changes the result", async () => {
  const golden = await play([]);
  const expected = [...golden.table.batches];
  expect(expected.length).toBeGreaterThan(4);
  const operations = golden.runtime.fs.operationCount;
  const log = golden.runtime.fs.log;
  expect(log.some(({ path }) => path.endsWith(".snapshot"))).toBe(true);
  let runs = 0;
  for (let at = 0; at < operations; at++) {
    for (const fault of faults) {
      const second: Fault[] = runs % 2 === 0 ? [{ at: (runs * 7) % 50, fault: "crashAfter", survive: "none" }] : [];
      const world = await play([{ at, fault }, ...second]);
      runs++;
      expect([...world.table.batches], `${fault} at operation ${at}: ${log[at]!.operation} ${log[at]!.path}`).toEqual(
        expected,
      );
    }
  }
  expect(runs).toBe(operations * faults.length);
}, 120_000);

test("a batch whose offsets are logged has the same rows again, though its sources would now give more", async () => {
  let restarts = 0;
  for (let at = 0; ; at++) {
    const world = new Harness();
    world.topic.add(...rows);
    world.restart({ power: true, plan: { faults: [{ at, fault: "loseUnsynced" }] } });
    const crashed = await world
      .run({ conf, source: { limit: { kind: "maxRows", rows: 1 } } })
      .then(() => false)
      .catch(() => true);
    if (crashed) {
      world.restart({ power: true });
      await world.run({ conf, source: { limit: { kind: "maxRows", rows: 5 } } });
      restarts++;
    }
    expect(world.table.rows, `power lost at operation ${at}`).toEqual(
      rows.map(([user, seconds]) => `${user} ${seconds * 1_000_000}`),
    );
    if (!crashed) break;
  }
  expect(restarts).toBeGreaterThan(50);
});
