import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";
import { threadArguments } from "./thread-arguments.ts";
import type { ThreadEnd, WorkerLink, WorkerPort, Workers } from "../workers.ts";

const leastHeapMb = 64;

class NodeWorkerLink implements WorkerLink {
  readonly #worker: Worker;
  #stopped = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
  }
  post(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
  listen(listener: { message(message: unknown): void; ended(end: ThreadEnd): void }): void {
    let cause: unknown;
    this.#worker.on("message", (message) => listener.message(message));
    this.#worker.on("messageerror", (error) => listener.ended(endOf(error)));
    this.#worker.on("error", (error) => {
      cause = error;
    });
    this.#worker.on("exit", (code) => {
      if (!this.#stopped) listener.ended(endOf(cause ?? new Error(`the thread ended with code ${code}`)));
    });
  }
  busy(busy: boolean): void {
    if (busy) this.#worker.ref();
    else this.#worker.unref();
  }
  stop(): void {
    this.#stopped = true;
    void this.#worker.terminate();
  }
}

function endOf(cause: unknown): ThreadEnd {
  const outOfMemory = cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
  return { reason: cause instanceof Error ? cause.message : String(cause), outOfMemory, cause };
}

/**
 * For objects that die young, two halves and a margin: threads work on columns and make few. Node's default for 64 bits is four
 * times that, which each thread fills before it looks. A quarter costs no measurable time, an eighth a fifth of it.
 */
const maxYoungGenerationSizeMb = 12;

/** Worker threads of Node that run the engine's worker entry point. */
class NodeWorkers implements Workers {
  readonly available: number = availableParallelism();
  readonly #entry: URL;

  constructor(entry: URL) {
    this.#entry = entry;
  }
  start(name: string, heapBytes: number): WorkerLink {
    const maxOldGenerationSizeMb = Math.max(leastHeapMb, Math.floor(heapBytes / 2 ** 20));
    const resourceLimits = { maxOldGenerationSizeMb, maxYoungGenerationSizeMb };
    const execArgv = threadArguments(process.execArgv);
    return new NodeWorkerLink(
      new Worker(this.#entry, { name, resourceLimits, ...(execArgv === undefined ? {} : { execArgv }) }),
    );
  }
}

/** The threads of this process; undefined where the entry point is missing, as in a program bundled into one file. */
export function nodeWorkers(): Workers | undefined {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = new URL(`../../worker.${extension}`, import.meta.url);
  return existsSync(entry) ? new NodeWorkers(entry) : undefined;
}

/** The end of the thread that this code runs in; null on the main thread. */
export function nodeWorkerPort(): WorkerPort | null {
  const port = parentPort;
  if (port === null) return null;
  return {
    post: (message, transfer = []) => port.postMessage(message, [...transfer]),
    listen: (message) => void port.on("message", message),
  };
}
