export { HdfsStateStoreProvider, type HdfsStateStoreOptions } from "./hdfs-state-store.ts";
export { hashColumns, partitionOf, partitionSeed } from "./murmur3.ts";
export {
  checkOperators,
  type OperatorMetadata,
  readOperatorMetadata,
  type StateStoreInfo,
  writeOperatorMetadataProgram,
} from "./operator-metadata.ts";
export {
  checkStateSchema,
  readStateSchema,
  type StateSchema,
  stateSchemaPath,
  writeStateSchemaProgram,
} from "./state-schema.ts";
export { statePartitionDirectory } from "./state-files.ts";
export type { StateStore, StateStoreProvider } from "./state-store.ts";
export { createRowEncoder, encodeRow, encodeRows, type EncodedRows, type RowEncoder } from "./unsafe-row.ts";
export { createRowDecoder, type RowDecoder } from "./unsafe-row-reader.ts";
export type { VisitEntry } from "./versioned-map.ts";
