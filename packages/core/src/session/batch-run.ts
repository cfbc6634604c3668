/** Runs a physical plan once, outside of any stream. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import { MillraceError } from "../errors/index.ts";
import type { BatchContext, CompiledPlan, OpenScan } from "../execution/context.ts";
import type { OperatorMemory } from "../execution/memory/operator-memory.ts";
import type { Turns } from "../execution/turns.ts";
import type { MetricsObserver } from "../logical-plan/logical-plan.ts";
import type { ScanExec } from "../physical-plan/physical-plan.ts";
import type { PushedFilter } from "../sources/contract.ts";
import type { TableScans } from "./table-scans.ts";

export interface BatchRunOptions {
  readonly nowMicros: bigint;
  readonly seed: bigint;
  readonly signal: AbortSignal;
  readonly memory: OperatorMemory;
  readonly turns: Turns;
}

const ignore = (): void => undefined;

/** A batch that reads the scans' sources whole. {@link BatchRun.close} closes what was opened. */
export class BatchRun implements BatchContext {
  readonly batchId = -1;
  readonly nowMicros: bigint;
  readonly seed: bigint;
  readonly signal: AbortSignal;
  readonly memory: OperatorMemory;
  readonly turns: Turns;
  readonly metrics: BatchContext["metrics"] = { rows: ignore, state: ignore };
  readonly #scans: TableScans;
  readonly #observed: (() => void)[] = [];
  readonly #atEnd: (() => void)[] = [];

  constructor(options: BatchRunOptions, scans: TableScans) {
    this.nowMicros = options.nowMicros;
    this.seed = options.seed;
    this.signal = options.signal;
    this.memory = options.memory;
    this.turns = options.turns;
    this.#scans = scans;
  }

  openScan(scan: ScanExec, filter: PushedFilter | undefined): Promise<OpenScan> {
    return this.#scans.openScan(scan, filter);
  }
  openState(): never {
    throw new MillraceError("INTERNAL_ERROR", { message: "a batch query asked for state" });
  }
  watermark(): never {
    throw new MillraceError("INTERNAL_ERROR", { message: "a batch query asked for a watermark" });
  }
  recordEventTime(): void {}
  observe(_name: string, observer: MetricsObserver | undefined, result: () => RecordBatch): void {
    if (observer !== undefined) this.#observed.push(() => observer.completed(result()));
  }
  /** Tells those who observe that all rows have been handed on. */
  completed(): void {
    for (const tell of this.#observed.splice(0)) tell();
  }

  atEnd(callback: () => void): void {
    this.#atEnd.push(callback);
  }

  async close(): Promise<void> {
    for (const callback of this.#atEnd.splice(0)) callback();
    try {
      await this.#scans.close();
    } finally {
      await this.memory.spill.close();
    }
  }
}

/** The partitions of a plan, one after another; what is not pulled of one is skipped. Sources are closed at the end. */
export async function* runPartitions(
  plan: CompiledPlan,
  run: BatchRun,
): AsyncGenerator<AsyncIterable<RecordBatch>, void, undefined> {
  try {
    yield* await plan.execute(run);
    run.completed();
  } finally {
    await run.close();
  }
}

/** The rows of a plan, partition after partition. Sources are closed when the iteration ends, however it ends. */
export async function* runBatch(plan: CompiledPlan, run: BatchRun): AsyncGenerator<RecordBatch> {
  try {
    for (const partition of await plan.execute(run)) yield* partition;
    run.completed();
  } finally {
    await run.close();
  }
}
