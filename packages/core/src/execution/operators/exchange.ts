/**
 * Regroups rows into other partitions. A hash exchange reads its whole input when the first partition is asked for: row
 * order within a partition is the order of the input, so that a repeated batch gives the same rows in the same order.
 */
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { ExchangeExec } from "../../physical-plan/physical-plan.ts";
import { hashColumns, partitionOf } from "../../state/murmur3.ts";
import { chain, lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";

export function compileExchange(plan: ExchangeExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const { partitioning } = plan;
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      if (partitioning.kind === "single") return [lazily(() => chain(partitions))];
      let scattered: Promise<RecordBatch[][]> | undefined;
      return Array.from({ length: partitioning.partitions }, (_, p) =>
        lazily(async function* () {
          scattered ??= scatter(partitions, partitioning.keys, partitioning.partitions);
          const parts = await scattered;
          const batches = parts[p]!;
          parts[p] = [];
          if (batches.length > 0) yield concatBatches(plan.schema, batches);
        }),
      );
    },
  };
}

async function scatter(
  partitions: readonly Partition[],
  keys: readonly number[],
  count: number,
): Promise<RecordBatch[][]> {
  const parts: RecordBatch[][] = Array.from({ length: count }, () => []);
  for await (const batch of chain(partitions)) {
    if (batch.length === 0) continue;
    const hashes = hashColumns(
      keys.map((key) => batch.columns[key]!),
      batch.length,
    );
    const sizes = new Int32Array(count);
    for (let i = 0; i < batch.length; i++) {
      const part = partitionOf(hashes[i]!, count);
      hashes[i] = part;
      sizes[part]!++;
    }
    const positions = Array.from(sizes, (size) => new Int32Array(size));
    sizes.fill(0);
    for (let i = 0; i < batch.length; i++) {
      const part = hashes[i]!;
      positions[part]![sizes[part]!++] = i;
    }
    positions.forEach((indices, part) => {
      if (indices.length > 0) parts[part]!.push(gatherBatch(batch, indices, indices.length));
    });
  }
  return parts;
}
