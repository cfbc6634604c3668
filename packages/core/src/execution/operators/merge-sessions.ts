/**
 * Aggregates of sessions over sorted partial results. Of the rows that were read only the last session is kept: it may go
 * on in the next batch.
 */
import { planAggregate } from "../../codegen/aggregate-plan.ts";
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { sliceVector } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { ascending, lexicographic, rowComparator } from "../../columnar/sort.ts";
import type { MergeSessionsExec } from "../../physical-plan/physical-plan.ts";
import { otherKeys } from "../../physical-plan/plan-sessions.ts";
import { type MergedSessions, mergeSessions } from "../sessions/merge-sessions.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileMergeSessions(plan: MergeSessionsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const { keyCount, sessions: positions, schema } = plan;
  const others = otherKeys(keyCount, positions);
  const { context: evaluation, codegen } = environment.codegen;
  const compiled = compiledPerUse(environment, [], () =>
    plan.aggregates.map((call) => planAggregate(call, evaluation, codegen)),
  );
  return {
    schema,
    async open(context) {
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          const shape = { keyCount, sessions: positions, plans: compiled(0) };
          const merged = (rows: RecordBatch): MergedSessions => {
            const compare = lexicographic(others.map((key) => rowComparator(rows.columns[key]!, ascending)));
            return mergeSessions(rows, shape, (before, row) => compare(before, row) === 0);
          };
          const reservation = context.memory.budget.reserve("a session");
          let open: RecordBatch | undefined;
          try {
            for await (const batch of chain(partitions)) {
              if (batch.length === 0) continue;
              const rows = open === undefined ? batch : concatBatches(input.schema, [open, batch]);
              const { count, keys, aggregates } = merged(rows);
              const last = count - 1;
              const lastKeys = keys.map((key) => sliceVector(key, last, count));
              const columns = [...lastKeys, ...aggregates(last, count).buffers()];
              open = compactBatch({ schema: input.schema, length: 1, columns });
              reservation.require(batchMemorySize(open));
              if (last === 0) continue;
              const ended = keys.map((key) => sliceVector(key, 0, last));
              yield { schema, length: last, columns: [...ended, ...aggregates(0, last).results()] };
            }
            if (open !== undefined) {
              const { keys, aggregates } = merged(open);
              yield { schema, length: 1, columns: [...keys, ...aggregates(0, 1).results()] };
            }
          } finally {
            reservation.release();
          }
        }),
      ];
    },
  };
}
