/**
 * What a running plan is made of. A plan is compiled to a tree of operators once; each execution opens the tree for one
 * batch. Operators pull: a partition is an async iterable of batches, nothing is computed that is not asked for, and who
 * stops early closes what it pulled from.
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { BatchEvalContext } from "../../codegen/batch-context.ts";
import type { CodegenOptions } from "../../codegen/compile-pipeline.ts";
import { isRepeatable } from "../../codegen/expression-ids.ts";
import type { Expr } from "../../expressions/expression.ts";
import { someExpression } from "../../expressions/traverse.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import type { StructType } from "../../types/data-type.ts";
import type { BatchContext, CompiledPlan, CompileOptions, OpenScan } from "../context.ts";

export type Partition = AsyncIterable<RecordBatch>;

export interface Operator {
  readonly schema: StructType;
  /** Opens the operator for one batch. Partitions are pulled at most once each. */
  open(context: BatchContext): Promise<readonly Partition[]>;
}

/** What compiling an operator needs. */
export interface OperatorEnvironment {
  readonly options: CompileOptions;
  readonly codegen: CodegenOptions & { readonly context: BatchEvalContext };
  /** Notes generated source for `explain("codegen")`. */
  source(node: number, source: string): void;
  compile(plan: PhysicalPlan): Operator;
  /** A plan that can run while the rest belongs to another execution. */
  compileApart(plan: PhysicalPlan): CompiledPlan;
  /** Begin with the next execution; see {@link CompiledPlan.readAhead}. */
  readonly readingAhead: ((context: BatchContext) => Promise<void>)[];
  /** The scans that the execution has opened, by operator. */
  readonly openedScans: Map<number, OpenScan>;
  /** Rows of a fragment's build sides, put here before each execution. */
  readonly fragmentInputs: readonly (readonly Partition[])[];
}

/**
 * Code for an operator, made once, or once per partition and batch when it holds what changes there: the batch's clock
 * or a random generator, which must give the same numbers when the batch is repeated.
 */
export function compiledPerUse<T>(
  environment: OperatorEnvironment,
  expressions: readonly Expr[],
  compile: () => T,
): (partition: number) => T {
  const { context } = environment.codegen;
  const { made, batchDependent } = context.observe(compile);
  const stateful = expressions.some((expr) => someExpression(expr, (e) => e.kind === "Call" && !isRepeatable(e)));
  if (!batchDependent && !stateful) return () => made;
  return (partition) => {
    context.partition = partition;
    return compile();
  };
}

/** All batches of all partitions, one partition after the other. */
export async function* chain(partitions: readonly Partition[]): AsyncGenerator<RecordBatch, void, undefined> {
  for (const partition of partitions) yield* partition;
}

/** Counts rows, looks at the signal and lets others have their turn for each batch that passes. */
export function observed(partition: Partition, node: number, context: BatchContext): Partition {
  return {
    [Symbol.asyncIterator]() {
      const source = partition[Symbol.asyncIterator]();
      return {
        async next() {
          const turn = context.turns?.due();
          if (turn !== undefined) await turn;
          if (context.signal.aborted) {
            await source.return?.();
            context.signal.throwIfAborted();
          }
          const result = await source.next();
          if (result.done !== true) context.metrics.rows(node, result.value.length);
          return result;
        },
        async return() {
          await source.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** A partition computed from others by a generator; nothing runs before it is pulled. */
export function lazily(run: () => AsyncGenerator<RecordBatch, void, undefined>): Partition {
  return { [Symbol.asyncIterator]: run };
}
