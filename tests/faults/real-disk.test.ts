/** A real disk that is full, and a real process that may open few files. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SparkSession } from "millrace";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { sortedTexts } from "../crash/crash-world.ts";

const files = 40;
const startMs = Date.parse("2024-01-01T00:00:00Z");
const node = [process.execPath, "--conditions=millrace-source", join(import.meta.dirname, "../crash/sigkill-child.ts")];
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-disk-"));
  mkdirSync(join(directory, "in"));
  for (let i = 0; i < files; i++) {
    const row = { user: "u", at: new Date(startMs + i * 60_000).toISOString() };
    writeFileSync(join(directory, "in", `${String(i).padStart(3, "0")}.json`), `${JSON.stringify(row)}\n`);
  }
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function run(...words: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(words[0]!, words.slice(1), {
    env: { ...process.env, NODE_OPTIONS: "", MILLRACE_DIRECTORY: directory, MILLRACE_MASTER: "local" },
    encoding: "utf8",
    timeout: 60_000,
  });
}

/** Every minute that the watermark closed, ten seconds behind the last row, was counted once. */
async function expectAll(): Promise<void> {
  const rest = run(...node);
  expect(rest.status, rest.stderr).toBe(0);
  await using spark = await SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create();
  const rows = await spark.read.schema("start timestamp, user string, n bigint").json(join(directory, "out")).collect();
  const minutes = Array.from({ length: files - 2 }, (_, i) => ({
    start: new Date(startMs + i * 60_000).toISOString(),
    user: "u",
    n: 1,
  }));
  expect(sortedTexts(rows)).toEqual(sortedTexts(minutes));
}

const namespace = ["-m", "-rm"].find((flag) => spawnSync("unshare", [flag, "true"]).status === 0);

test.runIf(namespace !== undefined)(
  "a checkpoint of 256 KB is full: a named error, no temporary file, and the query goes on with more room",
  async () => {
    const [checkpoint, saved] = [join(directory, "checkpoint"), join(directory, "saved")];
    mkdirSync(checkpoint);
    const script = `mount -t tmpfs -o size=256k none "$1" || exit 99; shift 2; "$@"; code=$?; cp -a ${checkpoint} ${saved}; exit $code`;
    const full = run("unshare", namespace!, "sh", "-c", script, "sh", checkpoint, saved, ...node);
    expect(full.status, full.stderr).not.toBe(99);
    expect(full.status, full.stderr).not.toBe(0);
    expect(full.stderr).toContain("CHECKPOINT_WRITE_FAILED");
    expect(full.stderr).toContain("ENOSPC");
    const left = readdirSync(saved, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(left.filter((name) => /^commits\/\d+$/.test(name)).length).toBeGreaterThan(0);
    rmSync(checkpoint, { recursive: true });
    cpSync(saved, checkpoint, { recursive: true, preserveTimestamps: true });
    await expectAll();
    fired("B8");
  },
  90_000,
);

test("a process that may open few files fails by name, or not at all, and goes on with more", async () => {
  let failures = 0;
  for (const most of [22, 24, 26, 28, 32, 40]) {
    const limited = run("sh", "-c", `ulimit -n ${most} && exec "$@"`, "sh", ...node);
    if (limited.status === 0) break;
    failures++;
    expect(limited.stderr).toMatch(/EMFILE|too many open files/i);
  }
  await expectAll();
  expect(failures).toBeGreaterThan(0);
  fired("B10", failures);
}, 120_000);
