import { describe, expect, test } from "vitest";
import type { SimulatedRuntime } from "../runtime/simulated/index.ts";
import { Harness, windowedCountPlan } from "../streaming/streaming.test-support.ts";
import { acquireLease } from "./lease.ts";
import { applyRepair, planRepair } from "./repair.ts";

const plan = { makePlan: () => windowedCountPlan({ mode: "append" }) };

/** Some batches at /checkpoint. */
async function world(): Promise<Harness> {
  const harness = new Harness();
  for (const seconds of [5, 70, 140]) {
    harness.topic.add(["a", seconds]);
    await harness.run(plan);
  }
  return harness;
}
const last = (runtime: SimulatedRuntime, log: string): string =>
  [...runtime.fs.files().keys()]
    .filter((path) => new RegExp(`^/checkpoint/${log}/\\d+$`).test(path))
    .toSorted((a, b) => Number(a.split("/").at(-1)) - Number(b.split("/").at(-1)))
    .at(-1)!;
const write = (runtime: SimulatedRuntime, path: string, text: string): Promise<void> =>
  runtime.fs.apply([{ op: "write", path, bytes: new TextEncoder().encode(text) }]);

describe("mends, and the query goes on with the same rows", () => {
  test("nothing in a good checkpoint", async () => {
    const { runtime } = await world();
    expect(await planRepair(runtime.fs, "/checkpoint")).toEqual({ steps: [], remaining: [] });
  });

  test("a torn last commit: the batch is run again", async () => {
    const harness = await world();
    const rows = [...harness.table.rows];
    const path = last(harness.runtime, "commits");
    await write(harness.runtime, path, "v1\n{");
    const repair = await planRepair(harness.runtime.fs, "/checkpoint");
    expect(repair).toMatchObject({ steps: [{ path }], remaining: [] });
    await applyRepair(harness.runtime, "/checkpoint", repair);
    await harness.run(plan);
    expect(harness.table.rows).toEqual(rows);
    expect([...harness.runtime.fs.files().keys()].some((file) => file.includes("_engine/repaired/commits_"))).toBe(
      true,
    );
  });

  test("torn offsets of a batch of which nothing was committed", async () => {
    const harness = await world();
    const next = last(harness.runtime, "offsets").replace(/\d+$/, (id) => String(Number(id) + 1));
    await write(harness.runtime, next, "");
    const repair = await planRepair(harness.runtime.fs, "/checkpoint");
    expect(repair).toMatchObject({ steps: [{ path: next }], remaining: [] });
    await applyRepair(harness.runtime, "/checkpoint", repair);
    harness.topic.add(["b", 300]);
    await harness.run(plan);
    expect(harness.table.rows).toContain("180000000 a 1");
  });

  test("a damaged record of what the query was", async () => {
    const harness = await world();
    await write(harness.runtime, "/checkpoint/_engine/facts", "{");
    const repair = await planRepair(harness.runtime.fs, "/checkpoint");
    expect(repair).toMatchObject({ steps: [{ path: "/checkpoint/_engine/facts" }], remaining: [] });
    await applyRepair(harness.runtime, "/checkpoint", repair);
    await harness.run(plan);
  });
});

describe("does not touch", () => {
  test("state that the next batch needs, and that nothing else holds", async () => {
    const harness = await world();
    const delta = [...harness.runtime.fs.files().keys()].find((path) => path.endsWith("/0/2.delta"))!;
    await write(harness.runtime, delta, "LZ4Block");
    const { steps, remaining } = await planRepair(harness.runtime.fs, "/checkpoint");
    expect([steps, remaining.map(({ path }) => path)]).toEqual([[], [delta]]);
  });

  test("the offsets of a batch whose state is there", async () => {
    const harness = await world();
    const { runtime } = harness;
    const path = last(runtime, "offsets");
    await runtime.fs.apply([{ op: "remove", path: last(runtime, "commits") }]);
    await write(runtime, path, "");
    const { steps, remaining } = await planRepair(runtime.fs, "/checkpoint");
    expect([steps, remaining.map((finding) => finding.path)]).toEqual([[], [path]]);
  });

  test("a log of a later release", async () => {
    const harness = await world();
    await write(harness.runtime, last(harness.runtime, "offsets"), "v9\n{}");
    await expect(planRepair(harness.runtime.fs, "/checkpoint")).rejects.toMatchObject({
      errorClass: "UNSUPPORTED_LOG_VERSION",
    });
  });

  test("a checkpoint that a run holds", async () => {
    const { runtime } = await world();
    const elsewhere = Object.create(runtime.process, { hostName: { value: "elsewhere" } }) as typeof runtime.process;
    const owner = { process: elsewhere, clock: runtime.clock };
    await acquireLease({ fs: runtime.fs, random: runtime.random, durability: "fsync" }, owner, "/checkpoint");
    await write(runtime, last(runtime, "commits"), "v1\n{");
    const repair = await planRepair(runtime.fs, "/checkpoint");
    await expect(applyRepair(runtime, "/checkpoint", repair)).rejects.toMatchObject({
      errorClass: "CONCURRENT_QUERY.OTHER_PROCESS",
    });
  });
});
