/** What the calling thread and the threads of the pool tell each other. Plain data throughout. */
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import type { CompileOptions, EventTimeStats } from "../context.ts";

/** A fragment opened for one execution: what a thread needs before it gets tasks of it. */
export interface OpenFragment {
  readonly kind: "open";
  readonly run: number;
  /** Equal for all executions of one compiled plan: the thread compiles it once. */
  readonly fragment: number;
  readonly plan: PhysicalPlan;
  readonly options: CompileOptions;
  /** Settings of the session. */
  readonly conf: readonly (readonly [key: string, value: string])[];
  readonly batchId: number;
  readonly nowMicros: bigint;
  readonly seed: bigint;
  /** `data` of all splits of the fragment's scan. */
  readonly splits: readonly unknown[];
  /** Partitions of the fragment's rows: as many as splits, or as the parts of a sort. */
  readonly tasks: number;
  /** Rows of the build sides, as `encodeBatch` writes them. */
  readonly inputs: readonly (readonly Uint8Array[])[];
  readonly memoryLimitBytes: number;
}

export type ToWorker =
  | OpenFragment
  /** Compute a partition; the first `skip` batches have arrived already, from a thread that died. */
  | { readonly kind: "task"; readonly run: number; readonly partition: number; readonly skip: number }
  /** The calling thread has taken rows of so many bytes. */
  | { readonly kind: "taken"; readonly run: number; readonly partition: number; readonly bytes: number }
  | { readonly kind: "cancel"; readonly run: number; readonly partition: number }
  | { readonly kind: "close"; readonly run: number };

/** An error on its way between threads. */
export interface RemoteError {
  /** Of a MillraceError. */
  readonly errorClass?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly context?: unknown;
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: RemoteError;
}

export interface TaskDone {
  readonly kind: "done";
  readonly run: number;
  readonly partition: number;
  /** Rows by operator. */
  readonly rows: readonly (readonly [node: number, rows: number])[];
  readonly eventTimes: readonly (readonly [node: number, stats: EventTimeStats])[];
  /** Records that the source read, before a filter dropped any. */
  readonly rowsRead: number;
}

export type FromWorker =
  | { readonly kind: "rows"; readonly run: number; readonly partition: number; readonly bytes: Uint8Array }
  | TaskDone
  | { readonly kind: "failed"; readonly run: number; readonly partition: number; readonly error: RemoteError }
  | { readonly kind: "warn"; readonly message: string };

/** Bytes that a task may have on their way before it waits for the calling thread. */
export const windowBytes: number = 8 << 20;
