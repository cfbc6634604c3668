/** Mistakes with batches of the trigger `realTime`, and with state that is dealt out to another number of partitions. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const { realTime, repartition } = testFiles;
const batchFile = "streaming/real-time-batch.ts";
const repartitionFile = "checkpoint/repartition.ts";

const logging = "    const batch = logged ?? (await logBatch(run, begun));\n";
const ending = '    await run.step("P8", batchId);\n    await abortable(clock, run.abort, () => rows.end());\n';
const committing = '    await run.durations.time("commitOffsets", () => writeCommit(run, batchId));\n';
const ended = "    await lease.apply(writeRepartitionsProgram(files, checkpoint, { done, begun: null }));\n";
const logged = "    if ((await offsets.get(batchId)) === null) {\n";

type Change = Pick<Edit, "find" | "replace"> & { readonly file?: string };

function change(name: string, file: string, tests: readonly string[], ...edits: readonly Change[]): Mutant {
  return { name, edits: edits.map((edit): Edit => ({ file, ...edit })), tests };
}
const live = (name: string, ...edits: readonly Change[]): Mutant =>
  change(`real time: ${name}`, batchFile, [realTime], ...edits);
const dealing = (name: string, ...edits: readonly Change[]): Mutant =>
  change(`repartition: ${name}`, repartitionFile, [repartition], ...edits);

export const realTimeMutants: readonly Mutant[] = [
  live(
    "the sink ends a batch before its offsets",
    { find: ending, replace: "" },
    { find: logging, replace: ending + logging },
  ),
  live(
    "the commit before the sink has ended the batch",
    { find: committing, replace: "" },
    { find: ending, replace: committing + ending },
  ),
  live("no offsets", {
    find: '  await run.durations.time("walCommit", () => writeOffsets(run, batch.batchId, entry));\n',
    replace: "",
  }),
  live("the offsets of its begin", {
    find: "const entry: OffsetLogEntry = { ...begun.entry, offsets: loggedOffsets(run) };",
    replace: "const entry: OffsetLogEntry = begun.entry;",
  }),
  live("a batch that was logged is made anew", {
    find: "  const logged = run.batch;\n",
    replace: "  const logged = null;\n",
  }),
  live("sources forget before the offsets", {
    find: logging,
    replace: `    for (const { source, end } of run.sources) if (end !== null) await source.commit(end);\n${logging}`,
  }),
  live("a batch that failed is not given up", { find: "    await rows.abort(error);\n", replace: "" }),
  live("the next batch has the same number", { find: "  run.nextBatchId = batch.batchId + 1;\n", replace: "" }),
  dealing("its begin is not written down", {
    find: "    await lease.apply(writeRepartitionsProgram(files, checkpoint, { ...record, begun }));\n",
    replace: "",
  }),
  dealing(
    "its end is written down before its batch",
    { find: ended, replace: "" },
    { find: logged, replace: ended + logged },
  ),
  dealing("its end is not written down", { find: ended, replace: "" }),
  dealing("a query goes on in between", {
    file: "checkpoint/repartition-record.ts",
    find: "  if (unfinished === null) return;\n",
    replace: "  if (unfinished === null || checkpoint !== null) return;\n",
  }),
  dealing("a partition is left out", {
    find: "partition < sources; partition++",
    replace: "partition < sources - 1; partition++",
  }),
  dealing("the settings keep the old number", {
    find: "[partitionsKey, String(partitions)]",
    replace: "[partitionsKey, String(from)]",
  }),
  dealing("the operators keep the old number", {
    find: "({ ...store, numPartitions: partitions })",
    replace: "({ ...store })",
  }),
  dealing("state is not synced", {
    find: 'atomicWrite(path, encodeSnapshot(map), "replace", random.uuid(), durability)',
    replace: 'atomicWrite(path, encodeSnapshot(map), "replace", random.uuid(), "spark")',
  }),
  dealing("state of the batch before is written over", {
    find: "/${version + 1}.snapshot`",
    replace: "/${version}.snapshot`",
  }),
];
