import { Worker } from "node:worker_threads";
import { FileSystemError, type FileOperation } from "../file-system.ts";
import { threadArguments } from "./thread-arguments.ts";
import type { ProgramFailure } from "./file-program.ts";

/**
 * The program with its bytes copied into memory of their own, which is handed over without a second copy. The caller's
 * bytes may be part of a large buffer, which a structured clone would copy whole.
 */
function detach(program: readonly FileOperation[], transfer: ArrayBuffer[]): FileOperation[] {
  return program.map((operation) => {
    if (operation.op !== "write" && operation.op !== "append") return operation;
    const bytes = new Uint8Array(operation.bytes);
    transfer.push(bytes.buffer);
    return { ...operation, bytes };
  });
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: FileSystemError) => void;
}

/**
 * One I/O thread, started with the first program and never keeping the process alive by itself. Programs run in the
 * order of the calls. When the thread dies, every program that waits fails with EIO: whether it ran is unknown, which is
 * the same as a crash at that point, and the next program starts a new thread.
 */
export class FileThread {
  #worker: Worker | null = null;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;

  run(program: readonly FileOperation[]): Promise<void> {
    const worker = this.#start();
    const id = this.#nextId++;
    const transfer: ArrayBuffer[] = [];
    const detached = detach(program, transfer);
    return new Promise<void>((resolve, reject) => {
      // A program in flight keeps the process alive until its answer is here.
      if (this.#pending.size === 0) worker.ref();
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ id, program: detached }, transfer);
    });
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const execArgv = threadArguments(process.execArgv);
    const worker = new Worker(new URL(`./file-worker.${extension}`, import.meta.url), {
      name: "millrace-files",
      ...(execArgv === undefined ? {} : { execArgv }),
    });
    worker.unref();
    worker.on("message", (answer: { readonly id: number; readonly failure: ProgramFailure | null }) => {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if (this.#pending.size === 0) worker.unref();
      if (pending === undefined) return;
      const failure = answer.failure;
      if (failure === null) pending.resolve();
      else pending.reject(new FileSystemError(failure.code, failure.operation, failure.path));
    });
    const died = (cause: unknown): void => {
      if (this.#worker === worker) this.#worker = null;
      const waiting = [...this.#pending.values()];
      this.#pending.clear();
      for (const { reject } of waiting) reject(new FileSystemError("EIO", "apply", "the I/O thread", { cause }));
    };
    worker.on("error", died);
    worker.on("exit", (code) => died(new Error(`the I/O thread ended with code ${code}`)));
    this.#worker = worker;
    return worker;
  }
}
