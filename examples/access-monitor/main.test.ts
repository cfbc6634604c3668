import { spawn } from "node:child_process";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program with the Node and the options of this test. */
function run(...args: readonly string[]): Promise<Ended> {
  const program = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, ["--conditions=millrace-source", program, ...args]);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "access-monitor-test-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const line = (time: string, path: string, status: number, seconds: string): string =>
  `10.0.0.1 - - [01/Mar/2026:12:${time} +0000] "GET ${path} HTTP/1.1" ${status} 99 "-" "test"${seconds}\n`;

test("counts a log of the user's, and goes on from a checkpoint where it stopped", { timeout: 60_000 }, async () => {
  const log = join(directory, "own.log");
  const args = [log, "--once", "--checkpoint", join(directory, "checkpoint")];
  await writeFile(log, line("00:01", "/a/1", 200, " 0.010") + line("00:02", "/a/2", 500, " 0.030") + "rubbish\n");
  const first = await run(...args);
  expect(first.stderr).toBe("");
  expect(first.stdout).toMatch(/^ {2}\/a\/:id +0\.7 +50\.0 % +10 ms +30 ms +30 ms$/m);
  expect(first.stdout).toContain("3 lines read · 1 not readable · 0 too late");

  await appendFile(log, line("00:09", "/a/3", 200, " 0.020") + line("00:31", "/b", 200, " 0.001"));
  const second = await run(...args);
  // The window holds the two requests of the first run too: 3 in 10 seconds.
  expect(second.stdout).toMatch(/^ {2}\/a\/:id +0\.3 +33\.3 % +20 ms +30 ms +30 ms$/m);
  expect(second.stdout).toContain("2 lines read");
  expect(second.code).toBe(0);
});

test("shows no latencies where the log has none", { timeout: 60_000 }, async () => {
  const log = join(directory, "plain.log");
  await writeFile(log, line("00:01", "/", 200, ""));
  const { stdout, code } = await run(log, "--once");
  expect(stdout).not.toContain("p99");
  expect(stdout).toMatch(/^ {2}\/ +0\.5 +0\.0 %$/m);
  expect(code).toBe(0);
});

test("shows the traffic of its own service, and ends by itself", { timeout: 60_000 }, async () => {
  const { stdout, stderr, code } = await run("--seconds", "5");
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^ {2}\/products\/:id +\d+\.\d +\d+\.\d % +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms$/m);
  expect(code).toBe(0);
});

test("says what is wrong with its arguments", { timeout: 60_000 }, async () => {
  const { stderr, code } = await run(join(directory, "nowhere"));
  expect(stderr).toContain("There is no file or directory");
  expect(code).toBe(1);
});
