/** Runs a physical plan once, outside of any stream. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import { MillraceError } from "../errors/index.ts";
import type { BatchContext, CompiledPlan, OpenScan } from "../execution/context.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import type { ScanExec } from "../physical-plan/physical-plan.ts";
import type { BatchSource, PushedFilter, SourceContext, SourceProvider } from "../sources/contract.ts";

export interface BatchRunOptions {
  readonly nowMicros: bigint;
  readonly seed: bigint;
  readonly signal: AbortSignal;
  providerOf(read: Read): SourceProvider;
  sourceContext(read: Read): SourceContext;
}

const ignore = (): void => undefined;

/** A batch that reads the scans' sources whole. {@link BatchRun.close} closes what was opened. */
export class BatchRun implements BatchContext {
  readonly batchId = -1;
  readonly nowMicros: bigint;
  readonly seed: bigint;
  readonly signal: AbortSignal;
  readonly metrics: BatchContext["metrics"] = { rows: ignore, state: ignore };
  readonly #options: BatchRunOptions;
  readonly #opened: BatchSource[] = [];

  constructor(options: BatchRunOptions) {
    this.nowMicros = options.nowMicros;
    this.seed = options.seed;
    this.signal = options.signal;
    this.#options = options;
  }

  async openScan(scan: ScanExec, filter: PushedFilter | undefined): Promise<OpenScan> {
    const provider = this.#options.providerOf(scan.read);
    if (provider.openBatch === undefined) {
      throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", { provider: scan.read.format, mode: "a batch read" });
    }
    const source = await provider.openBatch(this.#options.sourceContext(scan.read), {
      schema: scan.tableSchema,
      columns: scan.schema,
      ...(filter === undefined ? {} : { filter }),
    });
    this.#opened.push(source);
    return source;
  }

  openState(): never {
    throw new MillraceError("INTERNAL_ERROR", { message: "a batch query asked for state" });
  }
  watermark(): never {
    throw new MillraceError("INTERNAL_ERROR", { message: "a batch query asked for a watermark" });
  }
  recordEventTime(): void {}

  async close(): Promise<void> {
    for (const source of this.#opened.splice(0)) await source.close();
  }
}

/** The rows of a plan, partition after partition. Sources are closed when the iteration ends, however it ends. */
export async function* runBatch(plan: CompiledPlan, run: BatchRun): AsyncGenerator<RecordBatch> {
  try {
    for (const partition of await plan.execute(run)) yield* partition;
  } finally {
    await run.close();
  }
}
