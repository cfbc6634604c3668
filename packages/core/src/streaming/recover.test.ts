import { expect, test } from "vitest";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";
import { Harness, windowedCountPlan } from "./streaming.test-support.ts";

test("a query processes what is there, and a restart goes on where it ended", async () => {
  const world = new Harness();
  world.topic.add(["a", 1], ["b", 2]);
  const first = await world.run();
  expect(world.table.rows).toEqual(["a 1000000", "b 2000000"]);
  // The offsets are logged while the batch computes; both are done before the state is made durable.
  const logging = ["P0", "P1", "P2", "P3", "P4", "P7"];
  const computing = ["P5", "P6", "P7", "P8", "P9", "P10", "P11"];
  for (const order of [logging, computing]) {
    expect(world.steps.filter((step) => order.some((name) => step === `${name}:0`))).toEqual(
      order.map((name) => `${name}:0`),
    );
  }
  expect(world.steps.slice(-2)).toEqual(["P0:1", "P1:1"]);
  world.restart();
  world.topic.add(["c", 3]);
  const second = await world.run();
  expect(second.id).toBe(first.id);
  expect(second.runId).not.toBe(first.runId);
  expect(world.table.rowsOf(1)).toEqual(["c 3000000"]);
});

const stepNames = ["P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11"] as const;

for (const mode of ["append", "update", "complete"] as const) {
  const script = [
    [
      ["a", 5],
      ["b", 50],
    ],
    [
      ["a", 20],
      ["a", 75],
    ],
    [
      ["b", 130],
      ["c", 10],
    ],
    [["a", 200]],
  ] as const;
  const play = async (crash: { step: string; batch: number; power: boolean } | null): Promise<Harness> => {
    const world = new Harness();
    let armed = crash !== null;
    for (const rows of script) {
      world.topic.add(...rows);
      for (;;) {
        const query = await world.start({
          outputMode: mode,
          trigger: { kind: "availableNow" },
          source: { availableNow: true },
          makePlan: () => windowedCountPlan({ mode }),
          onStep: (step, batch) => {
            if (!armed || step !== crash?.step || batch !== crash.batch) return;
            armed = false;
            if (crash.power) world.runtime.fs.crash("none");
            throw new Error("crash");
          },
        });
        const ended = await query.awaitTermination().catch(() => false);
        if (ended) break;
        world.restart({ power: crash?.power === true });
      }
      world.restart();
    }
    expect(armed).toBe(false);
    return world;
  };
  test(`${mode}: a crash at any step, with and without loss of power, changes nothing of the result`, async () => {
    const golden = await play(null);
    expect(golden.table.rows.length).toBeGreaterThan(3);
    const last = Math.max(...golden.table.batches.keys());
    for (let batch = 0; batch <= last; batch++) {
      for (const step of stepNames) {
        for (const power of [false, true]) {
          const world = await play({ step, batch, power });
          expect([...world.table.batches], `${step} of batch ${batch}, power ${power}`).toEqual([
            ...golden.table.batches,
          ]);
          if (step === "P9" || step === "P10") fired("A8");
        }
      }
    }
  });
}
