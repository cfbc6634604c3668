/**
 * `state-metadata`: a row for each store of each operator with state, and the batches whose state can be read.
 * @see Spark `StateMetadataSource`
 */
import { refuseSchema } from "../fixed-schema.ts";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { readOperatorMetadata } from "../../state/operator-metadata.ts";
import {
  bigintType,
  field,
  intType,
  type SqlValue,
  stringType,
  structType,
  type StructType,
} from "../../types/data-type.ts";
import type { SourceProvider } from "../contract.ts";
import { projectBatch } from "../project-batch.ts";
import { checkpointRuntime, committedBatches } from "./checkpoint-state.ts";
import { checkpointPath } from "./options.ts";

const schema: StructType = structType([
  field("operatorId", bigintType),
  field("operatorName", stringType),
  field("stateStoreName", stringType),
  field("numPartitions", intType),
  field("minBatchId", bigintType),
  field("maxBatchId", bigintType),
  field("operatorProperties", stringType),
]);

export const stateMetadataProvider: SourceProvider = {
  names: ["state-metadata"],
  async inferSchema(context, given) {
    refuseSchema("state-metadata", given, "This source has a fixed schema; give none.");
    checkpointPath(context);
    return schema;
  },
  async openBatch(context, request) {
    const checkpoint = checkpointPath(context);
    const runtime = await checkpointRuntime(context, checkpoint);
    const operators = await readOperatorMetadata(runtime.fs, checkpoint);
    const batches = await committedBatches(runtime, checkpoint);
    const [least, most] = [batches[0], batches.at(-1)].map((id) => (id === undefined ? -1n : BigInt(id)));
    const rows = operators.flatMap(({ operatorId, operatorName, stores }) =>
      stores.map(({ storeName, numPartitions }): SqlValue[] => [
        BigInt(operatorId),
        operatorName,
        storeName,
        numPartitions,
        least!,
        most!,
        null,
      ]),
    );
    return {
      filtered: false,
      splits: [{ description: "operators", data: null }],
      async *read() {
        yield projectBatch(batchFromValues(schema, rows), request.columns);
      },
      close: async () => undefined,
    };
  },
};
