/**
 * `npm run examples [-- NAME …] [-- --bless]`: runs every folder of examples/ that has a main.ts and an expected.txt, with
 * the Node that runs this script, and compares what it prints. `--bless` rewrites expected.txt instead.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blessOutput, compareOutput } from "./examples/compare-output.ts";

const limitMs = 60_000;
const root = join(import.meta.dirname, "..");
const folder = join(root, "examples");

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  /** In words; undefined when it ended by itself with 0. */
  readonly failure: string | undefined;
  readonly ms: number;
}

/** Runs one example. What it writes to its working files goes to an empty folder named by MILLRACE_EXAMPLE_DIR. */
function runExample(name: string): Promise<Run> {
  const started = performance.now();
  const scratch = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  const main = join(folder, name, "main.ts");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=millrace-source", main], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, MILLRACE_EXAMPLE_DIR: scratch, TZ: "UTC", NO_COLOR: "1" },
    });
    let stdout = "";
    let stderr = "";
    let late = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limitMs);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      rmSync(scratch, { recursive: true, force: true });
      const failure = late
        ? `no end after ${limitMs / 1000} s`
        : code === 0
          ? undefined
          : `ended with ${code ?? signal}`;
      resolve({ stdout, stderr, failure, ms: performance.now() - started });
    });
  });
}

const args = process.argv.slice(2);
const bless = args.includes("--bless");
const chosen = args.filter((arg) => !arg.startsWith("--"));
const available = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "main.ts")))
  .map((entry) => entry.name)
  .toSorted();
const names = (chosen.length > 0 ? chosen : available).filter(
  (name) => bless || chosen.length > 0 || existsSync(join(folder, name, "expected.txt")),
);

let failed = 0;
for (const name of names) {
  if (!available.includes(name)) {
    console.log(`${name.padEnd(32)} FAILED\n  there is no such example`);
    failed++;
    continue;
  }
  const expectedFile = join(folder, name, "expected.txt");
  const expected = existsSync(expectedFile) ? readFileSync(expectedFile, "utf8") : "";
  const run = await runExample(name);
  if (bless && run.failure === undefined) writeFileSync(expectedFile, blessOutput(expected, run.stdout));
  const difference = run.failure ?? (bless ? undefined : compareOutput(expected, run.stdout));
  console.log(
    `${name.padEnd(32)} ${(run.ms / 1000).toFixed(1).padStart(5)} s  ${difference === undefined ? "ok" : "FAILED"}`,
  );
  if (difference !== undefined) {
    failed++;
    console.log(`  ${difference}`);
    if (run.stderr !== "") console.log(run.stderr.trimEnd().replace(/^/gm, "  | "));
  }
}
console.log(`examples: ${names.length - failed} passed, ${failed} failed`);
if (failed > 0 || names.length === 0) process.exitCode = 1;
