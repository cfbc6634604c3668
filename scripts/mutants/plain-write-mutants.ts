/** Atomic writes made plain, one at a time. */
import { type Mutant, testFiles } from "./mutant.ts";

const { durability, enumeration, fileSource, logs, state } = testFiles;
const file = "runtime/durability.ts";

export const plainWriteMutants: readonly Mutant[] = [
  inPlace("created in place", "create", ", exclusive: true", [logs, enumeration]),
  inPlace("created in place over what is there", "create", "", [logs, enumeration]),
  inPlace("replaced in place", "replace", "", [state, enumeration]),
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

/** Files are written where they are to be, instead of beside that place. */
function inPlace(
  name: string,
  how: "create" | "replace",
  exclusive: string,
  tests: readonly (typeof testFiles)[keyof typeof testFiles][],
): Mutant {
  const find = "  return [...program, ...placeAtomically(path, temporary, how, durability)];";
  const plain = `  if (how === "${how}" && after === undefined) {
    return [{ op: "write", path, bytes, mode: 0o600${exclusive} }, { op: "sync", path }, { op: "syncDirectory", path: parentOf(path) }];
  }
`;
  return { name: `plain write: ${name}`, edits: [{ file, find, replace: plain + find }], tests };
}
