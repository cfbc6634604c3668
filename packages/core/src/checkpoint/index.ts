export {
  applyCheckpointProgram,
  type CheckpointFiles,
  corruptedLog,
  isTemporary,
  linesOfVersion1,
  listOrEmpty,
  readText,
  writeTextProgram,
} from "./checkpoint-files.ts";
export { commitLogCodec, type CommitLogEntry, openCommitLog } from "./commit-log.ts";
export { CompactibleLog, type CompactibleLogOptions, type EntryCodec } from "./compactible-log.ts";
export {
  checkEngineFacts,
  checkSinkOwner,
  checkSinkPosition,
  checkSourceCount,
  type EngineFacts,
  readEngineFacts,
  writeEngineFactsProgram,
  writeSinkOwnerProgram,
} from "./engine-files.ts";
export { checkpointFileSystem, countByKey } from "./encryption/checkpoint-file-system.ts";
export { type CheckpointKey, loadCheckpointKeys } from "./encryption/checkpoint-keys.ts";
export { eraseKey, type ErasedStore, type EraseRequest, type ErasureReport } from "./erase/erase-key.ts";
export { finishErasure } from "./erase/staged-erasure.ts";
export { type FileSinkEntry, type FileSinkLogOptions, openFileSinkLog, visibleFiles } from "./file-sink-log.ts";
export { type FileSourceEntry, openFileSourceLog, parseLogOffset, printLogOffset } from "./file-source-log.ts";
export { pathOfUri, uriOfPath } from "./hadoop-path.ts";
export {
  type LosslessJson,
  LosslessJsonError,
  type LosslessObject,
  parseLosslessJson,
  printLosslessJson,
} from "./json-offsets.ts";
export { acquireLease, foreignLeaseMs, type Lease, type LeaseOwner } from "./lease.ts";
export {
  matchSources,
  type MatchedSources,
  requireDistinctNames,
  type SourceFact,
  sourceText,
} from "./match-sources.ts";
export { type LogCodec, MetadataLog } from "./metadata-log.ts";
export {
  checkStateSettings,
  confOnRestart,
  offsetLogCodec,
  type OffsetLogEntry,
  openOffsetLog,
  sparkConfDefaults,
} from "./offset-log.ts";
export { openQueryMetadata, readQueryId } from "./query-metadata.ts";
export { repartitionCheckpoint, type RepartitionResult } from "./repartition.ts";
export { applyRepair, planRepair, type RepairPlan, type RepairStep } from "./repair.ts";
export { type CheckpointDescription, describeCheckpoint, type Finding, verifyCheckpoint } from "./verify.ts";
