/** Reads a source: one partition per split. */
import { compilePredicate, predicateStages } from "../../codegen/compile-predicate.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { collect } from "../../expressions/traverse.ts";
import type { ScanExec } from "../../physical-plan/physical-plan.ts";
import type { PushedFilter } from "../../sources/contract.ts";
import { compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileScan(plan: ScanExec, environment: OperatorEnvironment): Operator {
  const predicate =
    plan.filters.length === 0
      ? undefined
      : compiledPerUse(environment, plan.filters, () =>
          compilePredicate(plan.filters, plan.schema, environment.codegen),
        );
  const compileStages = (): NonNullable<PushedFilter["stages"]> =>
    predicateStages(plan.filters).map((stage) => ({
      columns: stage.columns,
      select: compilePredicate(stage.conjuncts, plan.schema, environment.codegen).select,
    }));
  if (predicate !== undefined) environment.source(plan.id, predicate(0).source);
  const used = plan.filters.flatMap((filter) => collect(filter, (e) => e.kind === "BoundReference"));
  const columns = [...new Set(used.map((reference) => reference.ordinal))].sort((a, b) => a - b);
  return {
    schema: plan.schema,
    async open(context) {
      const compiled = predicate?.(0);
      let stages: PushedFilter["stages"];
      const filter: PushedFilter | undefined =
        compiled === undefined
          ? undefined
          : {
              columns,
              conjuncts: plan.filters,
              select: (batch, selection) => compiled.select(batch, selection),
              get stages() {
                return (stages ??= compileStages());
              },
              part: (conjuncts) =>
                compilePredicate(conjuncts, plan.schema, { ...environment.codegen, codegen: false }).select,
            };
      const scan = await context.openScan(plan, filter);
      environment.openedScans.set(plan.id, scan);
      return scan.splits.map((split) => {
        const rows = scan.read(split, context.signal);
        if (filter === undefined || scan.filtered) return rows;
        return lazily(async function* () {
          for await (const batch of rows) {
            const selection = new Int32Array(batch.length);
            const count = filter.select(batch, selection);
            yield count === batch.length ? batch : gatherBatch(batch, selection, count);
          }
        });
      });
    },
  };
}
