/**
 * `statestore`: the state of an operator as rows, as a batch left it; or what batches changed in it.
 * @see Spark `StateDataSource`
 */
import { refuseSchema } from "../fixed-schema.ts";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { HdfsStateStoreProvider } from "../../state/hdfs-state-store.ts";
import { readStateFile, type StateRecordVisitor } from "../../state/state-file.ts";
import { statePartitionDirectory } from "../../state/state-files.ts";
import { createRowDecoder } from "../../state/unsafe-row-reader.ts";
import { VersionedMap } from "../../state/versioned-map.ts";
import {
  bigintType,
  field,
  intType,
  type SqlValue,
  stringType,
  structType,
  type StructType,
} from "../../types/data-type.ts";
import type { BatchSource, ScanRequest, SourceContext, SourceProvider, SourceSplit } from "../contract.ts";
import { projectBatch } from "../project-batch.ts";
import { checkpointRuntime, findState, type FoundState } from "./checkpoint-state.ts";
import { type StateReadOptions, stateReadOptions } from "./options.ts";

const rowsPerBatch = 4096;

function schemaOf({ schema, keyColumns, valueColumns }: FoundState, changes: boolean): StructType {
  const rows = [
    field("key", structType(schema.key.fields.slice(0, keyColumns))),
    field("value", structType(schema.value.fields.slice(0, valueColumns))),
    field("partition_id", intType),
  ];
  return structType(changes ? [field("batch_id", bigintType), field("change_type", stringType), ...rows] : rows);
}

/** Makes rows of the bytes of entries. */
class StateRows {
  readonly #schema: StructType;
  readonly #columns: StructType;
  readonly #state: FoundState;
  readonly #decodeKey: (bytes: Uint8Array, start: number, end: number) => SqlValue[];
  readonly #decodeValue: (bytes: Uint8Array, start: number, end: number) => SqlValue[];
  readonly #done: RecordBatch[] = [];
  #rows: SqlValue[][] = [];

  constructor(state: FoundState, schema: StructType, columns: StructType) {
    this.#schema = schema;
    this.#columns = columns;
    this.#state = state;
    const decoder = (struct: StructType) => createRowDecoder(struct.fields.map(({ type }) => type)).decode;
    this.#decodeKey = decoder(state.schema.key);
    this.#decodeValue = decoder(state.schema.value);
  }

  /** A visitor of entries in a partition; of changes with the batch that made them. */
  visitor(partition: number, batchId?: number): StateRecordVisitor {
    const { keyColumns, valueColumns } = this.#state;
    return (bytes, keyStart, keyEnd, valueStart, valueEnd) => {
      const key = this.#decodeKey(bytes, keyStart, keyEnd).slice(0, keyColumns);
      const value = valueEnd < 0 ? null : this.#decodeValue(bytes, valueStart, valueEnd).slice(0, valueColumns);
      const change = batchId === undefined ? [] : [BigInt(batchId), value === null ? "delete" : "update"];
      this.#rows.push([...change, key, value, partition]);
      if (this.#rows.length === rowsPerBatch) this.#finish();
    };
  }

  /** The batches that are there. */
  *take(all: boolean): Generator<RecordBatch> {
    if (all) this.#finish();
    yield* this.#done.splice(0);
  }

  #finish(): void {
    if (this.#rows.length === 0) return;
    this.#done.push(projectBatch(batchFromValues(this.#schema, this.#rows), this.#columns));
    this.#rows = [];
  }
}

class StateSource implements BatchSource {
  readonly filtered = false;
  readonly splits: readonly SourceSplit[];
  readonly #runtime: Runtime;
  readonly #options: StateReadOptions;
  readonly #state: FoundState;
  readonly #columns: StructType;

  constructor(runtime: Runtime, options: StateReadOptions, state: FoundState, columns: StructType) {
    this.#runtime = runtime;
    this.#options = options;
    this.#state = state;
    this.#columns = columns;
    this.splits = state.partitions.map((partition) => ({ description: `partition ${partition}`, data: partition }));
  }

  async *read(split: SourceSplit): AsyncGenerator<RecordBatch> {
    const partition = split.data as number;
    const { checkpoint, operatorId, changes, snapshot } = this.#options;
    const { storeName, batchId, startBatchId } = this.#state;
    const rows = new StateRows(this.#state, schemaOf(this.#state, changes !== null), this.#columns);
    const directory = statePartitionDirectory(checkpoint, operatorId, partition, storeName);
    if (changes !== null) {
      for (let batch = startBatchId; batch <= batchId; batch++) {
        await this.#replay(`${directory}/${batch + 1}.delta`, "delta", rows.visitor(partition, batch));
        yield* rows.take(false);
      }
    } else {
      const visit = rows.visitor(partition);
      if (snapshot === null) await this.#visitVersion(directory, batchId + 1, visit);
      else await this.#visitFromSnapshot(directory, snapshot.startBatchId + 1, batchId + 1, visit);
    }
    yield* rows.take(true);
  }

  async #visitVersion(directory: string, version: number, visit: StateRecordVisitor): Promise<void> {
    const { fs, random } = this.#runtime;
    const store = await new HdfsStateStoreProvider(fs, random, directory, { readOnly: true }).open(version);
    store.forEach(visit);
    store.abort();
  }

  /** To look at a snapshot itself: without the way around a damaged one. */
  async #visitFromSnapshot(directory: string, from: number, to: number, visit: StateRecordVisitor): Promise<void> {
    const map = new VersionedMap(1);
    const put: StateRecordVisitor = (bytes, keyStart, keyEnd, valueStart, valueEnd) => {
      if (valueEnd < 0) map.remove(bytes, keyStart, keyEnd);
      else map.put(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd);
    };
    await this.#replay(`${directory}/${from}.snapshot`, "snapshot", put);
    for (let version = from + 1; version <= to; version++) {
      await this.#replay(`${directory}/${version}.delta`, "delta", put);
    }
    map.forEach(visit);
  }

  async #replay(path: string, kind: "delta" | "snapshot", visit: StateRecordVisitor): Promise<void> {
    const { fs } = this.#runtime;
    if ((await fs.stat(path)) === null) {
      throw new MillraceError(
        kind === "delta"
          ? "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS"
          : "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE",
        { fileToRead: path },
      );
    }
    readStateFile(path, kind, await fs.readFile(path), visit);
  }

  async close(): Promise<void> {}
}

async function found(context: SourceContext): Promise<readonly [Runtime, StateReadOptions, FoundState]> {
  const options = stateReadOptions(context);
  const runtime = await checkpointRuntime(context, options.checkpoint);
  return [runtime, options, await findState(runtime, options)];
}

export const stateStoreProvider: SourceProvider = {
  names: ["statestore"],
  async inferSchema(context, given) {
    refuseSchema("statestore", given, "The schema is that of the state; give none.");
    const [, options, state] = await found(context);
    return schemaOf(state, options.changes !== null);
  },
  async openBatch(context, request: ScanRequest) {
    const [runtime, options, state] = await found(context);
    return new StateSource(runtime, options, state, request.columns);
  },
};
