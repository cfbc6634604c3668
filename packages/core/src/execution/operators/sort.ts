/**
 * Sorts all rows, stable: the few first ones of a small limit in memory, else in runs that may go to disk. Threads sort
 * parts of the rows, which are merged then.
 */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Expr } from "../../expressions/expression.ts";
import { nullableOf, typeOf } from "../../expressions/typing.ts";
import type { MergeSortedExec, SortExec } from "../../physical-plan/physical-plan.ts";
import { field, type StructType, structType } from "../../types/data-type.ts";
import { ExternalSorter } from "../sorting/external-sorter.ts";
import { mergeRuns, type SortOrderOf } from "../sorting/merge-runs.ts";
import { TopRows } from "../sorting/top-rows.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";

/** Limits up to this many rows are kept in memory while the input is read. */
const smallLimit = 1 << 16;

export function compileSort(plan: SortExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const keys = sortKeysOf(plan, input.schema, environment);
  const { limit } = plan;
  return {
    schema: plan.schema,
    async open(context) {
      if (limit !== undefined && limit <= 0) return [];
      const partitions = await input.open(context);
      return groupsOf(plan, partitions).map((own, part) =>
        lazily(async function* () {
          const widen = keys.widen(part);
          if (limit !== undefined && limit <= smallLimit) {
            const top = new TopRows(keys.schema, keys.order, limit);
            for await (const batch of chain(own)) top.add(widen(batch));
            for (const batch of top.sorted()) yield keys.narrow(batch);
            return;
          }
          const sorter = new ExternalSorter({
            schema: keys.schema,
            order: keys.order,
            memory: context.memory,
            ...(limit === undefined ? {} : { limit }),
          });
          try {
            for await (const batch of chain(own)) await sorter.add(widen(batch));
            for await (const batch of sorter.sorted()) yield keys.narrow(batch);
          } finally {
            await sorter.close();
          }
        }),
      );
    },
  };
}

/** The partitions whose rows are sorted together. */
function groupsOf({ withinPartitions, parts }: SortExec, partitions: readonly Partition[]): readonly Partition[][] {
  const count = partitions.length;
  if (withinPartitions === true) return partitions.map((partition) => [partition]);
  if (parts === undefined) return [[...partitions]];
  const at = (part: number): number => Math.floor((part * count) / parts);
  return Array.from({ length: parts }, (_, part) => partitions.slice(at(part), at(part + 1)));
}

export function compileMergeSorted(plan: MergeSortedExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const keys = sortKeysOf(plan, input.schema, environment);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          const runs = partitions.map((partition, part) => ({
            async *[Symbol.asyncIterator]() {
              const widen = keys.widen(part);
              for await (const batch of partition) yield { batch: widen(batch) };
            },
          }));
          for await (const batch of mergeRuns(keys.schema, runs, keys.order, plan.limit)) yield keys.narrow(batch);
        }),
      ];
    },
  };
}

interface SortKeys {
  /** The input's columns, then keys that are computed: they travel with the rows, so that each is computed once. */
  readonly schema: StructType;
  readonly order: SortOrderOf;
  widen(part: number): (batch: RecordBatch) => RecordBatch;
  narrow(batch: RecordBatch): RecordBatch;
}

function sortKeysOf(plan: SortExec | MergeSortedExec, input: StructType, environment: OperatorEnvironment): SortKeys {
  const computed: Expr[] = [];
  const ordinals = plan.order.map(({ child }) =>
    child.kind === "BoundReference" ? child.ordinal : input.fields.length + computed.push(child) - 1,
  );
  const directions = plan.order.map((item) => ({
    descending: item.direction === "descending",
    nullsFirst: item.nulls === "first",
  }));
  const keys = structType(computed.map((expr, i) => field(`order ${i}`, typeOf(expr), nullableOf(expr))));
  const schema = structType([...input.fields, ...keys.fields]);
  const compiled = compiledPerUse(environment, computed, () =>
    compilePipeline([{ kind: "project", expressions: computed, schema: keys }], input, environment.codegen),
  );
  return {
    schema,
    order: { ordinals, directions },
    widen(part) {
      if (computed.length === 0) return (batch) => batch;
      const pipeline = compiled(part);
      return (batch) => ({ schema, length: batch.length, columns: [...batch.columns, ...pipeline.run(batch).columns] });
    },
    narrow: (batch) => ({
      schema: plan.schema,
      length: batch.length,
      columns: batch.columns.slice(0, input.fields.length),
    }),
  };
}
