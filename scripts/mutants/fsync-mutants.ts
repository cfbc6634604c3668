/** Every fsync removed, one at a time, at each place that asks for one. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const { enumeration, fileSink, fileSource, fileWrite, lease, logs, state } = testFiles;

/** Places that call `atomicWrite`, directly or not: the expression that gives the file program. */
const atomicWrites: readonly { name: string; file: string; program: string; tests: readonly string[] }[] = [
  {
    name: "offsets/N",
    file: "streaming/query-checkpoint.ts",
    program: "...offsets.addProgram(batchId, entry)",
    tests: [enumeration],
  },
  {
    name: "commits/N",
    file: "streaming/query-checkpoint.ts",
    program: "commits.addProgram(batchId, { nextBatchWatermarkMs })",
    tests: [enumeration],
  },
  {
    name: "metadata",
    file: "checkpoint/query-metadata.ts",
    program: '...writeTextProgram(files, `${checkpoint}/metadata`, JSON.stringify({ id }), "create")',
    tests: [enumeration],
  },
  {
    name: "_engine/facts",
    file: "checkpoint/engine-files.ts",
    program: '...writeTextProgram(files, factsPath(checkpoint), text, "replace")',
    tests: [enumeration],
  },
  {
    name: "lease taken",
    file: "checkpoint/lease.ts",
    program: '...writeTextProgram(files, path, textNow(false), "create")',
    tests: [lease, enumeration],
  },
  {
    name: "lease renewed",
    file: "checkpoint/lease.ts",
    program: 'writeTextProgram(files, path, textNow(false), "replace")',
    tests: [lease, enumeration],
  },
  {
    name: "lease released",
    file: "checkpoint/lease.ts",
    program: 'writeTextProgram(files, path, textNow(true), "replace")',
    tests: [lease, enumeration],
  },
  {
    name: "sources/S/N",
    file: "sources/files/file-source-log.ts",
    program: "await this.#log.addProgram(id, entries)",
    tests: [fileSource],
  },
  {
    name: "_engine/sources/S/N",
    file: "sources/files/file-source-log.ts",
    program: 'atomicWrite(`${this.#sizesDirectory}/${id}`, bytes, "replace", runtime.random.uuid(), durability)',
    tests: [fileSource],
  },
  {
    name: "sink manifest N",
    file: "checkpoint/compactible-log.ts",
    program: "await this.addProgram(batchId, entries)",
    tests: [logs, fileSink],
  },
  {
    name: "sink owner",
    file: "checkpoint/engine-files.ts",
    program: '...writeTextProgram(files, sinkOwnerPath(output), queryId, "replace")',
    tests: [fileSink],
  },
  {
    name: "state snapshot",
    file: "state/hdfs-state-store.ts",
    program: '...atomicWrite(path, snapshot, "replace", files.random.uuid(), files.durability)',
    tests: [state, enumeration],
  },
  {
    name: "state delta",
    file: "state/state-files.ts",
    program: 'atomicWrite(this.path(version, "delta"), delta, "replace", this.random.uuid(), this.durability)',
    tests: [state, enumeration],
  },
  {
    name: "state operator metadata",
    file: "state/operator-metadata.ts",
    program: '...atomicWrite(path, encodeOperatorMetadata(metadata), "replace", unique, durability)',
    tests: [enumeration],
  },
  {
    name: "state schema",
    file: "state/state-schema.ts",
    program: '...atomicWrite(path, encodeStateSchema(schema), "replace", unique, durability)',
    tests: [enumeration],
  },
];

/** `...program` becomes `...(program).filter(…)`. */
function without(operation: "sync" | "syncDirectory", file: string, program: string): Edit {
  const spread = program.startsWith("...") ? "..." : "";
  const filtered = `${spread}(${program.slice(spread.length)}).filter((operation) => operation.op !== "${operation}")`;
  return { file, find: program, replace: filtered };
}

const ofAtomicWrites = atomicWrites.flatMap(({ name, file, program, tests }): Mutant[] => [
  { name: `fsync of ${name}`, edits: [without("sync", file, program)], tests },
  { name: `fsync of the name ${name}`, edits: [without("syncDirectory", file, program)], tests },
]);

const recoverySync = "...syncDirectories(durability, [path, `${path}/offsets`, `${path}/commits`])";

