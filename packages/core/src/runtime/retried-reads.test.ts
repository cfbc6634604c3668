import { describe, expect, test } from "vitest";
import { FileSystemError, type FileSystem } from "./file-system.ts";
import { retriedReads } from "./retried-reads.ts";
import { fired } from "./simulated/fault-count.test-support.ts";
import { createSimulatedRuntime, type FaultCode } from "./simulated/index.ts";

const bytes = new TextEncoder().encode("some bytes");

/** A disk with a file whose reads from the first on fail so often. */
async function world(failures: number, code: FaultCode = "EIO") {
  const runtime = createSimulatedRuntime(1, {
    readFaults: Array.from({ length: failures }, (_, at) => ({ at, code })),
  });
  await runtime.fs.apply([
    { op: "makeDirectory", path: "/d" },
    { op: "write", path: "/d/f", bytes },
  ]);
  const warnings: string[] = [];
  const fs = retriedReads(runtime.fs, runtime.clock, (message) => warnings.push(message));
  return { runtime, fs, warnings };
}

const reads: Readonly<Record<string, (fs: FileSystem) => Promise<unknown>>> = {
  readFile: (fs) => fs.readFile("/d/f"),
  open: async (fs) => (await fs.open("/d/f")).close(),
  stat: (fs) => fs.stat("/d/f"),
  list: (fs) => fs.list("/d"),
  freeBytes: (fs) => fs.freeBytes("/d"),
};

describe.each(Object.keys(reads))("%s", (name) => {
  test.each([1, 2, 3])("succeeds after %i failures, later each time", async (failures) => {
    const { runtime, fs, warnings } = await world(failures);
    const startedMs = runtime.clock.nowMs();
    const reading = reads[name]!(fs);
    await runtime.clock.advance(310);
    await reading;
    expect(warnings).toHaveLength(failures);
    expect(runtime.fs.readCount).toBe(failures + 1);
    expect(runtime.clock.nowMs()).toBe(startedMs + 310);
    fired("B9", failures);
  });

  test("fails after the fourth with its error", async () => {
    const { runtime, fs, warnings } = await world(4);
    const failure = reads[name]!(fs).then(
      () => null,
      (error: unknown) => error,
    );
    let settled = false;
    void failure.then(() => (settled = true));
    await runtime.clock.advance(309);
    expect(settled).toBe(false);
    await runtime.clock.advance(1);
    expect(await failure).toMatchObject({ code: "EIO", path: expect.stringMatching(/^\/d/) as string });
    expect(failure).not.toBeNull();
    expect(warnings.at(-1)).toMatch(/failed and is tried again in 250 ms \(3 of 3; reads tried again so far: 3\)/);
    expect(runtime.fs.readCount).toBe(4);
    fired("B9", 4);
  });
});

test("reads of an open file, and only the one that failed", async () => {
  const { runtime } = await world(0);
  let failures = 2;
  const open = runtime.fs.open.bind(runtime.fs);
  runtime.fs.open = async (path) => {
    const handle = await open(path);
    const read = handle.read.bind(handle);
    handle.read = async (...where) => {
      if (failures-- > 0) throw new FileSystemError("EAGAIN", "read", path);
      return read(...where);
    };
    return handle;
  };
  const fs = retriedReads(runtime.fs, runtime.clock, () => undefined);
  const handle = await fs.open("/d/f");
  const target = new Uint8Array(bytes.length);
  const reading = handle.read(target, 0, 4, 5);
  await runtime.clock.advance(60);
  expect(await reading).toBe(4);
  expect(new TextDecoder().decode(target.subarray(0, 4))).toBe("byte");
  await handle.close();
});

test("what will not pass is not tried again, and nothing that changes a disk is", async () => {
  const { runtime, fs, warnings } = await world(1, "EACCES");
  await expect(fs.readFile("/d/f")).rejects.toMatchObject({ code: "EACCES" });
  await expect(fs.readFile("/none")).rejects.toMatchObject({ code: "ENOENT" });
  expect(runtime.fs.readCount).toBe(2);
  const failing = runtime.restart({ plan: { faults: [{ at: 0, fault: "EIO" }] } });
  const other = retriedReads(failing.fs, failing.clock, (message) => warnings.push(message));
  await expect(other.apply([{ op: "sync", path: "/d/f" }])).rejects.toMatchObject({ code: "EIO" });
  expect(failing.fs.operationCount).toBe(1);
  expect(warnings).toEqual([]);
});
