/** Real processes that run out of memory, or are told to end. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeRuntime, describeCheckpoint, verifyCheckpoint } from "millrace/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";

const files = 5;
const child = join(import.meta.dirname, "hoarding-child.ts");
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-real-"));
  mkdirSync(join(directory, "in"));
  for (let i = 0; i < files; i++) writeFileSync(join(directory, "in", `${i}.txt`), `a\nb${i}\n`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const environment = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: "",
  MILLRACE_DIRECTORY: directory,
  ...more,
});
const lastBatch = (): string => readFileSync(join(directory, `batch-${files - 1}`), "utf8");
const expected = [
  '{"value":"a","count":5}',
  ...Array.from({ length: files }, (_, i) => `{"value":"b${i}","count":1}`),
].join("\n");

test("a full heap ends the process; with more room the next start repeats the batch", () => {
  const run = (heap: number, hoard: string): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [`--max-old-space-size=${heap}`, "--conditions=millrace-source", child], {
      env: environment({ MILLRACE_HOARD: hoard }),
      timeout: 60_000,
    });
  const died = run(80, "2");
  expect(died.signal ?? died.status).not.toBe(0);
  expect(String(died.stderr)).toContain("heap out of memory");
  expect(existsSync(join(directory, "batch-1"))).toBe(true);
  expect(existsSync(join(directory, "batch-2"))).toBe(false);
  const again = run(500, "none");
  expect(again.status, String(again.stderr)).toBe(0);
  expect(lastBatch()).toBe(expected);
  fired("G2");
}, 90_000);

test("SIGTERM lets the running batch commit, and ends the program", async () => {
  const cli = new URL("../../packages/cli/src/main.ts", import.meta.url).pathname;
  const started = spawn(process.execPath, ["--conditions=millrace-source", "--no-warnings", cli, "run", child], {
    env: environment({ MILLRACE_FOREVER: "1" }),
    stdio: "ignore",
  });
  const ended = new Promise<number | string | null>((resolve) => {
    started.on("exit", (code, signal) => resolve(signal ?? code));
  });
  const commits = join(directory, "checkpoint/commits");
  for (let i = 0; i < 1000 && !(existsSync(commits) && readdirSync(commits).some((name) => /^\d+$/.test(name))); i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  started.kill("SIGTERM");
  expect(await ended).toBe(0);
  const { fs } = createNodeRuntime();
  const checkpoint = join(directory, "checkpoint");
  expect((await describeCheckpoint(fs, checkpoint)).nextIsReplay).toBe(false);
  expect(await verifyCheckpoint(fs, checkpoint)).toEqual([]);
  const rest = spawnSync(process.execPath, ["--conditions=millrace-source", child], { env: environment({}) });
  expect(rest.status, String(rest.stderr)).toBe(0);
  expect(lastBatch()).toBe(expected);
  fired("G8");
}, 60_000);