export const fsyncMutants: readonly Mutant[] = [
  {
    name: "fsync of every atomic write",
    edits: [
      {
        file: "runtime/durability.ts",
        find: 'if (synced) program.push({ op: "sync", path: temporary });',
        replace: "",
      },
    ],
    tests: [logs, enumeration],
  },
  {
    name: "fsync of the name of every atomic write",
    edits: [
      {
        file: "runtime/durability.ts",
        find: 'if (synced) program.push({ op: "syncDirectory", path: parentOf(path) });',
        replace: "",
      },
    ],
    tests: [logs, enumeration],
  },
  ...ofAtomicWrites,
  ...["path", "`${path}/offsets`", "`${path}/commits`"].map((directory, i, all): Mutant => ({
    name: `at the start: fsync of ${["the checkpoint", "offsets", "commits"][i]!}`,
    edits: [
      {
        file: "streaming/query-checkpoint.ts",
        find: recoverySync,
        replace: `...syncDirectories(durability, [${all.filter((other) => other !== directory).join(", ")}])`,
      },
    ],
    tests: [enumeration],
  })),
  {
    name: "at the start: fsync of the state schema's name",
    edits: [
      {
        file: "streaming/state-metadata.ts",
        find: "unwritten.push(...syncDirectories(durability, [directoryOf(stateSchemaPath(directory))]));",
        replace: "",
      },
    ],
    tests: [enumeration],
  },
  {
    name: "at the start: fsync of the operator metadata's name",
    edits: [
      {
        file: "streaming/state-metadata.ts",
        find: "unwritten.push(...syncDirectories(durability, [directoryOf(path)]));",
        replace: "",
      },
    ],
    tests: [enumeration],
  },
  {
    name: "at the start: fsync of the sink manifest",
    edits: [
      {
        file: "sinks/files/file-sink.ts",
        find: 'if (context.durability === "fsync") program.push({ op: "syncDirectory", path: manifest.directory });',
        replace: "",
      },
    ],
    tests: [fileSink],
  },
  {
    name: "at the start: fsync of the source log",
    edits: [
      {
        file: "sources/files/file-source-log.ts",
        find: '{ op: "syncDirectory", path: this.#log.directory },',
        replace: "",
      },
    ],
    tests: [fileSource],
  },
  {
    name: "at the start: fsync of the source log's sizes",
    edits: [
      {
        file: "sources/files/file-source-log.ts",
        find: '{ op: "syncDirectory", path: this.#sizesDirectory },',
        replace: "",
      },
    ],
    tests: [fileSource],
  },
  {
    name: "fsync of data files",
    edits: [
      {
        file: "sinks/files/data-files.ts",
        find: 'if (synced) program.push({ op: "sync", path: file.path });',
        replace: "",
      },
    ],
    tests: [fileSink],
  },
  {
    name: "fsync of the names of data files",
    edits: [
      {
        file: "sinks/files/data-files.ts",
        find: 'if (synced) for (const path of this.directories()) program.push({ op: "syncDirectory", path });',
        replace: "",
      },
    ],
    tests: [fileSink],
  },
  {
    name: "fsync of the names of data files in directories",
    edits: [
      {
        file: "sinks/files/data-files.ts",
        find: "if (synced) for (const path of this.directories())",
        replace: "if (synced) for (const path of [this.#options.directory])",
      },
    ],
    tests: [fileSink],
  },
  {
    name: "fsync of the removal of _SUCCESS",
    edits: [
      {
        file: "sinks/files/file-write.ts",
        find: '      // Before anything in another directory can be durable.\n      { op: "syncDirectory", path },\n',
        replace: "",
      },
    ],
    tests: [fileWrite],
  },
  {
    name: "fsync of moved batch files",
    edits: [
      {
        file: "sinks/files/file-write.ts",
        find: "      ...durable,\n      ...replaced,\n",
        replace: "      ...replaced,\n",
      },
    ],
    tests: [fileWrite],
  },
  {
    name: "fsync of the removal of what batch files replace",
    edits: [
      { file: "sinks/files/file-write.ts", find: "      ...(replaced.length === 0 ? [] : durable),\n", replace: "" },
    ],
    tests: [fileWrite],
  },
  {
    name: "fsync of _SUCCESS",
    edits: [{ file: "sinks/files/file-write.ts", find: '{ op: "sync", path: success },', replace: "" }],
    tests: [fileWrite],
  },
  {
    name: "fsync of the name _SUCCESS",
    edits: [
      {
        file: "sinks/files/file-write.ts",
        find: '      { op: "sync", path: success },\n      { op: "syncDirectory", path },\n',
        replace: '      { op: "sync", path: success },\n',
      },
    ],
    tests: [fileWrite],
  },
];
