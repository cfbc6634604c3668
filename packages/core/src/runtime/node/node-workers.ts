import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";
import type { WorkerLink, WorkerPort, Workers } from "../workers.ts";

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
  listen(listener: { message(message: unknown): void; ended(cause: unknown): void }): void {
    let cause: unknown;
    this.#worker.on("message", (message) => listener.message(message));
    this.#worker.on("messageerror", (error) => listener.ended(error));
    this.#worker.on("error", (error) => {
      cause = error;
    });
    this.#worker.on("exit", (code) => {
      if (!this.#stopped) listener.ended(cause ?? new Error(`the thread ended with code ${code}`));
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

/** Worker threads of Node that run the engine's worker entry point. */
export class NodeWorkers implements Workers {
  readonly available: number = availableParallelism();

  start(name: string): WorkerLink {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    return new NodeWorkerLink(new Worker(new URL(`../../worker.${extension}`, import.meta.url), { name }));
  }
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
