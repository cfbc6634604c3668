/** The calls of the real file system left out or done otherwise, one at a time. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const file = "runtime/node/file-program.ts";
const tests = [testFiles.adapter];

function change(name: string, find: string, replace = ""): Mutant {
  const edit: Edit = { file, find, replace };
  return { name: `adapter: ${name}`, edits: [edit], tests };
}

export const adapterMutants: readonly Mutant[] = [
  change("no fsync of the writer's descriptor", "    if (sync) fsyncSync(descriptor);\n"),
  change("no fsync by path", "  try {\n    fsyncSync(descriptor);\n  } finally {", "  try {\n  } finally {"),
  change("no fsync of a file", "      syncPath(operation.path);\n"),
  change("no fsync of a directory", "      syncPath(operation.path, constants.O_DIRECTORY);\n"),
  change(
    "no fsync of the names of new directories",
    "syncNewDirectories(first, operation.path);",
    "void syncNewDirectories;",
  ),
  change(
    "fsync of the lowest new name only",
    "if (current === stop || current === dirname(current)) return;",
    "return;",
  ),
  change("a new directory counts as old", "? first : (first ?? path)", "? first : undefined"),
  change("the fsync of another file is left out", " && next.path === operation.path"),
  change("the fsync is done twice", "    if (sync) i++;\n"),
  change("the operation after a write is left out", "if (sync) i++;", 'if (operation.op === "write") i++;'),
  change("a write that was cut short is taken for whole", "while (written < bytes.length)", "if (bytes.length > 0)"),
  change("an exclusive write replaces", 'operation.exclusive === true ? "wx" : "w"', '"w"'),
  change("a link replaces", "linkSync(operation.from, operation.to)", "renameSync(operation.from, operation.to)"),
  change("what is required is not checked", "!== operation.exists) {", "!== operation.exists && operation.exists) {"),
  change(
    "a program goes on after a failure",
    "throw fileSystemError(error, operation.op, changedPath(operation));",
    "void changedPath;",
  ),
];
