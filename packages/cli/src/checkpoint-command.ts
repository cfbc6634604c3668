import { pathToFileURL } from "node:url";
import { SparkSession } from "millrace";
import {
  activeEngines,
  applyRepair,
  type CheckpointDifference,
  checkpointFileSystem,
  compareWithCheckpoint,
  countByKey,
  createNodeRuntime,
  describeCheckpoint,
  eraseKey,
  loadCheckpointKeys,
  lookInsteadOfStarting,
  planRepair,
  repartitionCheckpoint,
  verifyCheckpoint,
} from "millrace/engine";
import type { CheckpointOptions, EraseOptions, StateOptions } from "./checkpoint-options.ts";
import { Misuse } from "./misuse.ts";

/** `checkpoint ACTION DIRECTORY`. Exit code 1 when verify finds an error, or repair leaves one. */
export async function checkpointCommand(options: CheckpointOptions): Promise<number> {
  const { path, keys } = options;
  const base = createNodeRuntime();
  const runtime = { ...base, fs: checkpointFileSystem(base, path, await loadCheckpointKeys(keys, base)) };
  switch (options.action) {
    case "show":
      return show(path, runtime.fs, await countByKey(base.fs, path));
    case "verify":
      return verify(path, runtime.fs);
    case "repair":
      return repair(path, runtime, options.apply);
    case "repartition":
      return repartition(path, runtime, options.partitions);
    case "diff":
      return diff(path, options.file, options.words);
    case "state":
      return state(path, runtime, keys, options);
    case "erase":
      return erase(path, runtime, options);
  }
}

type Runtime = ReturnType<typeof createNodeRuntime>;
type FileSystem = Runtime["fs"];

async function show(path: string, fs: FileSystem, filesByKey: Awaited<ReturnType<typeof countByKey>>): Promise<number> {
  const found = await describeCheckpoint(fs, path);
  const time = (ms: number | null): string => (ms === null || ms === 0 ? "none" : new Date(ms).toISOString());
  const lines: (readonly [string, string])[] = [
    ["checkpoint", found.path],
    ["query id", found.queryId ?? "none"],
    ["last planned batch", `${found.latestOffsetBatch ?? "none"}`],
    ["last committed batch", `${found.latestCommittedBatch ?? "none"}`],
    ["next start", `batch ${found.nextBatch}${found.nextIsReplay ? ", which is repeated" : ""}`],
    ["batch time", time(found.batchTimestampMs)],
    ["watermark", time(found.watermarkMs)],
    ["output mode", found.outputMode ?? "not recorded"],
    ...found.offsets.map(
      (offset, i) => [`source ${i}`, `${found.sources?.[i] ?? ""} ${offset ?? "-"}`.trim()] as const,
    ),
    ...found.operators.map(({ operatorId, operatorName }) => {
      const name = found.operatorNames.get(operatorId);
      return [`state ${operatorId}`, name === undefined ? operatorName : `${name} (${operatorName})`] as const;
    }),
    ["state size", `${found.stateBytes} bytes`],
    ...(filesByKey.size === 1 && filesByKey.has(null)
      ? []
      : Array.from(
          filesByKey,
          ([key, files]) => [key === null ? "not encrypted" : `key ${key}`, `${files} files`] as const,
        )),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  process.stdout.write(`${lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n")}\n`);
  return 0;
}

async function verify(path: string, fs: FileSystem): Promise<number> {
  const findings = await verifyCheckpoint(fs, path);
  for (const finding of findings) {
    process.stdout.write(`${finding.severity}: ${finding.path}: ${finding.message}\n`);
  }
  const errors = findings.filter((finding) => finding.severity === "error").length;
  process.stdout.write(errors === 0 ? `${path}: the checkpoint can be continued\n` : `${path}: ${errors} errors\n`);
  return errors === 0 ? 0 : 1;
}

async function repair(path: string, runtime: Runtime, apply: boolean): Promise<number> {
  const plan = await planRepair(runtime.fs, path);
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const step of plan.steps) {
    say(`${apply ? "moved away" : "would move away"}: ${step.path}`);
    say(`  because: ${step.reason}`);
    say(`  then: ${step.consequence}`);
  }
  for (const { path: file, message } of plan.remaining) say(`cannot be mended: ${file}: ${message}`);
  if (plan.remaining.length > 0) {
    say(`${path}: nothing was changed; restore the checkpoint from a copy or start with a new one`);
    return 1;
  }
  if (plan.steps.length === 0) say(`${path}: nothing is to be mended`);
  else if (apply) {
    await applyRepair(runtime, path, plan);
    say(`${path}: the checkpoint can be continued; the files are in _engine/repaired`);
  } else say(`${path}: nothing was changed; --apply does it`);
  return 0;
}

