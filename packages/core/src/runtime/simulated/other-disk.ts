/** A machine whose disk does things in a way of its own. */
import type { FileOperation } from "../file-system.ts";
import type { Runtime } from "../runtime.ts";

export type ApplyProgram = (program: readonly FileOperation[]) => Promise<void>;

/** The runtime, with a disk that runs programs as `apply` says; the disk's own way is its second argument. */
export function withApply<R extends Runtime>(
  runtime: R,
  apply: (program: readonly FileOperation[], own: ApplyProgram) => Promise<void>,
): Runtime {
  const { fs } = runtime;
  return {
    ...runtime,
    fs: {
      readFile: (path) => fs.readFile(path),
      open: (path) => fs.open(path),
      stat: (path) => fs.stat(path),
      realPath: (path) => fs.realPath(path),
      list: (path) => fs.list(path),
      freeBytes: (path) => fs.freeBytes(path),
      apply: (program) => apply(program, (own) => fs.apply(own)),
    },
  };
}

/** Whether a program enters a batch into the log of offsets. */
export function writesOffsets(program: readonly FileOperation[]): boolean {
  return program.some((operation) => operation.op === "link" && /\/offsets\/\d+$/.test(operation.to));
}
