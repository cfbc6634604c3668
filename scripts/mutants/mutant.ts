/** A deliberate mistake in the core's sources, and the tests that should notice it. */

export interface Edit {
  /** Path below packages/core/src. */
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Test files that are run first, quickest first. */
  readonly tests: readonly string[];
}

/** A survivor that changes nothing that could be seen. */
export interface EquivalentMutant {
  readonly name: string;
  /** Why no run, with no fault, can end differently. */
  readonly proof: string;
}

const core = "packages/core/src";

/** The crash tests, the quick ones first. */
export const testFiles = {
  durability: `${core}/runtime/durability.test.ts`,
  adapter: `${core}/runtime/node/file-program.test.ts`,
  enumeration: `${core}/streaming/crash-enumeration.test.ts`,
  offsets: `${core}/streaming/logged-offsets.test.ts`,
  recovery: `${core}/streaming/recover.test.ts`,
  query: `${core}/streaming/query.test.ts`,
  fileSink: `${core}/sinks/files/file-sink.test.ts`,
  fileWrite: `${core}/sinks/files/file-write.test.ts`,
  fileSource: `${core}/sources/files/file-stream.test.ts`,
  state: `${core}/state/hdfs-state-store.test.ts`,
  leaving: `${core}/execution/stateful/leaving-entries.test.ts`,
  logs: `${core}/checkpoint/logs.test.ts`,
  lease: `${core}/checkpoint/lease.test.ts`,
  tracker: `${core}/streaming/watermark-tracker.test.ts`,
  aggregate: `${core}/execution/stateful/state-aggregate.test.ts`,
  deduplicate: `${core}/execution/stateful/state-deduplicate.test.ts`,
  groups: "packages/testing/src/stateful-groups.test.ts",
  lateRows: "packages/testing/src/late-rows.test.ts",
  joins: "tests/engine/stream-joins.test.ts",
  operators: `${core}/streaming/stateful-operators.test.ts`,
  joinScripts: "packages/testing/src/stream-joins.test.ts",
  stateful: "tests/engine/stateful-streams.test.ts",
  realTime: `${core}/streaming/real-time-faults.test.ts`,
  repartition: "tests/engine/repartition.test.ts",
  simulation: "tests/faults/simulation.test.ts",
  engineCrash: "tests/crash/engine-crash.test.ts",
} as const;
