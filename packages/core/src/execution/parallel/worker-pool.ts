/**
 * The threads of an engine. Tasks wait in one queue in the order in which their rows are wanted; each thread works on one
 * task at a time. A thread that dies is replaced, and its task begins again on another one, up to {@link maxAttempts} times.
 */
import { MillraceError } from "../../errors/index.ts";
import type { WorkerLink, Workers } from "../../runtime/workers.ts";
import type { FromWorker, OpenFragment, TaskDone, ToWorker } from "./messages.ts";
import { fromRemoteError } from "./remote-error.ts";

/** How often a task is tried when threads die under it, as Spark's `spark.task.maxFailures`. */
const maxAttempts = 4;

/** Who wants the rows of a task. */
export interface TaskOwner {
  readonly open: OpenFragment;
  readonly partition: number;
  /** Batches that have arrived. */
  readonly received: number;
  rows(bytes: Uint8Array): void;
  done(done: TaskDone): void;
  failed(error: unknown): void;
}

interface Task {
  readonly owner: TaskOwner;
  attempts: number;
  cancelled: boolean;
}

interface Thread {
  readonly link: WorkerLink;
  task: Task | null;
  /** Executions that it has been told of. */
  readonly open: Set<number>;
}

export class WorkerPool {
  readonly size: number;
  readonly #workers: Workers;
  readonly #warn: (message: string) => void;
  #threads: Thread[] = [];
  #queue: Task[] = [];
  #nextRun = 0;
  #nextFragment = 0;
  #started = 0;

  /** @param size number of threads, which start when there is work for them */
  constructor(workers: Workers, size: number, warn: (message: string) => void) {
    this.#workers = workers;
    this.size = size;
    this.#warn = warn;
  }

  newRun(): number {
    return this.#nextRun++;
  }
  newFragment(): number {
    return this.#nextFragment++;
  }

  /** Queues a task behind those that wait; returns what cancels it. */
  submit(owner: TaskOwner): { cancel(): void; taken(bytes: number): void } {
    const task: Task = { owner, attempts: 0, cancelled: false };
    const { run } = owner.open;
    const { partition } = owner;
    this.#queue.push(task);
    this.#assign();
    const tell = (message: ToWorker): void => {
      this.#threads.find((thread) => thread.task === task)?.link.post(message);
    };
    return {
      cancel: () => {
        task.cancelled = true;
        this.#queue = this.#queue.filter((other) => other !== task);
        tell({ kind: "cancel", run, partition });
      },
      taken: (bytes) => tell({ kind: "taken", run, partition, bytes }),
    };
  }

  /** No task of the execution is wanted any more. */
  close(run: number): void {
    this.#queue = this.#queue.filter(({ owner }) => owner.open.run !== run);
    for (const thread of this.#threads) {
      if (thread.open.delete(run)) thread.link.post({ kind: "close", run } satisfies ToWorker);
    }
  }

  stop(): void {
    for (const { link } of this.#threads.splice(0)) link.stop();
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      let thread = this.#threads.find(({ task }) => task === null);
      if (thread === undefined) {
        if (this.#threads.length >= this.size) return;
        thread = this.#start();
      }
      this.#give(thread, this.#queue.shift()!);
    }
  }

  #give(thread: Thread, task: Task): void {
    const { open, partition, received } = task.owner;
    thread.task = task;
    task.attempts++;
    thread.link.busy(true);
    if (!thread.open.has(open.run)) {
      thread.open.add(open.run);
      thread.link.post(open satisfies ToWorker);
    }
    thread.link.post({ kind: "task", run: open.run, partition, skip: received } satisfies ToWorker);
  }

  #start(): Thread {
    const link = this.#workers.start(`millrace-${++this.#started}`);
    const thread: Thread = { link, task: null, open: new Set() };
    this.#threads.push(thread);
    link.listen({
      message: (message) => this.#receive(thread, message as FromWorker),
      ended: (cause) => this.#ended(thread, cause),
    });
    return thread;
  }

  #receive(thread: Thread, message: FromWorker): void {
    if (message.kind === "warn") {
      this.#warn(message.message);
      return;
    }
    const { task } = thread;
    if (task === null || task.owner.open.run !== message.run || task.owner.partition !== message.partition) return;
    if (message.kind === "rows") {
      if (!task.cancelled) task.owner.rows(message.bytes);
      return;
    }
    thread.task = null;
    thread.link.busy(false);
    if (!task.cancelled) {
      if (message.kind === "done") task.owner.done(message);
      else task.owner.failed(fromRemoteError(message.error));
    }
    this.#assign();
  }

  #ended(thread: Thread, cause: unknown): void {
    if (!this.#threads.includes(thread)) return;
    this.#threads = this.#threads.filter((other) => other !== thread);
    thread.link.stop();
    const { task } = thread;
    if (task !== null && !task.cancelled) {
      if (task.attempts < maxAttempts) {
        this.#warn(`A worker thread ended (${String(cause)}); its task is tried again on another one.`);
        this.#queue.unshift(task);
      } else {
        const reason = cause instanceof Error ? cause.message : String(cause);
        task.owner.failed(
          new MillraceError("WORKER_THREAD_FAILED", { attempts: String(maxAttempts), reason }, { cause }),
        );
      }
    }
    this.#assign();
  }
}
