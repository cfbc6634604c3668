import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atomicWrite } from "../durability.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../file-system.ts";
import { NodeFileSystem } from "../node/index.ts";
import { SimulatedCrash, SimulatedFileSystem } from "./index.ts";

const bytes = (s: string): Uint8Array => new TextEncoder().encode(s);
const name = fc.constantFrom("a", "b", "c", "d/x", "d/y", "d", "e");
const content = fc.string({ maxLength: 6 }).map(bytes);
const operation: fc.Arbitrary<FileOperation> = fc.oneof(
  fc.record({ op: fc.constant("write" as const), path: name, bytes: content, exclusive: fc.boolean() }),
  fc.record({ op: fc.constant("append" as const), path: name, bytes: content }),
  fc.record({ op: fc.constant("copy" as const), from: fc.constantFrom("a", "b", "c", "d/x"), to: name }),
  fc.record({ op: fc.constant("sync" as const), path: name }),
  fc.record({ op: fc.constant("syncDirectory" as const), path: fc.constantFrom("d", ".") }),
  fc.record({ op: fc.constant("link" as const), from: name, to: name }),
  fc.record({
    op: fc.constant("rename" as const),
    from: fc.constantFrom("a", "b", "d/x"),
    to: fc.constantFrom("a", "c", "d/y"),
  }),
  fc.record({
    op: fc.constant("remove" as const),
    path: fc.constantFrom("a", "b", "c", "d/x"),
    ifExists: fc.boolean(),
  }),
  fc.record({ op: fc.constant("removeTree" as const), path: name }),
  fc.record({ op: fc.constant("makeDirectory" as const), path: fc.constantFrom("d", "d/z/w") }),
);

function under(root: string, op: FileOperation): FileOperation {
  const at = (path: string): string => (path === "." ? root : `${root}/${path}`);
  return "from" in op ? { ...op, from: at(op.from), to: at(op.to) } : { ...op, path: at(op.path) };
}

async function outcome(fs: FileSystem, op: FileOperation): Promise<string> {
  try {
    await fs.apply([op]);
    return "done";
  } catch (error) {
    if (error instanceof FileSystemError) return error.code;
    throw error;
  }
}

async function tree(fs: FileSystem, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await fs.list(path)) {
    const child = `${path}/${entry.name}`;
    if (entry.kind === "directory")
      found.push(`${entry.name}/`, ...(await tree(fs, child)).map((s) => `${entry.name}/${s}`));
    else found.push(`${entry.name}=${new TextDecoder().decode(await fs.readFile(child))}`);
  }
  return found;
}

test("behaves as the real disk for any sequence of operations", async () => {
  const base = mkdtempSync(join(tmpdir(), "millrace-sim-"));
  const real = new NodeFileSystem({ direct: true });
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const simulated = new SimulatedFileSystem();
        const root = `${base}/${run++}`;
        for (const fs of [real, simulated]) await fs.apply([{ op: "makeDirectory", path: root }]);
        for (const op of operations) {
          const placed = under(root, op);
          expect(await outcome(simulated, placed), JSON.stringify(op)).toBe(await outcome(real, placed));
        }
        expect(await tree(simulated, root)).toEqual(await tree(real, root));
      }),
      { numRuns: 150 },
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

/** The naive model of one directory under power loss: what was synced, and nothing else. */
class Model {
  readonly names = new Map<string, { now: string; synced: string }>();
  durable = new Map<string, { now: string; synced: string }>();
  step(op: FileOperation): void {
    const file = (path: string): { now: string; synced: string } | undefined => this.names.get(path.slice(1));
    switch (op.op) {
      case "write":
      case "append": {
        const target = file(op.path) ?? { now: "", synced: "" };
        const text = new TextDecoder().decode(op.bytes);
        target.now = op.op === "write" ? text : target.now + text;
        this.names.set(op.path.slice(1), target);
        return;
      }
      case "copy": {
        const source = file(op.from);
        if (source === undefined) return;
        const target = file(op.to) ?? { now: "", synced: "" };
        target.now = source.now;
        this.names.set(op.to.slice(1), target);
        return;
      }
      case "sync": {
        const target = file(op.path);
        if (target !== undefined) target.synced = target.now;
        return;
      }
      case "syncDirectory":
        this.durable = new Map(this.names);
        return;
      case "link": {
        const target = file(op.from);
        if (target !== undefined && file(op.to) === undefined) this.names.set(op.to.slice(1), target);
        return;
      }
      case "rename": {
        const target = file(op.from);
        if (target === undefined || target === file(op.to)) return;
        this.names.delete(op.from.slice(1));
        this.names.set(op.to.slice(1), target);
        return;
      }
      default:
        if (op.op === "remove") this.names.delete(op.path.slice(1));
    }
  }
}
const flatName = fc.constantFrom("/a", "/b", "/c");
const flatOperation: fc.Arbitrary<FileOperation> = fc.oneof(
  fc.record({ op: fc.constant("write" as const), path: flatName, bytes: content }),
  fc.record({ op: fc.constant("append" as const), path: flatName, bytes: content }),
  fc.record({ op: fc.constant("copy" as const), from: flatName, to: flatName }),
  fc.record({ op: fc.constant("sync" as const), path: flatName }),
  fc.record({ op: fc.constant("syncDirectory" as const), path: fc.constant("/") }),
  fc.record({ op: fc.constant("link" as const), from: flatName, to: flatName }),
  fc.record({ op: fc.constant("rename" as const), from: flatName, to: flatName }),
  fc.record({ op: fc.constant("remove" as const), path: flatName }),
);
const asText = (files: ReadonlyMap<string, Uint8Array>): Record<string, string> =>
  Object.fromEntries([...files].map(([path, data]) => [path.slice(1), new TextDecoder().decode(data)]));

