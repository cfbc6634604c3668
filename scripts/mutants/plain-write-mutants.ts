/** Atomic writes made plain, one at a time. */
import { type Mutant, testFiles } from "./mutant.ts";

const { durability, enumeration, fileSource, logs, state } = testFiles;
const file = "runtime/durability.ts";

export const plainWriteMutants: readonly Mutant[] = [
  {
    name: "plain write: created in place",
    edits: [
      {
        file,
        find: '{ op: "link", from: temporary, to: path }, { op: "remove", path: temporary }',
        replace:
          '{ op: "write", path, bytes, exclusive: true }, { op: "sync", path }, { op: "remove", path: temporary }',
      },
    ],
    tests: [logs, enumeration],
  },
  {
    name: "plain write: created in place over what is there",
    edits: [
      {
        file,
        find: '{ op: "link", from: temporary, to: path }, { op: "remove", path: temporary }',
        replace: '{ op: "write", path, bytes }, { op: "sync", path }, { op: "remove", path: temporary }',
      },
    ],
    tests: [logs, enumeration],
  },
  {
    name: "plain write: replaced in place",
    edits: [
      {
        file,
        find: '{ op: "rename", from: temporary, to: path },',
        replace: '{ op: "write", path, bytes }, { op: "sync", path }, { op: "remove", path: temporary },',
      },
    ],
    tests: [state, enumeration],
  },
  {
    name: "plain write: created by rename, which replaces",
    edits: [
      {
        file,
        find: '{ op: "link", from: temporary, to: path }, { op: "remove", path: temporary }',
        replace: '{ op: "rename", from: temporary, to: path }',
      },
    ],
    tests: [logs, fileSource],
  },
  {
    name: "plain write: the temporary file stays",
    edits: [
      {
        file,
        find: ', { op: "remove", path: temporary }',
        replace: "",
      },
    ],
    tests: [logs, enumeration],
  },
  {
    name: "plain write: one temporary name for all writers",
    edits: [{ file, find: ".${unique}.tmp`", replace: ".${unique.slice(0, 0)}.tmp`" }],
    tests: [durability],
  },
  {
    name: "plain write: fsync after the name",
    edits: [
      { file, find: 'if (synced) program.push({ op: "sync", path: temporary });', replace: "" },
      {
        file,
        find: 'if (synced) program.push({ op: "syncDirectory", path: parentOf(path) });',
        replace: 'if (synced) program.push({ op: "syncDirectory", path: parentOf(path) }, { op: "sync", path });',
      },
    ],
    tests: [logs, enumeration],
  },
  {
    name: "plain write: old checksum files stay",
    edits: [
      { file, find: '{ op: "remove", path: `${path.slice(0, cut)}/.${name}.crc`, ifExists: true },', replace: "" },
      { file, find: '{ op: "remove", path: `${path}.crc`, ifExists: true },', replace: "" },
    ],
    tests: [state],
  },
];
