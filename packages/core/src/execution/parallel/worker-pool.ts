/**
 * The threads of an engine. Tasks wait in one queue in the order in which their rows are wanted. A thread works on one task
 * at a time; while that one waits for its rows to be taken, the thread may work on a task of another execution, or two
 * results that are read in turns would wait for each other's threads. A thread that dies is replaced, and its tasks begin
 * again on another one, up to {@link maxAttempts} times.
 */
import { MillraceError } from "../../errors/index.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ThreadEnd, WorkerLink, Workers } from "../../runtime/workers.ts";
import { type FromWorker, type OpenFragment, type TaskDone, type ToWorker, windowBytes } from "./messages.ts";
import { fromRemoteError } from "./remote-error.ts";

/** How often a task is tried when threads die under it, as Spark's `spark.task.maxFailures`. */
const maxAttempts = 4;

/** How long a thread that is told to stop may go on, before it is ended: it may be in a function that never returns. */
const stopGraceMs = 2_000;

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
  /** Bytes that arrived from the thread it is on and were not taken. */
  waitingBytes: number;
  /** Called when the thread it is on works on it no more. */
  over: () => void;
}

interface Thread {
  readonly link: WorkerLink;
  /** By execution: at most one of each. All but one wait for their rows to be taken. */
  readonly tasks: Map<number, Task>;
  /** Executions that it has been told of. */
  readonly open: Set<number>;
}

const nothing = (): void => undefined;

/** The thread has stopped until rows are taken. */
const isParked = (task: Task): boolean => task.waitingBytes > windowBytes && !task.cancelled;

export interface WorkerPoolOptions {
  readonly workers: Workers;
  readonly clock: Clock;
  /** Number of threads, which start when there is work for them. */
  readonly size: number;
  /** Most that the JavaScript heap of a thread may hold. */
  readonly heapBytes: number;
  warn(message: string): void;
}

