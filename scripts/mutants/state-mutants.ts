/** Mistakes in what keeps state: keys lost, times off by one, watermarks of the wrong batch, files of another attempt. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const { aggregate, deduplicate, query, recovery, simulation, state, stateful, tracker } = testFiles;
const deduplicateFile = "execution/stateful/state-deduplicate.ts";
const aggregateFile = "execution/stateful/state-aggregate.ts";
const limitFile = "execution/stateful/state-limit.ts";
const storeFile = "state/hdfs-state-store.ts";
const filesFile = "state/state-files.ts";

function change(name: string, tests: readonly string[], file: string, find: string, replace: string): Mutant {
  const edit: Edit = { file, find, replace };
  return { name: `state: ${name}`, edits: [edit], tests };
}

export const stateMutants: readonly Mutant[] = [
  change(
    "deduplication forgets the keys of a batch",
    [deduplicate, simulation],
    deduplicateFile,
    "store.putNew(bytes, starts[i - from]!, ends[i - from]!, value, 0, value.length) >= 0",
    "store.find(bytes, starts[i - from]!, ends[i - from]!) < 0",
  ),
  change(
    "deduplication within the watermark forgets at the first row's time",
    [deduplicate],
    deduplicateFile,
    "const delay = Number(delayMicros);",
    "const delay = 0 * Number(delayMicros);",
  ),
  change(
    "a row at the watermark is not late",
    [deduplicate, simulation],
    "execution/stateful/state-partition.ts",
    "halves[2 * i]! >>> 0 <= low",
    "halves[2 * i]! >>> 0 < low",
  ),
  change(
    "a key at the watermark stays",
    [deduplicate, aggregate],
    "execution/stateful/key-event-time.ts",
    "return word(bytes, at) >>> 0 <= limitHalves[0]! >>> 0;",
    "return word(bytes, at) >>> 0 < limitHalves[0]! >>> 0;",
  ),
  change(
    "rows are late by the watermark of their own batch",
    [simulation],
    "streaming/construct-batch.ts",
    "lateWatermarkMs: run.lastWatermarkMs,",
    "lateWatermarkMs: batchWatermarkMs,",
  ),
  change(
    "the watermark is a millisecond ahead",
    [tracker, simulation],
    "streaming/watermark-tracker.ts",
    "floorMillis(stats.maxMicros) - node.delayMs;",
    "floorMillis(stats.maxMicros) - node.delayMs + 1;",
  ),
  change(
    "the watermark steps back",
    [tracker, simulation],
    "streaming/watermark-tracker.ts",
    "if (chosen > this.#globalMs) this.#globalMs = chosen;",
    "this.#globalMs = chosen;",
  ),
  change(
    "the watermark of the commit is forgotten by a restart",
    [recovery, simulation],
    "streaming/recover.ts",
    "watermarkMs: done ? Math.max(entry.batchWatermarkMs, commit?.nextBatchWatermarkMs ?? 0) : entry.batchWatermarkMs,",
    "watermarkMs: entry.batchWatermarkMs,",
  ),
  change(
    "a repeated batch takes its own watermark for that of late rows",
    [recovery, simulation],
    "streaming/recover.ts",
    "lastWatermarkMs: done ? entry.batchWatermarkMs : (before?.batchWatermarkMs ?? 0),",
    "lastWatermarkMs: entry.batchWatermarkMs,",
  ),
  change(
    "no batch without data",
    [stateful, simulation],
    "streaming/stateful-operators.ts",
    'return batchWithoutData === "whenWatermarkMoves" && next.get(operatorId)! > last.get(operatorId)!;',
    "return next.get(operatorId)! > last.get(operatorId)! + 1e15;",
  ),
  change(
    "an aggregation does not take up the state of a key",
    [aggregate],
    aggregateFile,
    "        if (entry < 0) continue;\n",
    "        if (entry < store.size + to) continue;\n",
  ),
  change(
    "a window that came out stays",
    [aggregate],
    aggregateFile,
    "for (const entry of due) store.removeEntry(entry);",
    'if (this.#plan.outputMode !== "append") for (const entry of due) store.removeEntry(entry);',
  ),
  change(
    "update mode keeps expired groups",
    [aggregate],
    aggregateFile,
    "for (const entry of due) store.removeEntry(entry);",
    'if (this.#plan.outputMode !== "update") for (const entry of due) store.removeEntry(entry);',
  ),
  change(
    "a limit forgets what came out",
    [stateful, simulation],
    limitFile,
    "      store.put(key, encodeRow([bigintType], [BigInt(count)]));\n",
    "",
  ),
  change(
    "a batch that is given up leaves its changes in memory",
    [state],
    "state/open-store.ts",
    "    this.#map.abort();\n",
    "",
  ),
  change(
    "a snapshot of an earlier attempt outlives its delta",
    [state],
    filesFile,
    "return this.snapshots.has(version)\n",
    "return this.snapshots.has(-version - 1)\n",
  ),
  change(
    "maintenance removes deltas that a retained version needs",
    [state, simulation],
    filesFile,
    "const earliest = latest - retain;",
    "const earliest = latest + retain;",
  ),
  change(
    "an eviction is not written to the delta",
    [state, simulation],
    "state/state-file.ts",
    "    writer.range(arena, keyStart, keyEnd);\n    if (valueEnd < 0) writer.int32(-1);\n    else writer.range(",
    "    if (valueEnd < 0) return;\n    writer.range(arena, keyStart, keyEnd);\n    writer.range(",
  ),
  change(
    "what a failed snapshot left is not removed",
    [state],
    storeFile,
    "await applyAtomicWrites(this.#files.fs, program);",
    "await this.#files.fs.apply(program);\n    void applyAtomicWrites;",
  ),
  change(
    "a hole in the logs after a purge that failed",
    [query],
    "streaming/query-checkpoint.ts",
    "      if (program.length > 0) await fs.apply(program);\n      commits.purged(belowBatchId);\n      offsets.purged(belowBatchId);\n",
    "      commits.purged(belowBatchId);\n      offsets.purged(belowBatchId);\n      if (program.length > 0) await fs.apply(program);\n",
  ),
];
