/** Neighbouring steps of the micro-batch protocol swapped, one pair at a time. The step labels stay where they are. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const { enumeration, fileSink, fileSource, fileWrite, logs, offsets, recovery, state } = testFiles;

const construct = "streaming/construct-batch.ts";
const loop = "streaming/micro-batch-execution.ts";
const batchFile = "streaming/run-batch.ts";

const startOffsets = 'const logged = run.durations.time("walCommit", () => writeOffsets(run, batchId, entry));';
const advance = 'await run.durations.time("latestOffset", () => advanceSources(run));';
const stateMetadata = "await writeStateMetadata(run, batch);";
const writeMetadata = 'await run.durations.time("queryPlanning", () => run.state.writeMetadata());';
const thenSources = "const logged = batch.logged\n      .then(() => commitSources(run, batchId))";
const startRows = "const writing = abortable(";
const join = "const write = await besides(clock, writing, logged);";
const commitState = "const stateCommitMs = await commitState(run, state, sideFiles);";
/** The same before the sources have told what they write with the batch. */
const commitStateNow = "const stateCommitMs = await commitState(run, state, sourceFiles(run, batchId));";
const commitSink = "await abortable(clock, run.abort, () => write.commit());";
const updateWatermark = "run.tracker.update(eventTimes, entry.batchTimestampMs);";
const writeCommit = 'await run.durations.time("commitOffsets", () => writeCommit(run, batchId));';
const maintain = "this.#maintain(batch.batchId);";

/** The offsets of a new batch are not written when it is constructed, but where `offsetsNow` stands. */
const offsetsLater: Edit = {
  file: construct,
  find: startOffsets,
  replace: `await run.step("P2", batchId);
  await run.step("P3", batchId);
  void writeOffsets;
  let writing;
  const write = () => (writing ??= run.checkpoint.writeOffsets(batchId, entry));
  const logged = Object.assign(Promise.resolve(), { write });`,
};
/** A batch that is run again has them already. */
const offsetsNow = "await (batch.logged as { write?: () => Promise<void> }).write?.();";
/** The state metadata, which come once in a run, still follow the offsets: that they do not is a mutant of its own. */
const metadataWaits: Edit = { file: batchFile, find: "await batch.logged;", replace: offsetsNow };

function remove(file: string, find: string): Edit {
  return { file, find, replace: "" };
}

