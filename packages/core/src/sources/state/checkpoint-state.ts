/** The state that a checkpoint holds, found without changing it: a run may be going on. */
import { openCommitLog } from "../../checkpoint/commit-log.ts";
import { checkStateSettings, openOffsetLog } from "../../checkpoint/offset-log.ts";
import { listOrEmpty } from "../../checkpoint/checkpoint-files.ts";
import { MillraceError } from "../../errors/index.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { statePartitionDirectory } from "../../state/state-files.ts";
import { readOperatorMetadata } from "../../state/operator-metadata.ts";
import { readStateSchema, type StateSchema } from "../../state/state-schema.ts";
import type { SourceContext } from "../contract.ts";
import { describeOptions, type StateReadOptions } from "./options.ts";

/** The runtime in which the files of a checkpoint can be read. */
export async function checkpointRuntime(context: SourceContext, checkpoint: string): Promise<Runtime> {
  const fs = await context.checkpointFiles?.(checkpoint);
  return fs === undefined ? context.runtime : { ...context.runtime, fs };
}

/** Batches that the commit log holds, ascending. */
export function committedBatches(runtime: Runtime, checkpoint: string): Promise<readonly number[]> {
  return openCommitLog({ fs: runtime.fs, random: runtime.random, durability: "spark" }, checkpoint).batchIds();
}

export interface FoundState {
  /** The last batch that counts. */
  readonly batchId: number;
  readonly startBatchId: number;
  /** The store that is read; of a side of a join the one with its rows. */
  readonly storeName: string;
  /** As stored. */
  readonly schema: StateSchema;
  /** How many of the columns of key and value are shown: the rows of a join's side without their bookkeeping. */
  readonly keyColumns: number;
  readonly valueColumns: number;
  readonly partitions: readonly number[];
}

/**
 * @throws MillraceError STDS_COMMITTED_BATCH_UNAVAILABLE, STDS_OFFSET_LOG_UNAVAILABLE, STDS_FAILED_TO_READ_STATE_SCHEMA,
 * STDS_NO_PARTITION_DISCOVERED_IN_STATE_STORE, STDS_INVALID_OPTION_VALUE.WITH_MESSAGE, STATE_STORE_PROVIDER_NOT_SUPPORTED
 */
export async function findState(runtime: Runtime, options: StateReadOptions): Promise<FoundState> {
  const { fs } = runtime;
  const { checkpoint, operatorId, joinSide, changes, snapshot } = options;
  const committed = await committedBatches(runtime, checkpoint);
  const batchId = options.batchId ?? changes?.endBatchId ?? committed.at(-1);
  if (batchId === undefined || !committed.includes(batchId)) {
    throw new MillraceError("STDS_COMMITTED_BATCH_UNAVAILABLE", { checkpointLocation: checkpoint });
  }
  const wrong = (optionName: string, message: string): MillraceError =>
    new MillraceError("STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", { optionName, message });
  const startBatchId = changes?.startBatchId ?? batchId;
  if (startBatchId > batchId) {
    throw wrong(
      "changeEndBatchId",
      `changeEndBatchId cannot be smaller than changeStartBatchId. Please check the input to changeEndBatchId, or if you are using its default value, make sure that changeStartBatchId is less than ${batchId}.`,
    );
  }
  if (snapshot !== null && snapshot.startBatchId > batchId) {
    throw wrong("snapshotStartBatchId", `value should be less than or equal to ${batchId}`);
  }
  const entry = await openOffsetLog({ fs, random: runtime.random, durability: "spark" }, checkpoint).get(batchId);
  if (entry === null) {
    throw new MillraceError("STDS_OFFSET_LOG_UNAVAILABLE", {
      batchId: String(batchId),
      checkpointLocation: checkpoint,
    });
  }
  checkStateSettings(checkpoint, entry.conf);
  const storeName = joinSide === null ? options.storeName : `${joinSide}-keyWithIndexToValue`;
  const schema = await readStateSchema(fs, statePartitionDirectory(checkpoint, operatorId, 0, storeName));
  const sourceOptions = describeOptions(options, batchId);
  if (schema === null) {
    const operators = await readOperatorMetadata(fs, checkpoint);
    const operator = operators.find((each) => each.operatorId === operatorId);
    const names = operator?.stores.map((store) => store.storeName) ?? [];
    if (operator !== undefined && joinSide === null && options.storeName !== "default" && !names.includes(storeName)) {
      throw wrong(
        "storeName",
        `the operator ${operator.operatorName} has no store ${storeName}; it has ${names.join(", ")}`,
      );
    }
    const stores = operators.map(
      (o) => `${o.operatorId} ${o.operatorName} (${o.stores.map((s) => s.storeName).join(", ")})`,
    );
    throw new MillraceError("STDS_FAILED_TO_READ_STATE_SCHEMA", { sourceOptions, stores: stores.join("; ") || "none" });
  }
  const entries = await listOrEmpty(fs, `${checkpoint}/state/${operatorId}`);
  const partitions = entries
    .filter(({ name, kind }) => kind === "directory" && /^\d{1,9}$/.test(name))
    .map(({ name }) => Number(name))
    .sort((a, b) => a - b)
    // Of an earlier or a later number of partitions there may be more.
    .filter((partition) => partition < Number(entry.conf.get("spark.sql.shuffle.partitions") ?? Infinity))
    .filter((partition) => snapshot === null || partition === snapshot.partition);
  if (partitions.length === 0)
    throw new MillraceError("STDS_NO_PARTITION_DISCOVERED_IN_STATE_STORE", { sourceOptions });
  const hidden = joinSide === null ? 0 : 1;
  return {
    batchId,
    startBatchId,
    storeName,
    schema,
    keyColumns: schema.key.fields.length - hidden,
    valueColumns: schema.value.fields.length - hidden,
    partitions,
  };
}