export class WorkerPool {
  readonly size: number;
  readonly #options: WorkerPoolOptions;
  #threads: Thread[] = [];
  #queue: Task[] = [];
  #nextRun = 0;
  #nextFragment = 0;
  #started = 0;
  #sessions = 1;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.size = options.size;
  }

  newRun(): number {
    return this.#nextRun++;
  }
  newFragment(): number {
    return this.#nextFragment++;
  }

  /** Queues a task behind those that wait; returns what cancels it. */
  submit(owner: TaskOwner): { cancel(): void; taken(bytes: number): void } {
    const task: Task = { owner, attempts: 0, cancelled: false, waitingBytes: 0, over: nothing };
    const { run } = owner.open;
    const { partition } = owner;
    this.#queue.push(task);
    this.#assign();
    const tell = (message: ToWorker): Thread | undefined => {
      const thread = this.#threads.find(({ tasks }) => tasks.get(run) === task);
      thread?.link.post(message);
      if (thread !== undefined) holdProcess(thread);
      return thread;
    };
    return {
      cancel: () => {
        if (task.cancelled) return;
        task.cancelled = true;
        this.#queue = this.#queue.filter((other) => other !== task);
        const thread = tell({ kind: "cancel", run, partition });
        if (thread !== undefined) void this.#endUnlessOver(thread, task);
      },
      taken: (bytes) => {
        task.waitingBytes -= bytes;
        tell({ kind: "taken", run, partition, bytes });
      },
    };
  }

  /** No task of the execution is wanted any more. */
  close(run: number): void {
    this.#queue = this.#queue.filter(({ owner }) => owner.open.run !== run);
    for (const thread of this.#threads) {
      if (thread.open.delete(run)) thread.link.post({ kind: "close", run } satisfies ToWorker);
    }
  }

  /** Another session works with the threads. */
  share(): this {
    this.#sessions++;
    return this;
  }

  /** A session has ended; with the last one the threads end. */
  leave(): void {
    if (--this.#sessions > 0) return;
    this.#queue = [];
    for (const { link, tasks } of this.#threads.splice(0)) {
      link.stop();
      for (const task of tasks.values()) task.over();
    }
  }

  #assign(): void {
    for (let i = 0; i < this.#queue.length;) {
      const task = this.#queue[i]!;
      const thread = this.#threadFor(task.owner.open);
      if (thread === undefined) {
        i++;
        continue;
      }
      this.#queue.splice(i, 1);
      this.#give(thread, task);
    }
  }

  #threadFor({ fragment }: OpenFragment): Thread | undefined {
    const idle = this.#threads.find(({ tasks }) => tasks.size === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.length < this.size) return this.#start();
    // Executions of one fragment share its compiled code: a thread works on them one after the other.
    const isOther = (task: Task): boolean => isParked(task) && task.owner.open.fragment !== fragment;
    return this.#threads.find(({ tasks }) => tasks.values().every(isOther));
  }

  #give(thread: Thread, task: Task): void {
    const { open, partition, received } = task.owner;
    thread.tasks.set(open.run, task);
    task.attempts++;
    task.waitingBytes = 0;
    task.over = nothing;
    holdProcess(thread);
    if (!thread.open.has(open.run)) {
      thread.open.add(open.run);
      thread.link.post(open satisfies ToWorker);
    }
    thread.link.post({ kind: "task", run: open.run, partition, skip: received } satisfies ToWorker);
  }

  #start(): Thread {
    const link = this.#options.workers.start(`millrace-${++this.#started}`, this.#options.heapBytes);
    const thread: Thread = { link, tasks: new Map(), open: new Set() };
    this.#threads.push(thread);
    link.listen({
      message: (message) => this.#receive(thread, message as FromWorker),
      ended: (end) => this.#ended(thread, end),
    });
    return thread;
  }

  #receive(thread: Thread, message: FromWorker): void {
    if (message.kind === "warn") {
      this.#options.warn(message.message);
      return;
    }
    const task = thread.tasks.get(message.run);
    if (task?.owner.partition !== message.partition) return;
    if (message.kind === "rows") {
      task.waitingBytes += message.bytes.byteLength;
      if (!task.cancelled) task.owner.rows(message.bytes);
      holdProcess(thread);
      if (isParked(task)) this.#assign();
      return;
    }
    thread.tasks.delete(message.run);
    task.over();
    holdProcess(thread);
    if (!task.cancelled) {
      if (message.kind === "done") task.owner.done(message);
      else task.owner.failed(fromRemoteError(message.error));
    }
    this.#assign();
  }

  async #endUnlessOver(thread: Thread, task: Task): Promise<void> {
    const over = new AbortController();
    task.over = () => over.abort();
    try {
      await this.#options.clock.sleep(stopGraceMs, over.signal);
      this.#ended(thread, { reason: "it did not stop", outOfMemory: false });
    } catch {
      // It stopped in time.
    }
  }

  #ended(thread: Thread, end: ThreadEnd): void {
    if (!this.#threads.includes(thread)) return;
    this.#threads = this.#threads.filter((other) => other !== thread);
    thread.link.stop();
    for (const task of thread.tasks.values()) {
      task.over();
      if (!task.cancelled) this.#tryAgain(task, end);
    }
    this.#assign();
  }

  #tryAgain(task: Task, { reason, outOfMemory, cause }: ThreadEnd): void {
    if (outOfMemory && !isParked(task)) {
      const limit = String(this.#options.heapBytes);
      task.owner.failed(new MillraceError("WORKER_THREAD_OUT_OF_MEMORY", { limit }, { cause }));
    } else if (task.attempts < maxAttempts) {
      this.#options.warn(`A worker thread ended (${reason}); its task is tried again on another one.`);
      this.#queue.unshift(task);
    } else {
      const attempts = String(maxAttempts);
      task.owner.failed(new MillraceError("WORKER_THREAD_FAILED", { attempts, reason }, { cause }));
    }
  }
}

/** A thread that computes keeps the process alive; one that waits for somebody to take its rows does not. */
function holdProcess({ link, tasks }: Thread): void {
  link.busy(!tasks.values().every(isParked));
}
