/**
 * `millrace/engine`: what connectors, test tools and command lines build on. Less settled than the main entry: it may change
 * between minor versions.
 */
export type { RecordBatch } from "./columnar/record-batch.ts";
export type { Vector } from "./columnar/vector.ts";
export { batchFromValues, valuesOfBatch } from "./columnar/batch-from-values.ts";
export { createBuilder, type VectorBuilder } from "./columnar/vector-builder.ts";
export { isValid } from "./columnar/vector.ts";
export { fromArrowIpc, toArrowIpc } from "./columnar/arrow-ipc.ts";
export { loadTemporal } from "./columnar/temporal.ts";
export { rowReaderOf } from "./columnar/external-values.ts";
export { rowWriter, toSqlValue } from "./columnar/external-input.ts";
export * from "./types/data-type.ts";
export { parseDdl, toDdl } from "./types/ddl.ts";
export { parseSchemaJson, toSchemaJson } from "./types/schema-json.ts";
export { fromStructType, toStructType } from "./types/schema-conversion.ts";
export type * from "./runtime/runtime.ts";
export type * from "./runtime/clock.ts";
export type { Random } from "./runtime/random.ts";
export type { FileOperation, FileStat, FileSystem } from "./runtime/file-system.ts";
export { FileSystemError } from "./runtime/file-system.ts";
export { type Connection, NetworkError } from "./runtime/network.ts";
export { decoderSlack, decompressSnappy, plausibleSnappySize } from "./parquet/snappy.ts";
export { createNodeRuntime } from "./runtime/node/index.ts";
export * from "./runtime/simulated/index.ts";
export type * from "./logical-plan/logical-plan.ts";
export { OptionReader } from "./logical-plan/option-reader.ts";
export type * from "./sources/contract.ts";
export { refuseSchema } from "./sources/fixed-schema.ts";
export { projectBatch } from "./sources/project-batch.ts";
export type * from "./sinks/contract.ts";
export { MemoryStream } from "./sources/memory/memory-stream.ts";
export { MemorySinkTable, memorySink } from "./sinks/memory.ts";
export {
  applyRepair,
  type CheckpointDescription,
  checkpointFileSystem,
  type CheckpointKey,
  countByKey,
  describeCheckpoint,
  type ErasedStore,
  eraseKey,
  type EraseRequest,
  type ErasureReport,
  type Finding,
  loadCheckpointKeys,
  planRepair,
  type RepairPlan,
  type RepairStep,
  repartitionCheckpoint,
  type RepartitionResult,
  verifyCheckpoint,
} from "./checkpoint/index.ts";
export { EmbeddedEngine, type EmbeddedEngineOptions } from "./session/embedded-engine.ts";
export { activeEngines, onEngineOpened } from "./session/active-engines.ts";
export { isRetriable } from "./errors/index.ts";
export { intervalMillis } from "./api/trigger-interval.ts";
export { type CheckpointDifference, compareWithCheckpoint } from "./streaming/compare-with-checkpoint.ts";
export { lookInsteadOfStarting } from "./streaming/unstarted-query.ts";
export type { StepName } from "./streaming/query-input.ts";
export type { StreamingQueryHandle, StreamingQueryProgress } from "./streaming/contract.ts";
// What a provider of state is made of.
export type * from "./state/state-store.ts";
export type { EntriesMoved, VisitEntry } from "./state/versioned-map.ts";
export { OpenStore, type StateMap } from "./state/open-store.ts";
export { checkVersion, StateFiles } from "./state/state-files.ts";
export { encodeDelta, encodeSnapshot } from "./state/state-file.ts";
export { HdfsStateStoreProvider } from "./state/hdfs-state-store.ts";
export { type KeyPrefix, keyPrefix, PrefixIndex } from "./state/key-prefix.ts";
export { hashBytes, hashWords } from "./state/murmur3.ts";
export { xxHash32 } from "./state/xxhash32.ts";
export { applyAtomicWrites, atomicWrite } from "./runtime/durability.ts";
export type { LocalFile, LocalFiles } from "./runtime/local-files.ts";
export { assertInvariant, MillraceError } from "./errors/index.ts";
