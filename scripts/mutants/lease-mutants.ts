/** The lease is not checked where it should be, one place at a time. */
import { type Mutant, testFiles } from "./mutant.ts";

const { enumeration, lease, query } = testFiles;
const leaseFile = "checkpoint/lease.ts";
const checkpointFile = "streaming/query-checkpoint.ts";

export const leaseMutants: readonly Mutant[] = [
  {
    name: "lease: a program is not guarded at all",
    edits: [{ file: leaseFile, find: "[...held, ...program]", replace: "program" }],
    tests: [lease],
  },
  {
    name: "lease: checked after the program",
    edits: [{ file: leaseFile, find: "[...held, ...program]", replace: "[...program, ...held]" }],
    tests: [lease, query],
  },
  {
    name: "lease: a later epoch is not looked for",
    edits: [{ file: leaseFile, find: '{ op: "require", path: nextPath, exists: false },', replace: "" }],
    tests: [lease, query],
  },
  {
    name: "lease: the own epoch is not looked for",
    edits: [{ file: leaseFile, find: '{ op: "require", path, exists: true },', replace: "" }],
    tests: [lease],
  },
  {
    name: "lease: taken over what is there",
    edits: [
      {
        file: leaseFile,
        find: '...writeTextProgram(files, path, textNow(false), "create")',
        replace: '...writeTextProgram(files, path, textNow(false), "replace")',
      },
    ],
    tests: [lease],
  },
  {
    name: "lease: older epochs go before the new one is there",
    edits: [
      { file: leaseFile, find: "  await applyCheckpointProgram(files.fs, cleanup);\n", replace: "" },
      {
        file: leaseFile,
        find: '{ op: "makeDirectory", path: directory, mode: 0o700 },',
        replace: '...cleanup,\n      { op: "makeDirectory", path: directory, mode: 0o700 },',
      },
    ],
    tests: [lease, enumeration],
  },
  {
    name: "lease: the offsets are not guarded",
    edits: [
      {
        file: checkpointFile,
        find: "await lease.apply([...facts, ...offsets.addProgram(batchId, entry)]);",
        replace: "await applyCheckpointProgram(fs, [...facts, ...offsets.addProgram(batchId, entry)]);",
      },
    ],
    tests: [query],
  },
  {
    name: "lease: the commit is not guarded",
    edits: [
      {
        file: checkpointFile,
        find: "await lease.apply(commits.addProgram(batchId, { nextBatchWatermarkMs }));",
        replace: "await applyCheckpointProgram(fs, commits.addProgram(batchId, { nextBatchWatermarkMs }));",
      },
    ],
    tests: [query],
  },
  {
    name: "lease: the renewal is not guarded",
    edits: [
      {
        file: checkpointFile,
        find: "await lease.apply(lease.renewProgram());",
        replace: "await applyCheckpointProgram(fs, lease.renewProgram());",
      },
    ],
    tests: [query],
  },
];