export const orderMutants: readonly Mutant[] = [
  {
    name: "P1/P3: offsets are taken after they are logged",
    edits: [
      remove(construct, advance),
      { file: construct, find: startOffsets, replace: `${startOffsets}\n  ${advance}` },
    ],
    tests: [recovery],
  },
  {
    name: "P3/P4: sources forget before the offsets are durable",
    edits: [
      {
        file: construct,
        find: startOffsets,
        replace: `for (const { source, start } of run.sources) if (start !== null && batchId > 0) await source.commit(start);
  ${startOffsets}`,
      },
      {
        file: batchFile,
        find: thenSources,
        replace: 'void commitSources;\n    const logged = batch.logged\n      .then(() => run.step("P4", batchId))',
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P3/P5: state metadata before the offsets",
    edits: [offsetsLater, { file: batchFile, find: stateMetadata, replace: `${stateMetadata}\n  ${offsetsNow}` }],
    tests: [offsets, enumeration],
  },
  {
    name: "P3/P5: state metadata beside the offsets",
    edits: [remove(batchFile, "if (run.state.hasUnwrittenMetadata) await batch.logged;")],
    tests: [offsets, enumeration],
  },
  {
    name: "P3/P6: offsets after the sink was written",
    edits: [offsetsLater, metadataWaits, { file: batchFile, find: join, replace: `${join}\n    ${offsetsNow}` }],
    tests: [enumeration],
  },
  {
    name: "P3/P7: nothing waits for the offsets",
    edits: [
      {
        file: batchFile,
        find: join,
        replace: "logged.catch(() => undefined);\n    void besides;\n    const write = await writing;",
      },
    ],
    tests: [offsets, enumeration],
  },
  {
    name: "P3/P7: offsets after the state",
    edits: [
      offsetsLater,
      metadataWaits,
      { file: batchFile, find: commitState, replace: `${commitState}\n    ${offsetsNow}` },
    ],
    tests: [offsets, enumeration],
  },
  {
    name: "P3/P8: the offsets are waited for after the state",
    edits: [
      { file: batchFile, find: join, replace: "logged.catch(() => undefined);\n    const write = await writing;" },
      { file: batchFile, find: commitState, replace: `${commitState}\n    await besides(clock, writing, logged);` },
    ],
    tests: [offsets, enumeration],
  },
  {
    name: "P3/P8: offsets after the sink commit",
    edits: [
      offsetsLater,
      metadataWaits,
      { file: batchFile, find: commitSink, replace: `${commitSink}\n    ${offsetsNow}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P3/P9: the offsets are waited for after the sink commit",
    edits: [
      { file: batchFile, find: join, replace: "logged.catch(() => undefined);\n    const write = await writing;" },
      { file: batchFile, find: commitSink, replace: `${commitSink}\n    await besides(clock, writing, logged);` },
    ],
    tests: [offsets, enumeration],
  },
  {
    name: "P3/P10: offsets after the commit",
    edits: [
      offsetsLater,
      metadataWaits,
      { file: batchFile, find: writeCommit, replace: `${writeCommit}\n    ${offsetsNow}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P3/P6: a batch that fails does not wait for its offsets",
    edits: [remove(batchFile, "await settleWithinGrace(clock, () => Promise.allSettled([work, other]));")],
    tests: [offsets, enumeration],
  },
  {
    name: "P4/P7: nothing waits for what sources forget",
    edits: [
      {
        file: batchFile,
        find: thenSources,
        replace:
          "void batch.logged.then(() => commitSources(run, batchId)).catch(() => undefined);\n    const logged = batch.logged",
      },
    ],
    tests: [offsets, enumeration],
  },
  {
    name: "P4/P10: sources forget the running batch",
    edits: [
      {
        file: construct,
        find: "for (const { source, start } of run.sources) {",
        replace: "for (const { source, end: start } of run.sources) {",
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P5/P6: state metadata after the sink was written",
    edits: [
      remove(batchFile, writeMetadata),
      { file: batchFile, find: join, replace: `${join}\n    ${writeMetadata}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P5/P7: state metadata after the state",
    edits: [
      remove(batchFile, writeMetadata),
      { file: batchFile, find: commitState, replace: `${commitState}\n    ${writeMetadata}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P5/P10: state metadata after the commit",
    edits: [
      remove(batchFile, writeMetadata),
      { file: batchFile, find: writeCommit, replace: `${writeCommit}\n    ${writeMetadata}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P6/P7: the state is committed before the rows are computed",
    edits: [
      { file: batchFile, find: startRows, replace: `${commitStateNow}\n    ${startRows}` },
      {
        file: batchFile,
        find: `await run.step("P7", batchId);\n    ${commitState}`,
        replace: 'await run.step("P7", batchId);',
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P6/P7: the state is committed beside the rows",
    edits: [
      { file: batchFile, find: join, replace: `${commitStateNow}\n    ${join}` },
      {
        file: batchFile,
        find: `await run.step("P7", batchId);\n    ${commitState}`,
        replace: 'await run.step("P7", batchId);',
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P7/P8: the sink commit before the state",
    edits: [
      { file: batchFile, find: commitState, replace: `${commitSink}\n    prepared = null;\n    ${commitState}` },
      {
        file: batchFile,
        find: `await run.step("P8", batchId);\n    ${commitSink}`,
        replace: 'await run.step("P8", batchId);',
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P7/P10: the state after the commit",
    edits: [
      { file: batchFile, find: commitState, replace: "let stateCommitMs = 0;" },
      {
        file: batchFile,
        find: writeCommit,
        replace: `${writeCommit}\n    stateCommitMs = await commitState(run, state, sideFiles);`,
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P8/P10: the sink commit after the commit",
    edits: [
      remove(batchFile, commitSink),
      { file: batchFile, find: writeCommit, replace: `${writeCommit}\n    ${commitSink}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P9/P10: the watermark after the commit",
    edits: [
      remove(batchFile, updateWatermark),
      { file: batchFile, find: writeCommit, replace: `${writeCommit}\n    ${updateWatermark}` },
    ],
    tests: [enumeration],
  },
  {
    name: "P10/P11: maintenance before the batch",
    edits: [
      remove(loop, maintain),
      {
        file: loop,
        find: "const outcome = await runBatch(run, batch);",
        replace: `${maintain}\n      const outcome = await runBatch(run, batch);`,
      },
    ],
    tests: [enumeration],
  },
  {
    name: "P2: the facts after the offsets",
    edits: [
      {
        file: "streaming/query-checkpoint.ts",
        find: "[...facts, ...offsets.addProgram(batchId, entry)]",
        replace: "[...offsets.addProgram(batchId, entry), ...facts]",
      },
    ],
    tests: [enumeration],
  },
  {
    name: "source log: nothing waits for the sizes",
    edits: [
      {
        file: "sources/files/file-source-log.ts",
        find: "await allSettled([applyCheckpointProgram(fs, this.#sizesProgram(id, files)), applyCheckpointProgram(fs, program)]);",
        replace: `void allSettled([applyCheckpointProgram(fs, this.#sizesProgram(id, files))]).catch(() => undefined);
    await applyCheckpointProgram(fs, program);`,
      },
    ],
    tests: [fileSource],
  },
  {
    name: "log: a compact file that becomes a plain one loses its own entries",
    edits: [
      {
        file: "checkpoint/compactible-log.ts",
        find: '["v1", ...own].join("\\n"), "replace")',
        replace: '"v1", "replace")',
      },
    ],
    tests: [logs],
  },
  {
    name: "log: the interval doubles while there is a compact file in between",
    edits: [
      {
        file: "checkpoint/compactible-log.ts",
        find: '{ op: "remove", path: `${path}.compact` },',
        replace: "",
      },
    ],
    tests: [logs],
  },
  {
    name: "source log: an entry is left without sizes",
    edits: [
      {
        file: "sources/files/file-stream-source.ts",
        find: "else await this.#log.completeSizes(from);",
        replace: "",
      },
    ],
    tests: [fileSource],
  },
  {
    name: "file sink: the manifest before the data",
    edits: [
      { file: "sinks/files/file-sink.ts", find: "      await files.finish();\n", replace: "" },
      {
        file: "sinks/files/file-sink.ts",
        find: "await this.#manifest.add(batch.batchId, entries);",
        replace: "await this.#manifest.add(batch.batchId, entries);\n        await files.finish();",
      },
    ],
    tests: [fileSink],
  },
  {
    name: "batch write: _SUCCESS before the files are moved",
    edits: [
      {
        file: "sinks/files/file-write.ts",
        find: '{ op: "remove", path: success, ifExists: true },',
        replace: '{ op: "write", path: success, bytes: new Uint8Array(0) },',
      },
    ],
    tests: [fileWrite],
  },
  {
    name: "batch write: the old files go before the new ones come",
    edits: [
      {
        file: "sinks/files/file-write.ts",
        find: "      ...durable,\n      ...replaced,\n",
        replace: "      ...durable,\n",
      },
      {
        file: "sinks/files/file-write.ts",
        find: "      ...this.#moved.map(({ from, to }): FileOperation =>",
        replace: "      ...replaced,\n      ...durable,\n      ...this.#moved.map(({ from, to }): FileOperation =>",
      },
    ],
    tests: [fileWrite],
  },
  {
    name: "state: the old snapshot goes after the new delta",
    edits: [
      {
        file: "state/state-files.ts",
        find: '[{ op: "remove", path: this.path(version, "snapshot"), ifExists: true }, ...program]',
        replace: '[...program, { op: "remove", path: this.path(version, "snapshot"), ifExists: true }]',
      },
    ],
    tests: [state, enumeration],
  },
];