async function repartition(path: string, runtime: Runtime, partitions: number): Promise<number> {
  const { batchId, from, to, rows } = await repartitionCheckpoint(runtime, path, partitions);
  process.stdout.write(
    `${path}: ${rows} entries of state are dealt out to ${to} partitions instead of ${from}, as batch ${batchId}\n`,
  );
  return 0;
}

async function state(
  path: string,
  runtime: Runtime,
  keys: string | undefined,
  { operator, where, limit, json, read }: StateOptions,
): Promise<number> {
  const builder = SparkSession.builder.master("local");
  if (keys !== undefined) builder.config("millrace.checkpoint.encryption.keys", keys);
  await using spark = await builder.create();
  const operatorId = operator === undefined ? 0 : await operatorIdOf(path, runtime.fs, operator);
  const all = spark.read.format("statestore").options(read).option("operatorId", operatorId).load(path);
  const rows = (where === undefined ? all : all.filter(where)).limit(limit);
  if (json) for (const { value } of await rows.toJSON().collect()) process.stdout.write(`${value}\n`);
  else await rows.show({ rows: limit, truncate: false });
  return 0;
}

async function erase(
  path: string,
  runtime: Runtime,
  { key, column, operator, store, dryRun }: EraseOptions,
): Promise<number> {
  const { stores, elsewhere, replayedBatch } = await eraseKey(runtime, path, {
    key,
    dryRun,
    ...(column === undefined ? {} : { column }),
    ...(operator === undefined ? {} : { operatorId: await operatorIdOf(path, runtime.fs, operator) }),
    ...(store === undefined ? {} : { storeName: store }),
  });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const found of stores) {
    const place = `state ${found.operatorId} ${found.operatorName}, ${found.storeName}`;
    const verb = dryRun ? "would erase" : "erased";
    if (found.records > 0)
      say(`${place}: ${verb} ${found.records} records (${found.columns.join(", ")}) from ${found.files} files`);
    if (found.inside > 0) say(`${place}: ${found.inside} records stay that have it inside of a longer value`);
  }
  if (stores.every(({ records }) => records === 0)) say(`${path}: no state has the key`);
  for (const file of elsewhere) say(`not changed, and mentions it: ${file}`);
  if (replayedBatch !== null) {
    say(`batch ${replayedBatch} was not committed: it is run again, and brings back what its sources still have`);
  }
  if (dryRun) say(`${path}: nothing was changed`);
  return 0;
}

/** A number, the name of an operator, or that of a kind of operator that stands once in the checkpoint. */
async function operatorIdOf(path: string, fs: FileSystem, name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const { operators, operatorNames } = await describeCheckpoint(fs, path);
  const named = operators.filter(({ operatorId }) => operatorNames.get(operatorId) === name);
  const found = named.length > 0 ? named : operators.filter(({ operatorName }) => operatorName === name);
  if (found.length === 1) return found[0]!.operatorId;
  const known = operators.map((o) => `${o.operatorId} ${o.operatorName}`).join(", ") || "none";
  throw new Misuse(`the checkpoint has ${found.length} operators ${name}; it has: ${known}`);
}

/** Runs the module without starting its queries. Exit code 1: the one of this checkpoint would be refused, or there is none. */
async function diff(path: string, file: string, words: readonly string[]): Promise<number> {
  process.argv = [process.argv[0]!, file, ...words];
  const found: (readonly CheckpointDifference[])[] = [];
  lookInsteadOfStarting(async (input) => {
    if (input.checkpointPath === path) found.push(await compareWithCheckpoint(input, path));
  });
  await import(pathToFileURL(file).href);
  await Promise.all(activeEngines().map((engine) => engine.stop()));
  if (found.length === 0) {
    process.stdout.write(`${file}: no query that it starts uses ${path}\n`);
    return 1;
  }
  const lines = found.flat().map(({ verdict, what, detail }) => `${verdict.padEnd(10)}  ${what}: ${detail}`);
  process.stdout.write(`${lines.join("\n")}\n`);
  return found.flat().some(({ verdict }) => verdict === "refused") ? 1 : 0;
}
