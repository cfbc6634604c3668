/**
 * Runs a fragment in the threads of the pool, a task for each split of its scan. Partitions are handed on in their order, so
 * that rows come as from one thread; tasks behind the one that is read run ahead as far as their window of bytes allows.
 * A fragment that reads little runs on the calling thread, where it is done before a message would arrive elsewhere.
 */
import { decodeBatch, encodeBatch } from "../../columnar/block-format.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { ParallelExec } from "../../physical-plan/physical-plan.ts";
import type { BatchContext, OpenScan } from "../context.ts";
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
  const builds = inputs.map((input) => environment.compile(input));
  const { pool, conf, minBytes } = parallel;
  const { parallel: _, ...compileOptions } = environment.options;
  let fragmentId: number | undefined;

  function isWorthwhile(scan: OpenScan | undefined): boolean {
    if (leaf.kind === "Range") return (leaf.end - leaf.start) / leaf.step >= minBytes;
    const bytes = (scan?.splits ?? []).reduce((sum, split) => sum + (split.bytes ?? 0), 0);
    return scan !== undefined && scan.splits.length > 1 && bytes >= minBytes;
  }

  return {
    schema: plan.schema,
    async open(context) {
      // Opens the scan too; nothing is read before a partition is pulled.
      const opened = await local.open(context);
      const scan = environment.openedScans.get(leaf.id);
      if (!isWorthwhile(scan)) return opened;
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
        splits: scan === undefined ? opened.map(() => null) : scan.splits.map(({ data }) => data),
        tasks: opened.length,
        inputs: [],
        memoryLimitBytes: Math.ceil(context.memory.budget.limitBytes / pool.size),
      };
      let started: Promise<ParallelRun | null> | undefined;
      return opened.map((partition, p) =>
        lazily(async function* () {
          started ??= start(pool, open, await Promise.all(builds.map((build) => build.open(context))), context, scan);
          const run = await started;
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

/** Null when the build sides are too large to be copied. */
async function start(
  pool: WorkerPool,
  open: OpenFragment,
  builds: readonly (readonly Partition[])[],
  context: BatchContext,
  scan: OpenScan | undefined,
): Promise<ParallelRun | null> {
  const inputs: Uint8Array[][] = [];
  let bytes = 0;
  for (const partitions of builds) {
    const encoded: Uint8Array[] = [];
    for await (const batch of chain(partitions) as AsyncIterable<RecordBatch>) {
      if (batch.length === 0) continue;
      encoded.push(encodeBatch(batch));
      bytes += encoded.at(-1)!.byteLength;
      if (bytes > mostInputBytes) return null;
    }
    inputs.push(encoded);
  }
  return new ParallelRun(pool, { ...open, inputs }, context, (rows) => scan?.readElsewhere?.(rows));
}
