/** A real process on a real disk is killed at the steps of its batches, fifty times; every row counts once in the end. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SparkSession } from "millrace";
import { SeededRandom, type StepName } from "millrace/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { sortedTexts } from "./crash-world.ts";

const steps: readonly StepName[] = ["P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10"];
const kills = 50;
const files = 160;
const minuteMs = 60_000;
const startMs = Date.parse("2024-01-01T00:00:00Z");

let directory: string;
let expected: string[];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-sigkill-"));
  expected = writeInput();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A quarter of a minute of clicks per file, two files a batch; returns the counts of the minutes that the watermark closes. */
function writeInput(): string[] {
  const counts = new Map<string, number>();
  mkdirSync(join(directory, "in"));
  let latest = 0;
  for (let file = 0; file < files; file++) {
    const rows = Array.from({ length: 5 }, (_, i) => {
      const at = startMs + file * 15_000 + i * 2_500;
      const user = `u${(file + i) % 3}`;
      const key = JSON.stringify([Math.floor(at / minuteMs) * minuteMs, user]);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      latest = Math.max(latest, at);
      return JSON.stringify({ user, at: new Date(at).toISOString() });
    });
    const path = join(directory, "in", `${String(file).padStart(3, "0")}.json`);
    writeFileSync(path, `${rows.join("\n")}\n`);
    utimesSync(path, new Date(Date.now() - (files - file) * 1000), new Date(Date.now() - (files - file) * 1000));
  }
  const closed = [...counts].flatMap(([key, n]) => {
    const [start, user] = JSON.parse(key) as [number, string];
    return start + minuteMs <= latest - 10_000 ? [{ start: new Date(start).toISOString(), user, n }] : [];
  });
  return sortedTexts(closed);
}

/** The newest batch in a log of the checkpoint, −1 when there is none. */
function newest(log: "offsets" | "commits"): number {
  const path = join(directory, "checkpoint", log);
  if (!existsSync(path)) return -1;
  return Math.max(
    -1,
    ...readdirSync(path)
      .filter((name) => /^\d+$/.test(name))
      .map(Number),
  );
}

interface Kill {
  readonly step: StepName;
  readonly batchId: number;
  readonly delayMs: number;
  readonly signal?: "SIGSTOP";
}

const program = ["--conditions=millrace-source", join(import.meta.dirname, "sigkill-child.ts")];

function environment(master: string, kill: Kill | undefined, state = "memory"): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: "",
    // Filled by the first process that is not killed; a start then takes a third of the time.
    NODE_COMPILE_CACHE: join(directory, "compiled"),
    MILLRACE_MASTER: master,
    MILLRACE_DIRECTORY: directory,
    MILLRACE_STATE: state,
    MILLRACE_SIGNAL: kill?.signal ?? "SIGKILL",
    MILLRACE_KILL_STEP: kill?.step ?? "",
    MILLRACE_KILL_BATCH: String(kill?.batchId ?? -1),
    MILLRACE_KILL_DELAY: String(kill?.delayMs ?? 0),
  };
}

/** The signal that ended the query; null when it came to its end. */
function runChild(master: string, kill?: Kill, state?: string): string | null {
  const env = environment(master, kill, state);
  const child = spawnSync(process.execPath, program, { env, encoding: "utf8", timeout: 60_000 });
  if (child.signal !== null) return child.signal;
  if (child.status !== 0) throw new Error(`the query failed:\n${child.stderr}`);
  return null;
}

test.runIf(process.platform === "linux")(
  "a second process is refused while the first lives",
  async () => {
    const env = environment("local", { step: "P8", batchId: 1, delayMs: 0, signal: "SIGSTOP" });
    const first = spawn(process.execPath, program, { env, stdio: "ignore" });
    try {
      const state = (): string => readFileSync(`/proc/${first.pid}/stat`, "latin1").replace(/^.*\) /, "")[0]!;
      while (state() !== "T") await new Promise((resolve) => setTimeout(resolve, 20));
      expect(() => runChild("local")).toThrow(new RegExp(`CONCURRENT_QUERY.OTHER_PROCESS.*${first.pid}`));
      expect([newest("offsets"), newest("commits")]).toEqual([1, 0]);
      fired("E10");
    } finally {
      first.kill("SIGKILL");
    }
  },
  60_000,
);

test("a query that is killed fifty times counts every row once", async () => {
  const random = new SeededRandom(5);
  const histogram = new Map(steps.map((step) => [step, 0]));
  const startedAt = performance.now();
  for (let kill = 0; kill < kills; kill++) {
    const step = steps[random.below(steps.length)]!;
    // A batch whose offsets are logged is repeated from P5 on.
    const constructs = step === "P2" || step === "P3" || step === "P4";
    const batchId = newest(constructs ? "offsets" : "commits") + 1 + random.below(2);
    // Every second time not between two file operations, but somewhere in what follows the step.
    const delayMs = kill % 2 === 0 ? 0 : 1 + random.below(4);
    // Every fifth time the files of a batch are read by two threads.
    const master = kill % 5 === 4 ? "local[2]" : "local";
    // Most of the time state lies on the local disk, which is lost now and then.
    const state = kill % 3 === 2 ? "memory" : "@millrace/state-disk";
    if (kill % 7 === 6) rmSync(join(directory, "local"), { recursive: true, force: true });
    const place = `${step} of batch ${batchId} on ${master}, state in ${state}`;
    expect(runChild(master, { step, batchId, delayMs }, state), place).toBe("SIGKILL");
    histogram.set(step, histogram.get(step)! + 1);
  }
  const before = newest("commits");
  expect(runChild("local", undefined, "@millrace/state-disk")).toBe(null);
  const shown = [...histogram].map(([step, n]) => `${step}: ${n}`).join(", ");
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`${kills} kills by SIGKILL up to batch ${before} (${shown}), ${seconds} s`);
  expect(Math.min(...histogram.values())).toBeGreaterThan(0);

  await using spark = await SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create();
  const rows = await spark.read.schema("start timestamp, user string, n bigint").json(join(directory, "out")).collect();
  expect(sortedTexts(rows)).toEqual(expected);
  fired("A3", histogram.get("P5")! + histogram.get("P6")!);
  fired("A6", histogram.get("P7")!);
  fired("A7", histogram.get("P8")!);
}, 400_000);
