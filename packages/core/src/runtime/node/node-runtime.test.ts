import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { atomicWrite } from "../durability.ts";
import { FileSystemError } from "../file-system.ts";
import { NetworkError } from "../network.ts";
import { createNodeRuntime, NodeFileSystem } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-runtime-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const runtime = createNodeRuntime();

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return "none";
  } catch (error) {
    expect(error).toBeInstanceOf(FileSystemError);
    return (error as FileSystemError).code;
  }
}

describe.each([
  ["on the I/O thread", runtime.fs],
  ["directly", new NodeFileSystem({ direct: true })],
] as const)("files %s", (name, fs) => {
  const base = `${root}/${name.replaceAll(/\W/g, "")}`;

  test("an atomic write appears whole, once, and leaves no temporary file", async () => {
    await fs.apply([{ op: "makeDirectory", path: `${base}/a/b` }]);
    const big = new Uint8Array(1000).fill(7);
    await fs.apply(atomicWrite(`${base}/a/b/0`, big.subarray(10, 20), "create", "u1"));
    expect(await fs.readFile(`${base}/a/b/0`)).toEqual(new Uint8Array(10).fill(7));
    expect(big.length).toBe(1000);
    expect(await codeOf(fs.apply(atomicWrite(`${base}/a/b/0`, text("x"), "create", "u2")))).toBe("EEXIST");
    await fs.apply(atomicWrite(`${base}/a/b/0`, text("y"), "replace", "u3"));
    expect(await fs.readFile(`${base}/a/b/0`)).toEqual(text("y"));
    expect((await fs.list(`${base}/a/b`)).map((e) => e.name)).toEqual([".0.u2.tmp", "0"]);
  });

  test("a directory where no directory can be made is an error, not an endless attempt", async () => {
    await fs.apply([{ op: "makeDirectory", path: `${base}/deep/er/est`, mode: 0o700 }]);
    await fs.apply([{ op: "makeDirectory", path: `${base}/deep/er/est` }]);
    expect(await fs.stat(`${base}/deep/er`)).toMatchObject({ kind: "directory", mode: 0o700 });
    await fs.apply([{ op: "write", path: `${base}/file`, bytes: text("x") }]);
    expect(await codeOf(fs.apply([{ op: "makeDirectory", path: `${base}/file` }]))).toBe("EEXIST");
    expect(await codeOf(fs.apply([{ op: "makeDirectory", path: `${base}/file/below` }]))).toBe("ENOTDIR");
    // A kernel's own file system: it exists and takes no names.
    if (process.platform !== "linux") return;
    expect(await codeOf(fs.apply([{ op: "makeDirectory", path: "/proc/millrace/checkpoint" }]))).toBe("ENOENT");
  });

  test("operations run in order, also across calls that are not awaited", async () => {
    const path = `${base}-order`;
    const all = [];
    for (let i = 0; i < 20; i++) all.push(fs.apply([{ op: "append", path, bytes: text(String.fromCharCode(97 + i)) }]));
    await Promise.all(all);
    expect(new TextDecoder().decode(await fs.readFile(path))).toBe("abcdefghijklmnopqrst");
  });

  test("a failure names code, operation and path, and stops the program", async () => {
    const path = `${base}/missing/file`;
    const failure = fs.apply([
      { op: "write", path, bytes: text("x") },
      { op: "write", path: `${base}-after`, bytes: text("x") },
    ]);
    await expect(failure).rejects.toMatchObject({ code: "ENOENT", operation: "write", path });
    expect(await fs.stat(`${base}-after`)).toBeNull();
    expect(await codeOf(fs.readFile(path))).toBe("ENOENT");
    expect(await codeOf(fs.list(path))).toBe("ENOENT");
    expect(await codeOf(fs.apply([{ op: "remove", path }]))).toBe("ENOENT");
    await fs.apply([
      { op: "remove", path, ifExists: true },
      { op: "removeTree", path },
    ]);
  });

  test("a full device is ENOSPC", async () => {
    expect(await codeOf(fs.apply([{ op: "write", path: "/dev/full", bytes: text("x") }]))).toBe("ENOSPC");
  });
});

test("an open file is the same file after a rename; the path then names another identity", async () => {
  const path = `${root}/log`;
  writeFileSync(path, "first\n");
  const handle = await runtime.fs.open(path);
  const before = (await runtime.fs.stat(path))!;
  await runtime.fs.apply([
    { op: "rename", from: path, to: `${path}.1` },
    { op: "write", path, bytes: text("second") },
  ]);
  const target = new Uint8Array(10);
  expect(await handle.read(target, 2, 8, 1)).toBe(5);
  expect(new TextDecoder().decode(target.subarray(2, 7))).toBe("irst\n");
  expect(await handle.read(target, 0, 8, 6)).toBe(0);
  expect((await handle.stat()).identity).toBe(before.identity);
  expect((await runtime.fs.stat(path))!.identity).not.toBe(before.identity);
  await handle.close();
});

test("a symbolic link counts as what it points to", async () => {
  const folder = `${root}/links`;
  await runtime.fs.apply([{ op: "makeDirectory", path: folder }]);
  writeFileSync(`${folder}/b`, "b");
  symlinkSync(`${folder}/b`, `${folder}/a`);
  symlinkSync(`${folder}/nowhere`, `${folder}/c`);
  expect(await runtime.fs.list(folder)).toEqual([
    { name: "a", kind: "file" },
    { name: "b", kind: "file" },
    { name: "c", kind: "other" },
  ]);
  expect(await runtime.fs.freeBytes(folder)).toBeGreaterThan(0);
});

test("a watched directory tells of a new file; one that does not exist tells nothing", async () => {
  const fs = new NodeFileSystem({ direct: true });
  const directory = mkdtempSync(join(root, "watched-"));
  let end: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    end = fs.watch(directory, resolve);
  });
  await fs.apply([{ op: "write", path: join(directory, "new"), bytes: text("x") }]);
  await told;
  end();
  fs.watch(join(directory, "missing"), () => expect.fail("it does not exist"))();
});

test("the clock sleeps and stops sleeping when aborted", async () => {
  const start = runtime.clock.monotonicMs();
  await runtime.clock.sleep(5);
  expect(runtime.clock.monotonicMs() - start).toBeGreaterThan(3);
  const controller = new AbortController();
  const sleeping = runtime.clock.sleep(2 ** 40, controller.signal);
  controller.abort(new Error("stop"));
  await expect(sleeping).rejects.toThrow("stop");
  await expect(runtime.clock.sleep(1, controller.signal)).rejects.toThrow("stop");
});

test("this process lives, another start time does not", async () => {
  const { process } = runtime;
  expect(await process.isAlive(process.pid, process.startTime)).toBe(true);
  expect(await process.isAlive(process.pid, "1")).toBe(false);
  expect(await process.isAlive(2 ** 30, process.startTime)).toBe(false);
  expect(process.bootId).not.toBe("");
});

test("a connection carries bytes both ways and ends with null", async () => {
  const server = createServer((socket) => {
    socket.once("data", (chunk: string | Buffer) => socket.end(`got ${chunk.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const connection = await runtime.network.connect("127.0.0.1", port);
  await connection.write(text("hello"));
  let received = "";
  for (let chunk = await connection.read(); chunk !== null; chunk = await connection.read()) {
    received += new TextDecoder().decode(chunk);
  }
  expect(received).toBe("got hello");
  await connection.close();
  await new Promise((resolve) => server.close(resolve));
  const refused = runtime.network.connect("127.0.0.1", port);
  await expect(refused).rejects.toBeInstanceOf(NetworkError);
  await expect(refused).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
