/**
 * Runs a fragment in the threads of the pool, a task for each split of its scan. Partitions are handed on in their order, so
 * that rows come as from one thread; tasks behind the one that is read run ahead as far as their window of bytes allows.
 * A fragment that reads little runs on the calling thread, where it is done before a message would arrive elsewhere.
 */
import { decodeBatch, encodeBatch } from "../../columnar/block-format.ts";
import type { ParallelExec, PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import { isStateful } from "../../physical-plan/stateful.ts";
import { operatorsOf } from "../../physical-plan/traverse.ts";
import type { BatchContext, CompiledPlan, OpenScan } from "../context.ts";
import { cutFragment } from "../parallel/fragment.ts";
import type { OpenFragment } from "../parallel/messages.ts";
import { ParallelRun } from "../parallel/parallel-run.ts";
import type { WorkerPool } from "../parallel/worker-pool.ts";
import { chain, lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";

/** Build sides up to this size are copied to every thread. */
const mostInputBytes = 128 << 20;

export function compileParallel(plan: ParallelExec, environment: OperatorEnvironment): Operator {
  const local = environment.compile(plan.input);
  const { parallel } = environment.options;
  if (parallel === undefined) return local;
  const { plan: fragment, leaf, inputs } = cutFragment(plan.input);
  const builds = inputs.map((input) => environment.compileApart(input));
  const { pool, conf, minBytes } = parallel;
  const { parallel: _, ...compileOptions } = environment.options;
  let fragmentId: number | undefined;
  /** The execution that was opened last. */
  let newest: Opened | undefined;
  /** Begun ahead of their batches. */
  const begun = new WeakMap<BatchContext, Opened>();

  function isWorthwhile(scan: OpenScan | undefined): boolean {
    if (leaf.kind === "Range") return (leaf.end - leaf.start) / leaf.step >= minBytes;
    const bytes = (scan?.splits ?? []).reduce((sum, split) => sum + (split.bytes ?? 0), 0);
    return scan !== undefined && scan.splits.length > 1 && bytes >= minBytes;
  }

  /** Opens the scan too; nothing is read before a partition is pulled, or the run begins. */
  async function openFragment(context: BatchContext): Promise<Opened> {
    const partitions = await local.open(context);
    const scan = environment.openedScans.get(leaf.id);
    if (!isWorthwhile(scan)) return { partitions, start: null };
    fragmentId ??= pool.newFragment();
    const open: OpenFragment = {
      kind: "open",
      run: pool.newRun(),
      fragment: fragmentId,
      plan: fragment,
      options: compileOptions,
      conf: conf(),
      batchId: context.batchId,
      nowMicros: context.nowMicros,
      seed: context.seed,
      splits: scan === undefined ? partitions.map(() => null) : scan.splits.map(({ data }) => data),
      tasks: partitions.length,
      inputs: [],
      memoryLimitBytes: Math.ceil(context.memory.budget.limitBytes / pool.size),
    };
    let started: Promise<ParallelRun | null> | undefined;
    const start = (): Promise<ParallelRun | null> =>
      (started ??= startRun(pool, open, builds, context, (rows) => scan?.readElsewhere?.(rows)));
    return { partitions, start };
  }

  if (inputs.every(isStatic)) {
    environment.readingAhead.push(async (context) => {
      const running = newest;
      if (running === undefined || running.start === null) return;
      const next = await openFragment(context);
      if (next.start === null) return;
      // The build sides serve one execution at a time.
      const before = await running.start();
      const run = await next.start();
      if (before === null || run === null) return;
      begun.set(context, next);
      before.whenAllSubmitted(() => run.begin());
    });
  }

  return {
    schema: plan.schema,
    async open(context) {
      const opened = begun.get(context) ?? (await openFragment(context));
      newest = opened;
      const { partitions, start } = opened;
      if (start === null) return partitions;
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const run = await start();
          if (run === null) {
            yield* partition;
            return;
          }
          for await (const bytes of run.partition(p)) yield decodeBatch(plan.schema, bytes);
        }),
      );
    },
  };
}

/** A fragment opened for one execution. */
interface Opened {
  /** Its partitions on the calling thread. */
  readonly partitions: readonly Partition[];
  /** Makes the run in threads, once; null: it would not be worth it. */
  readonly start: (() => Promise<ParallelRun | null>) | null;
}

/** Whether a build side reads neither streams nor state, and so needs nothing that the batch before leaves behind. */
function isStatic(build: PhysicalPlan): boolean {
  const belongsToBatch = (node: PhysicalPlan): boolean =>
    isStateful(node) || (node.kind === "Scan" && node.sourceIndex >= 0);
  return !operatorsOf(build).some(belongsToBatch);
}

/** Null when the build sides are too large to be copied. */
async function startRun(
  pool: WorkerPool,
  open: OpenFragment,
  builds: readonly CompiledPlan[],
  context: BatchContext,
  countRows: (rows: number) => void,
): Promise<ParallelRun | null> {
  const inputs: Uint8Array[][] = [];
  let bytes = 0;
  for (const build of builds) {
    const encoded: Uint8Array[] = [];
    for await (const batch of chain(await build.execute(context))) {
      if (batch.length === 0) continue;
      encoded.push(encodeBatch(batch));
      bytes += encoded.at(-1)!.byteLength;
      if (bytes > mostInputBytes) return null;
    }
    inputs.push(encoded);
  }
  return new ParallelRun(pool, { ...open, inputs }, context, countRows);
}