describe("crashes", () => {
  test("power loss keeps exactly what was synced", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(flatOperation, { maxLength: 30 }), async (operations) => {
        const fs = new SimulatedFileSystem();
        const model = new Model();
        for (const op of operations) {
          await outcome(fs, op);
          model.step(op);
        }
        expect(asText(fs.files())).toEqual(Object.fromEntries([...model.names].map(([k, f]) => [k, f.now])));
        fs.crash("none");
        const next = fs.reboot();
        expect(asText(next.files())).toEqual(Object.fromEntries([...model.durable].map(([k, f]) => [k, f.synced])));
      }),
      { numRuns: 500 },
    );
  });

  test("with random survival an atomic write is seen whole or not at all, at every crash point", async () => {
    for (let seed = 0; seed < 40; seed++) {
      for (let at = 0; at < 8; at++) {
        for (const fault of ["crashBefore", "crashAfter", "torn", "loseUnsynced"] as const) {
          const fs = new SimulatedFileSystem({ seed, faults: [{ at, fault, survive: "random" }] });
          const program = [
            { op: "makeDirectory" as const, path: "/log" },
            ...atomicWrite("/log/0", bytes("whole"), "create", "u"),
          ];
          let acknowledged = true;
          try {
            await fs.apply(program);
          } catch (error) {
            expect(error).toBeInstanceOf(SimulatedCrash);
            expect(fs.crashed).toBe(true);
            await expect(fs.stat("/log")).rejects.toBeInstanceOf(SimulatedCrash);
            acknowledged = false;
          }
          if (acknowledged) fs.crash("none");
          const found = asText(fs.reboot().files())["log/0"];
          if (acknowledged) expect(found).toBe("whole");
          else expect([undefined, "whole"]).toContain(found);
        }
      }
    }
  });

  test("the same seed and plan give the same history", async () => {
    const history = async (): Promise<unknown> => {
      const fs = new SimulatedFileSystem({ seed: 7, faults: [{ at: 5, fault: "crashAfter", survive: "random" }] });
      for (let i = 0; i < 3; i++) await outcome(fs, { op: "write", path: `/f${i}`, bytes: bytes(`text ${i}`) });
      await fs.apply([{ op: "append", path: "/f1", bytes: bytes("more") }]);
      await fs.apply(atomicWrite("/f0", bytes("new"), "replace", "u")).catch(() => undefined);
      return [fs.log, asText(fs.reboot().files())];
    };
    expect(await history()).toEqual(await history());
  });
});

describe("faults", () => {
  test("a full disk leaves part of the write behind", async () => {
    const fs = new SimulatedFileSystem({ faults: [{ at: 0, fault: "ENOSPC", tearAt: 2 }] });
    await expect(fs.apply([{ op: "write", path: "/a", bytes: bytes("abcd") }])).rejects.toMatchObject({
      code: "ENOSPC",
    });
    expect(asText(fs.files())).toEqual({ a: "ab" });
    await fs.apply([{ op: "write", path: "/a", bytes: bytes("abcd") }]);
    expect(fs.log.map((l) => l.outcome)).toEqual(["ENOSPC", "done"]);
  });

  test("after a failed sync a second one succeeds without making the data durable", async () => {
    const fs = new SimulatedFileSystem({ faults: [{ at: 2, fault: "EIO" }] });
    await fs.apply([
      { op: "write", path: "/a", bytes: bytes("abcd") },
      { op: "syncDirectory", path: "/" },
    ]);
    await expect(fs.apply([{ op: "sync", path: "/a" }])).rejects.toMatchObject({ code: "EIO" });
    await fs.apply([{ op: "sync", path: "/a" }]);
    fs.crash("none");
    expect(asText(fs.reboot().files())).toEqual({ a: "" });
  });

  test("reads fail by plan, return short, and outlive the name", async () => {
    const fs = new SimulatedFileSystem({ maximumReadBytes: 3, readFaults: [{ at: 0, code: "EIO" }] });
    await fs.apply([{ op: "write", path: "/a", bytes: bytes("abcdef") }]);
    await expect(fs.readFile("/a")).rejects.toMatchObject({ code: "EIO" });
    const handle = await fs.open("/a");
    await fs.apply([{ op: "remove", path: "/a" }]);
    const target = new Uint8Array(6);
    expect(await handle.read(target, 0, 6, 0)).toBe(3);
    expect(await handle.read(target, 3, 3, 4)).toBe(2);
    expect(await handle.read(target, 0, 6, 9)).toBe(0);
    expect(await fs.stat("/a")).toBeNull();
  });
});
