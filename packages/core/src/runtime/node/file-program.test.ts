/** What the adapter really asks of the system, in which order: calls of `node:fs` are recorded while programs run. */
import fs, { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { atomicWrite } from "../durability.ts";
import type { FileOperation } from "../file-system.ts";
import { runProgram } from "./file-program.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-program-"));
const original = { ...fs };
const opened = new Map<number, string>();
let calls: string[] = [];
/** Bytes that one call writes at most; null: all. */
let mostBytes: number | null = null;
/** The call that fails once. */
let failing: string | null = null;

const shown = (path: unknown): string => String(path).replace(root, "");

function called(call: string): void {
  calls.push(call);
  if (call !== failing) return;
  failing = null;
  throw Object.assign(new Error("a fault"), { code: "EIO" });
}

const recorded = {
  openSync: (path: string, flags: string | number, mode?: number): number => {
    const descriptor = original.openSync(path, flags, mode);
    opened.set(descriptor, shown(path));
    return descriptor;
  },
  writeSync: (descriptor: number, bytes: Uint8Array, offset: number, length: number): number => {
    const part = Math.min(length, mostBytes ?? length);
    called(`write ${opened.get(descriptor)} ${part}`);
    return original.writeSync(descriptor, bytes, offset, part);
  },
  fsyncSync: (descriptor: number): void => {
    called(`fsync ${opened.get(descriptor)}`);
    original.fsyncSync(descriptor);
  },
  closeSync: (descriptor: number): void => {
    opened.delete(descriptor);
    original.closeSync(descriptor);
  },
  linkSync: (from: string, to: string): void => {
    called(`link ${shown(to)}`);
    original.linkSync(from, to);
  },
  renameSync: (from: string, to: string): void => {
    called(`rename ${shown(to)}`);
    original.renameSync(from, to);
  },
  unlinkSync: (path: string): void => {
    called(`unlink ${shown(path)}`);
    original.unlinkSync(path);
  },
  mkdirSync: (path: string, mode: number): void => {
    called(`mkdir ${shown(path)}`);
    original.mkdirSync(path, mode);
  },
};

beforeAll(() => {
  Object.assign(fs, recorded);
  syncBuiltinESMExports();
});
afterAll(() => {
  for (const name of Object.keys(recorded) as (keyof typeof recorded)[]) Object.assign(fs, { [name]: original[name] });
  syncBuiltinESMExports();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  calls = [];
  mostBytes = null;
  failing = null;
});

const bytes = new TextEncoder().encode("0123456789");

function run(...program: FileOperation[]): string[] {
  calls = [];
  runProgram(program);
  expect(opened.size).toBe(0);
  return calls;
}

test("an atomic write syncs the bytes before they get their name, and the directory after", () => {
  run({ op: "makeDirectory", path: `${root}/atomic` });
  const temporary = "/atomic/.0.u.tmp";
  expect(run(...atomicWrite(`${root}/atomic/0`, bytes, "create", "u"))).toEqual([
    `write ${temporary} 10`,
    `fsync ${temporary}`,
    "link /atomic/0",
    `unlink ${temporary}`,
    "fsync /atomic",
  ]);
  expect(run(...atomicWrite(`${root}/atomic/0`, bytes, "replace", "u"))).toEqual([
    `write ${temporary} 10`,
    `fsync ${temporary}`,
    "unlink /atomic/.0.crc",
    "unlink /atomic/0.crc",
    "rename /atomic/0",
    "fsync /atomic",
  ]);
});

test("each sync is one fsync of its own file, also when another write came just before", () => {
  const [a, b] = [`${root}/a`, `${root}/b`];
  expect(run({ op: "write", path: a, bytes }, { op: "sync", path: a })).toEqual(["write /a 10", "fsync /a"]);
  expect(run({ op: "append", path: a, bytes }, { op: "sync", path: a })).toEqual(["write /a 10", "fsync /a"]);
  expect(run({ op: "write", path: b, bytes }, { op: "sync", path: a })).toEqual(["write /b 10", "fsync /a"]);
  expect(run({ op: "write", path: b, bytes })).toEqual(["write /b 10"]);
  expect(run({ op: "sync", path: b }, { op: "sync", path: b })).toEqual(["fsync /b", "fsync /b"]);
  expect(run({ op: "syncDirectory", path: root })).toEqual(["fsync "]);
  expect(() => runProgram([{ op: "syncDirectory", path: a }])).toThrow("ENOTDIR");
});

test("a new directory is durable with all its new parents", () => {
  expect(run({ op: "makeDirectory", path: `${root}/x/y/z` })).toEqual([
    "mkdir /x/y/z",
    "mkdir /x/y",
    "mkdir /x",
    "mkdir /x/y",
    "mkdir /x/y/z",
    "fsync /x/y",
    "fsync /x",
    "fsync ",
  ]);
  expect(run({ op: "makeDirectory", path: `${root}/x/y/z` })).toEqual(["mkdir /x/y/z"]);
  expect(run({ op: "makeDirectory", path: `${root}/x/w` })).toEqual(["mkdir /x/w", "fsync /x"]);
});

test("a write that the system cuts short is continued", () => {
  mostBytes = 4;
  expect(run({ op: "write", path: `${root}/short`, bytes })).toEqual([
    "write /short 4",
    "write /short 4",
    "write /short 2",
  ]);
  expect(readFileSync(`${root}/short`)).toEqual(Buffer.from(bytes));
});

test.each(["write /f/.0.u.tmp 10", "fsync /f/.0.u.tmp", "link /f/0", "unlink /f/.0.u.tmp", "fsync /f"])(
  "a program ends with the call that fails: %s",
  (call) => {
    run({ op: "makeDirectory", path: `${root}/f` });
    rmSync(`${root}/f/0`, { force: true });
    const program: FileOperation[] = [
      { op: "write", path: `${root}/f/.0.u.tmp`, bytes },
      { op: "sync", path: `${root}/f/.0.u.tmp` },
      { op: "link", from: `${root}/f/.0.u.tmp`, to: `${root}/f/0` },
      { op: "remove", path: `${root}/f/.0.u.tmp` },
      { op: "syncDirectory", path: `${root}/f` },
    ];
    calls = [];
    failing = call;
    expect(() => runProgram(program)).toThrow(expect.objectContaining({ code: "EIO" }));
    expect(calls.at(-1)).toBe(call);
    expect(opened.size).toBe(0);
  },
);

test("what must not exist is not replaced", () => {
  const path = `${root}/exclusive`;
  run({ op: "write", path, bytes, exclusive: true });
  const exists = expect.objectContaining({ code: "EEXIST" });
  expect(() => runProgram([{ op: "write", path, bytes, exclusive: true }])).toThrow(exists);
  run({ op: "write", path: `${root}/other`, bytes });
  expect(() => runProgram([{ op: "link", from: `${root}/other`, to: path }])).toThrow(exists);
  calls = [];
  expect(() =>
    runProgram([
      { op: "require", path, exists: false },
      { op: "remove", path },
    ]),
  ).toThrow(exists);
  expect(calls).toEqual([]);
});
