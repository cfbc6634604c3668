/** The port to other threads of this process that run parts of plans. */
export interface Workers {
  /** Threads that can usefully run at once. */
  readonly available: number;
  /** Starts a thread. It never keeps the process alive by itself. @param heapBytes most that its JavaScript heap may hold */
  start(name: string, heapBytes: number): WorkerLink;
}

/** How a thread ended by itself. */
export interface ThreadEnd {
  readonly reason: string;
  /** Its heap was full: it would end in the same way again. */
  readonly outOfMemory: boolean;
  readonly cause?: unknown;
}

/** One thread, seen from the one that started it. Messages are plain data; they are copied, `transfer` is moved. */
export interface WorkerLink {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** What the thread posts, and how it ended when it did so by itself. Set once, before the first post. */
  listen(listener: { message(message: unknown): void; ended(end: ThreadEnd): void }): void;
  /** While work is under way the thread keeps the process alive. */
  busy(busy: boolean): void;
  stop(): void;
}

/** The thread's own end. */
export interface WorkerPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(message: (message: unknown) => void): void;
}
