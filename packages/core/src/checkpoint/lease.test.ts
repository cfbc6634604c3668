import { expect, test } from "vitest";
import type { FileOperation } from "../runtime/file-system.ts";
import { createSimulatedRuntime, type SimulatedRuntime } from "../runtime/simulated/index.ts";
import {
  acquireLease,
  applyCheckpointProgram,
  checkEngineFacts,
  type CheckpointFiles,
  checkSinkOwner,
  checkSinkPosition,
  type EngineFacts,
  foreignLeaseMs,
  type Lease,
  readEngineFacts,
  writeEngineFactsProgram,
  writeSinkOwnerProgram,
} from "./index.ts";

const filesOf = (runtime: SimulatedRuntime): CheckpointFiles => ({
  fs: runtime.fs,
  random: runtime.random,
  durability: "fsync",
});
const take = (runtime: SimulatedRuntime): Promise<Lease> => acquireLease(filesOf(runtime), runtime, "/cp");

test("a living run is not disturbed; epochs only grow", async () => {
  const first = createSimulatedRuntime(1);
  const lease = await take(first);
  expect(lease.epoch).toBe(1);
  const second = first.anotherProcess();
  await expect(take(second)).rejects.toMatchObject({
    errorClass: "CONCURRENT_QUERY.OTHER_PROCESS",
    parameters: { pid: String(first.process.pid), epoch: "1" },
  });
  await expect(take(first)).rejects.toMatchObject({ errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" });
  await lease.apply([]);
  await lease.release();
  const next = await take(second);
  expect(next.epoch).toBe(2);
  const write: FileOperation = { op: "write", path: "/cp/late", bytes: new Uint8Array(1) };
  await expect(lease.apply([write])).rejects.toMatchObject({ errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" });
  expect(await first.fs.stat("/cp/late")).toBeNull();
  expect((await first.fs.list("/cp/_engine/lease")).map((e) => e.name)).toEqual(["2"]);
});

test("a run ends as soon as the next epoch exists, before its own is swept", async () => {
  const runtime = createSimulatedRuntime(1);
  const lease = await take(runtime);
  const own = await runtime.fs.readFile("/cp/_engine/lease/1");
  await runtime.fs.apply([{ op: "write", path: "/cp/_engine/lease/2", bytes: own }]);
  await expect(lease.apply([])).rejects.toMatchObject({ errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" });
});

test.each(["all", "none"] as const)(
  "epochs grow also when runs die while they take it; %s survives",
  async (survive) => {
    for (let at = 0; ; at++) {
      const runtime = createSimulatedRuntime(1);
      await take(runtime);
      const dying = runtime.restart({ power: true, plan: { faults: [{ at, fault: "crashAfter", survive }] } });
      const epoch = await take(dying).then(
        (lease) => lease.epoch,
        () => null,
      );
      const next = await take(dying.restart());
      expect(next.epoch, `after operation ${at}`).toBeGreaterThan(epoch ?? 1);
      if (epoch !== null) break;
    }
  },
);

test("the lease of a dead process, also of before a reboot, is taken over at once", async () => {
  let runtime = createSimulatedRuntime(1);
  for (let epoch = 1; epoch <= 6; epoch++) {
    expect((await take(runtime)).epoch).toBe(epoch);
    runtime = runtime.restart({ power: epoch % 2 === 0 });
  }
});

test("a renewed lease is readable after power was lost", async () => {
  const runtime = createSimulatedRuntime(1);
  const lease = await take(runtime);
  await applyCheckpointProgram(runtime.fs, lease.renewProgram());
  expect((await take(runtime.restart({ power: true }))).epoch).toBe(2);
});

test("a lease on another machine counts until it is no longer renewed", async () => {
  const runtime = createSimulatedRuntime(1);
  const lease = await take(runtime);
  const elsewhere = { clock: runtime.clock, process: Object.create(runtime.process, { hostName: { value: "other" } }) };
  const takeElsewhere = (): Promise<Lease> => acquireLease(filesOf(runtime), elsewhere, "/cp");
  runtime.clock.stepWallClock(foreignLeaseMs - 1);
  await applyCheckpointProgram(runtime.fs, lease.renewProgram());
  runtime.clock.stepWallClock(foreignLeaseMs - 1);
  await expect(takeElsewhere()).rejects.toMatchObject({ errorClass: "CONCURRENT_QUERY.OTHER_PROCESS" });
  runtime.clock.stepWallClock(1);
  expect((await takeElsewhere()).epoch).toBe(2);
});

test("of many that start together exactly one wins, at every seed", async () => {
  const first = createSimulatedRuntime(3);
  const all = await Promise.allSettled([first, first.anotherProcess(), first.anotherProcess()].map(take));
  expect(all.filter((r) => r.status === "fulfilled").length).toBe(1);
});

test("a run notices that its checkpoint was removed", async () => {
  const runtime = createSimulatedRuntime(1);
  const lease = await take(runtime);
  await runtime.fs.apply([{ op: "removeTree", path: "/cp" }]);
  await expect(lease.apply([])).rejects.toMatchObject({ errorClass: "CHECKPOINT_WRITE_FAILED" });
});

test("another query is refused by name of what changed", async () => {
  const runtime = createSimulatedRuntime(1);
  const facts: EngineFacts = {
    sources: [
      { name: null, reads: "file:/a" },
      { name: null, reads: "rate" },
    ],
    outputMode: "update",
    operators: { operators: [{ operatorId: 0, kind: "dedupe", name: "clicks" }], removed: [2] },
    sink: { name: null, writes: "json:/out" },
  };
  expect(await readEngineFacts(runtime.fs, "/cp")).toBeNull();
  await runtime.fs.apply(writeEngineFactsProgram(filesOf(runtime), "/cp", facts));
  const stored = (await readEngineFacts(runtime.fs, "/cp"))!;
  expect(stored).toEqual(facts);
  checkEngineFacts("/cp", stored, facts);
  const changed = (change: Partial<EngineFacts>) => (): unknown =>
    checkEngineFacts("/cp", stored, { ...facts, ...change });
  expect(changed({ sources: [{ name: null, reads: "rate" }] })).toThrow(
    /There are \[2\] sources in the checkpoint offsets and now there are \[1\]/,
  );
  const other = [facts.sources[1]!, { name: null, reads: "file:/b" }];
  expect(changed({ sources: other })).toThrow(/CHECKPOINT_SOURCE_CHANGED.*Source 0 .*file:\/a.*file:\/b/);
  expect(changed({ outputMode: "append" })).toThrow(/CHECKPOINT_OUTPUT_MODE_CHANGED/);
  checkEngineFacts("/cp", stored, { ...facts, outputMode: "append" }, { allowOutputModeChange: true });
  checkSinkPosition("/cp", 4, 5);
  checkSinkPosition("/cp", -1, null);
  expect(() => checkSinkPosition("/cp", 4, 6)).toThrow(/CHECKPOINT_BEHIND_SINK/);
  expect(await checkSinkOwner(runtime.fs, "/out", "q1")).toBe(false);
  await runtime.fs.apply(writeSinkOwnerProgram(filesOf(runtime), "/out", "q1"));
  expect(await checkSinkOwner(runtime.fs, "/out", "q1")).toBe(true);
  await expect(checkSinkOwner(runtime.fs, "/out", "q2")).rejects.toMatchObject({
    errorClass: "SINK_USED_BY_OTHER_QUERY",
  });
});
