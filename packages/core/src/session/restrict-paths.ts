/**
 * `millrace.restrictPaths`: a runtime whose files are those of some directories. A path is judged by where it leads when
 * all links are followed, before each operation, so that neither `..` nor a link in an input, output or checkpoint
 * directory is a way out. Who can change links between the check and the operation is not held by it.
 */
import { MillraceError } from "../errors/index.ts";
import { spillPrefix } from "../execution/memory/spill.ts";
import { localStatePrefix } from "../streaming/query-state.ts";
import type { FileOperation, FileSystem } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";

export function restrictPaths(runtime: Runtime, setting: string | undefined): Runtime {
  if (setting === undefined) return runtime;
  const { fs, process } = runtime;
  const roots = setting.split(",").map((root) => root.trim().replace(/(?<=.)\/+$/, ""));
  const temporary = process.temporaryDirectory;

  /** Rows and state that do not fit into memory, and checkpoints of queries that have none of their own. */
  function isOwnTemporary(path: string): boolean {
    if (path.includes("/../")) return false;
    return [spillPrefix, localStatePrefix, "temporary-"].some((prefix) => path.startsWith(`${temporary}/${prefix}`));
  }

  async function check(path: string): Promise<void> {
    if (isOwnTemporary(path)) return;
    const target = await fs.realPath(path);
    for (const root of roots) {
      const real = await fs.realPath(root);
      if (target === real || real === "/" || target.startsWith(`${real}/`)) return;
    }
    throw new MillraceError("PATH_NOT_ALLOWED", { path, target, roots: roots.join(", ") });
  }

  async function checkProgram(program: readonly FileOperation[]): Promise<void> {
    const paths = new Set<string>();
    for (const operation of program) {
      if ("from" in operation) paths.add(operation.from).add(operation.to);
      // It is there, and so changes nothing.
      else if (operation.op !== "makeDirectory" || operation.path !== temporary) paths.add(operation.path);
    }
    for (const path of paths) await check(path);
  }

  const restricted: FileSystem = {
    async readFile(path) {
      await check(path);
      return fs.readFile(path);
    },
    async open(path) {
      await check(path);
      return fs.open(path);
    },
    async stat(path) {
      await check(path);
      return fs.stat(path);
    },
    async realPath(path) {
      await check(path);
      return fs.realPath(path);
    },
    async list(path) {
      await check(path);
      return fs.list(path);
    },
    async apply(program) {
      await checkProgram(program);
      await fs.apply(program);
    },
    freeBytes: (path) => fs.freeBytes(path),
  };
  return { ...runtime, fs: restricted };
}
