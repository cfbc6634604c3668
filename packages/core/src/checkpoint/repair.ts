/**
 * `millrace checkpoint repair`: what can be mended of a damaged checkpoint without losing or repeating a row. Files are not
 * deleted but moved to `_engine/repaired`. Nothing is changed by looking; {@link applyRepair} does it, under the lease.
 *
 * Mended is only what a run makes again by itself: the last entry of a log, when nothing was built on it; a snapshot whose state
 * the older files hold too; state that the next batch writes anew; and the record of what the query was.
 */
import { isMillraceError } from "../errors/index.ts";
import type { FileOperation, FileSystem } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { checkSideFiles } from "../state/side-files.ts";
import { readStateFile } from "../state/state-file.ts";
import { type CheckpointFiles, isTemporary, listOrEmpty, readText } from "./checkpoint-files.ts";
import { commitLogCodec } from "./commit-log.ts";
import { finishErasure } from "./erase/staged-erasure.ts";
import { isKeyProblem } from "./encryption/checkpoint-keys.ts";
import { acquireLease } from "./lease.ts";
import type { LogCodec } from "./metadata-log.ts";
import { offsetLogCodec } from "./offset-log.ts";
import { type Finding, verifyCheckpoint } from "./verify.ts";

export interface RepairStep {
  /** The file that is moved away. */
  readonly path: string;
  readonly reason: string;
  /** What the next run then does. */
  readonly consequence: string;
}
export interface RepairPlan {
  readonly steps: readonly RepairStep[];
  /** What stays damaged: only a copy of the checkpoint helps. */
  readonly remaining: readonly Finding[];
}

/** Reads all of the checkpoint and changes nothing. */
export async function planRepair(fs: FileSystem, directory: string): Promise<RepairPlan> {
  const findings = await verifyCheckpoint(fs, directory);
  const steps = [
    ...(await logSteps(fs, directory)),
    ...(await stateSteps(fs, directory)),
    ...factsSteps(findings, directory),
  ];
  for (const { path, message, severity } of findings) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (severity === "warning" && isTemporary(name) && !steps.some((step) => step.path === path)) {
      steps.push({ path, reason: message, consequence: "none" });
    }
  }
  const mended = new Set(steps.map(({ path }) => path));
  const remaining = findings.filter(({ path, severity }) => severity === "error" && !mended.has(path));
  return { steps, remaining };
}

/** Why a file of a log cannot be read, or null. */
async function damageOf<T>(fs: FileSystem, path: string, codec: LogCodec<T>): Promise<string | null> {
  try {
    const text = await readText(fs, path);
    if (text !== null) codec.decode(path, text);
    return null;
  } catch (error) {
    // A version of a later release is no damage, and neither is a key that is missing.
    if (isMillraceError(error, "UNSUPPORTED_LOG_VERSION") || isKeyProblem(error) || !isMillraceError(error))
      throw error;
    return error.message;
  }
}

async function lastOf(fs: FileSystem, log: string): Promise<number> {
  const entries = await listOrEmpty(fs, log);
  const ids = entries
    .filter(({ kind, name }) => kind === "file" && /^\d{1,15}$/.test(name))
    .map(({ name }) => Number(name));
  return Math.max(-1, ...ids);
}

async function logSteps(fs: FileSystem, directory: string): Promise<RepairStep[]> {
  const lastOffset = await lastOf(fs, `${directory}/offsets`);
  const lastCommit = await lastOf(fs, `${directory}/commits`);
  const steps: RepairStep[] = [];
  const commit = `${directory}/commits/${lastCommit}`;
  const offsets = `${directory}/offsets/${lastOffset}`;
  const commitDamage = lastCommit < 0 ? null : await damageOf(fs, commit, commitLogCodec);
  const offsetDamage = lastOffset < 0 ? null : await damageOf(fs, offsets, offsetLogCodec);
  if (commitDamage !== null && lastOffset === lastCommit && offsetDamage === null) {
    const consequence = `batch ${lastCommit} is run again with the same rows; a sink that is not exactly-once gets them a second time`;
    steps.push({ path: commit, reason: commitDamage, consequence });
  }
  if (offsetDamage !== null && lastCommit < lastOffset && !(await hasStateOf(fs, directory, lastOffset + 1))) {
    const consequence = `batch ${lastOffset}, of which nothing was committed, is made anew; see first that the sink has no batch ${lastOffset}`;
    steps.push({ path: offsets, reason: offsetDamage, consequence });
  }
  return steps;
}

