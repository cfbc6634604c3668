/** Entry point of the I/O thread: runs file programs one after the other in the order in which they arrive. */
import { parentPort } from "node:worker_threads";
import { FileSystemError, type FileOperation } from "../file-system.ts";
import { runProgram, type ProgramFailure } from "./file-program.ts";

const port = parentPort;
if (port !== null) {
  port.on("message", (request: { readonly id: number; readonly program: readonly FileOperation[] }) => {
    let failure: ProgramFailure | null = null;
    try {
      runProgram(request.program);
    } catch (error) {
      failure =
        error instanceof FileSystemError
          ? { code: error.code, operation: error.operation, path: error.path, message: error.message }
          : { code: "EUNKNOWN", operation: "apply", path: "", message: String(error) };
    }
    port.postMessage({ id: request.id, failure });
  });
}