/** The directories of all stores. */
async function storeDirectories(fs: FileSystem, directory: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (path: string): Promise<void> => {
    found.push(path);
    for (const { name, kind } of await listOrEmpty(fs, path)) {
      if (kind === "directory" && name !== "_metadata") await visit(`${path}/${name}`);
    }
  };
  for (const { name, kind } of await listOrEmpty(fs, `${directory}/state`)) {
    if (kind === "directory") await visit(`${directory}/state/${name}`);
  }
  return found;
}

async function hasStateOf(fs: FileSystem, directory: string, version: number): Promise<boolean> {
  for (const store of await storeDirectories(fs, directory)) {
    if ((await fs.stat(`${store}/${version}.delta`)) !== null) return true;
  }
  return false;
}

async function stateSteps(fs: FileSystem, directory: string): Promise<RepairStep[]> {
  const needed = (await lastOf(fs, `${directory}/commits`)) + 1;
  const steps: RepairStep[] = [];
  for (const store of await storeDirectories(fs, directory)) {
    const good = { delta: new Set<number>(), snapshot: new Set<number>() };
    const bad: {
      readonly kind: "delta" | "snapshot";
      readonly version: number;
      readonly path: string;
      readonly reason: string;
    }[] = [];
    for (const { name, kind: entry } of await listOrEmpty(fs, store)) {
      const match = /^(\d{1,15})\.(delta|snapshot)$/.exec(name);
      if (entry !== "file" || match === null) continue;
      const kind = match[2] === "delta" ? "delta" : "snapshot";
      const version = Number(match[1]);
      const path = `${store}/${name}`;
      const reason = await stateDamage(fs, path, kind);
      if (reason === null) good[kind].add(version);
      else bad.push({ kind, version, path, reason });
    }
    const readable = (version: number): boolean => {
      for (let v = version; v > 0; v--) {
        if (good.snapshot.has(v)) return true;
        if (!good.delta.has(v)) return false;
      }
      return true;
    };
    for (const { kind, version, path, reason } of bad) {
      if (version > needed) steps.push({ path, reason, consequence: "the next batch writes it again" });
      else if (kind === "snapshot" && readable(version)) {
        steps.push({ path, reason, consequence: "the state is read from older files, which hold it too" });
      }
    }
  }
  return steps;
}

async function stateDamage(fs: FileSystem, path: string, kind: "delta" | "snapshot"): Promise<string | null> {
  try {
    const bytes = await fs.readFile(path);
    const reason = await checkSideFiles(fs, path, bytes);
    if (reason === null) readStateFile(path, kind, bytes, () => undefined);
    return reason;
  } catch (error) {
    if (isKeyProblem(error) || !isMillraceError(error)) throw error;
    return error.message;
  }
}

function factsSteps(findings: readonly Finding[], directory: string): RepairStep[] {
  return findings
    .filter(
      ({ path, message }) => path === `${directory}/_engine/facts` && !message.startsWith("[UNSUPPORTED_LOG_VERSION]"),
    )
    .map(({ path, message }) => ({
      path,
      reason: message,
      consequence:
        "sources and output mode of the next run are recorded as they are: see that they are those of before",
    }));
}

/**
 * Moves the files of the plan to `_engine/repaired`, all of them durably.
 * @throws MillraceError CONCURRENT_QUERY.OTHER_PROCESS while a run holds the checkpoint
 */
export async function applyRepair(runtime: Runtime, directory: string, plan: RepairPlan): Promise<void> {
  const { fs, random } = runtime;
  const files: CheckpointFiles = { fs, random, durability: "fsync" };
  const lease = await acquireLease(files, runtime, directory);
  try {
    await finishErasure(files, directory);
    const aside = `${directory}/_engine/repaired`;
    const program: FileOperation[] = [{ op: "makeDirectory", path: aside }];
    const parents = new Set([aside]);
    for (const { path } of plan.steps) {
      const name = path.slice(directory.length + 1).replaceAll("/", "_");
      program.push({ op: "rename", from: path, to: `${aside}/${name}.${random.uuid()}` });
      parents.add(path.slice(0, path.lastIndexOf("/")));
    }
    for (const path of parents) program.push({ op: "syncDirectory", path });
    await fs.apply(program);
  } finally {
    await lease.release();
  }
}
