/** Errors of checkpoint and state. */
export const stateErrors = {
  "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_KEY_SIZE": {
    sqlState: "58030",
    message:
      "An error occurred during loading state. Error reading delta file <fileToRead>: key size cannot be <keySize>. Restore the checkpoint from a copy or start with a new one.",
  },
  "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS": {
    sqlState: "58030",
    message:
      "An error occurred during loading state. Error reading delta file <fileToRead>: <fileToRead> does not exist. Restore the checkpoint from a copy or start with a new one.",
  },
  "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE": {
    sqlState: "58030",
    message:
      "An error occurred during loading state. Error reading snapshot file <fileToRead>: <fileToRead> does not exist. Restore the checkpoint from a copy or start with a new one.",
  },
  "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE": {
    sqlState: "58030",
    message:
      "An error occurred during loading state. Error reading snapshot file <fileToRead>: key size cannot be <keySize>. Restore the checkpoint from a copy or start with a new one.",
  },
  "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE": {
    sqlState: "58030",
    message:
      "An error occurred during loading state. Error reading snapshot file <fileToRead>: value size cannot be <valueSize>. Restore the checkpoint from a copy or start with a new one.",
  },
  "CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE": {
    sqlState: "58030",
    message:
      "An error occurred during loading state. The state file <fileToRead> is damaged: <reason>. Restore the checkpoint from a copy or start with a new one.",
  },
  "CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION": {
    sqlState: "58030",
    message: "An error occurred during loading state. Version cannot be <version> because it is less than 0.",
  },
  "CHECKPOINT_ENCRYPTION_KEY.INVALID": {
    sqlState: "22023",
    message:
      "The key of checkpoints that <reference> names cannot be used: <reason>. Let millrace.checkpoint.encryption.keys name environment variables (env:NAME) or files (file:/path) with 64 hexadecimal digits, or 32 bytes in Base64.",
  },
  "CHECKPOINT_ENCRYPTION_KEY.MISSING": {
    sqlState: "28000",
    message:
      "The checkpoint file <path> is encrypted with the key <keyId>, and no key is given. Name it in millrace.checkpoint.encryption.keys, or with --keys.",
  },
  "CHECKPOINT_ENCRYPTION_KEY.UNKNOWN": {
    sqlState: "28000",
    message:
      "The checkpoint file <path> is encrypted with the key <keyId>; the keys given are <given>. Add the old key behind the new one in millrace.checkpoint.encryption.keys, or with --keys.",
  },
  CHECKPOINT_ERASE_REFUSED: {
    sqlState: "58030",
    message:
      "Nothing was erased, as <path> cannot be read and may hold the key: <reason> See whether `millrace checkpoint repair` can mend it, or restore the checkpoint from a copy.",
  },
  INVALID_ERASE_KEY: {
    sqlState: "22023",
    message: "An empty text cannot be erased from a checkpoint: it would be found everywhere. Give the key.",
  },
  CHECKPOINT_BATCHES_MISSING: {
    sqlState: "58030",
    message:
      "The checkpoint log <path> has no file for batch <batchIds>, which is needed to go on from batch <latestBatchId>. Restore the checkpoint from a copy or start with a new one.",
  },
  CHECKPOINT_BEHIND_SINK: {
    sqlState: "55000",
    message:
      "The sink holds batch <sinkBatchId> of this query, but the checkpoint <path> ends at batch <checkpointBatchId>: it was probably restored from an older copy, and going on would lose or repeat rows. Use the newer checkpoint, or a new checkpoint together with a new sink.",
  },
  CHECKPOINT_LOG_CORRUPTED: {
    sqlState: "58030",
    message:
      "The checkpoint log file <path> cannot be read: <reason>. `millrace checkpoint verify` tells what is wrong; restore the checkpoint from a copy or start with a new one.",
  },
  CHECKPOINT_REPARTITION_UNFINISHED: {
    sqlState: "55019",
    message:
      "The state of the checkpoint <path> is being dealt out to <partitions> partitions, and that has not come to its end. Finish it: millrace checkpoint repartition <path> <partitions>",
  },
  "STATE_REPARTITION_INVALID_CHECKPOINT.LAST_BATCH_ABANDONED_REPARTITION": {
    sqlState: "55019",
    message:
      "The provided checkpoint location '<checkpointLocation>' is in an invalid state. The last batch ID <lastBatchId> is a repartition batch with <lastBatchShufflePartitions> shuffle partitions and didn't finish successfully. You're now requesting to repartition to <numPartitions> shuffle partitions. Please retry with the same number of shuffle partitions as the previous attempt. Once that completes successfully, you can repartition to another number of shuffle partitions.",
  },
  "STATE_REPARTITION_INVALID_CHECKPOINT.LAST_BATCH_FAILED": {
    sqlState: "55019",
    message:
      "The provided checkpoint location '<checkpointLocation>' is in an invalid state. The last batch ID <lastBatchId> didn't finish successfully. Please make sure the streaming query finishes successfully, before repartitioning: start it once more, for instance with the trigger availableNow.",
  },
  "STATE_REPARTITION_INVALID_CHECKPOINT.NO_BATCH_FOUND": {
    sqlState: "55019",
    message:
      "The provided checkpoint location '<checkpointLocation>' is in an invalid state. No microbatch has been recorded in the checkpoint location. Make sure the streaming query has successfully completed at least one microbatch before repartitioning.",
  },
  "STATE_REPARTITION_INVALID_CHECKPOINT.NO_COMMITTED_BATCH": {
    sqlState: "55019",
    message:
      "The provided checkpoint location '<checkpointLocation>' is in an invalid state. There is no committed microbatch. Make sure the streaming query has successfully completed at least one microbatch before repartitioning.",
  },
  "STATE_REPARTITION_INVALID_CHECKPOINT.SHUFFLE_PARTITIONS_ALREADY_MATCH": {
    sqlState: "55019",
    message:
      "The provided checkpoint location '<checkpointLocation>' is in an invalid state. The number of shuffle partitions in the last committed batch (id=<batchId>) is the same as the requested <numPartitions> partitions. Nothing is to be done.",
  },
  "STATE_REPARTITION_INVALID_PARAMETER.IS_NOT_GREATER_THAN_ZERO": {
    sqlState: "42616",
    message: "The repartition parameter <parameter> is invalid: must be a whole number greater than zero.",
  },
  CHECKPOINT_METADATA_MISSING: {
    sqlState: "58030",
    message:
      "The checkpoint <path> has offsets but no `metadata` file, so the id of its query is not known. Restore the file from a copy; a new id would make sinks take repeated batches for new ones.",
  },
  CHECKPOINT_OUTPUT_MODE_CHANGED: {
    sqlState: "55000",
    message:
      "The checkpoint <path> was written with output mode <storedMode> and the query now asks for <newMode>. Use <storedMode>, or start with a new checkpoint.",
  },
  CHECKPOINT_SOURCE_CHANGED: {
    sqlState: "55000",
    message:
      "Source <index> of the query was <storedSource> when the checkpoint <path> was written and is <newSource> now. Give the sources in their old order, or start with a new checkpoint.",
  },
  CHECKPOINT_SOURCE_COUNT_CHANGED: {
    sqlState: "55000",
    message:
      "There are [<storedCount>] sources in the checkpoint offsets and now there are [<newCount>] sources requested by the query. Cannot continue.",
  },
  CHECKPOINT_SOURCE_REMOVED_IN_BATCH: {
    sqlState: "55000",
    message:
      "The query no longer reads the source <source>, but batch <batchId> of the checkpoint <path>, which is to be run again, has rows of it. Let the program of before finish the batch, then change it.",
  },
  CHECKPOINT_WRITE_FAILED: {
    sqlState: "58030",
    retriable: true,
    message: "Writing <path> failed with <code>. The batch is not committed and is repeated on the next start.",
  },
  "CONCURRENT_QUERY.OTHER_PROCESS": {
    sqlState: "0A000",
    retriable: true,
    message:
      "Another run uses the checkpoint <path>: process <pid> on <hostName>, run epoch <epoch>. Stop it first; one checkpoint serves one run at a time.",
  },
  SINK_USED_BY_OTHER_QUERY: {
    sqlState: "55000",
    message:
      "The output directory <path> belongs to query <owner>, and this query is <queryId>: its batches would be taken for repeated ones and skipped. Give each query a directory of its own.",
  },
  STATE_OPERATOR_NOT_FOUND: {
    sqlState: "42704",
    message: "The query has no operator with state named <name>. Its operators: <known>.",
  },
  STATE_STORE_INVALID_ROW: {
    sqlState: "58030",
    message:
      "A row of the state store cannot be read: <reason>. Restore the checkpoint from a copy or start with a new one.",
  },
  STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE: {
    sqlState: "42K06",
    message:
      "Provided key schema does not match existing state key schema. Please check number and type of fields. Existing key_schema=<storedKeySchema> and new key_schema=<newKeySchema>. Undo the change of the query, or start with a new checkpoint.",
  },
  STATE_STORE_PROVIDER_NOT_ENCRYPTED: {
    sqlState: "0A000",
    message:
      "The provider <name> would keep state on the local disk in the clear, while millrace.checkpoint.encryption.keys asks for encrypted checkpoints. Keep the state in memory: unset spark.sql.streaming.stateStore.providerClass.",
  },
  STATE_STORE_PROVIDER_NOT_FOUND: {
    sqlState: "42704",
    message:
      "The provider <name>, which spark.sql.streaming.stateStore.providerClass names, cannot be loaded: <reason>. Install it with `npm install <package>`; without the setting state is kept in memory.",
  },
  STATE_STORE_PROVIDER_NOT_SUPPORTED: {
    sqlState: "0A000",
    message:
      "The checkpoint <path> keeps its state in <setting>, which Millrace cannot read. Export the state with Spark's `statestore` reader and start with a new checkpoint.",
  },
  STATE_STORE_TOO_LARGE: {
    sqlState: "53200",
    message:
      "The state of the query takes <bytes> bytes of memory in batch <batchId>, more than the <limit> bytes of millrace.state.maxBytes; the batch was not committed. The operators hold <operators>. Bound the state by a watermark, raise the limit, or keep the state on disk: set spark.sql.streaming.stateStore.providerClass to @millrace/state-disk.",
  },
  STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE: {
    sqlState: "42K06",
    message:
      "Provided value schema does not match existing state value schema. Please check number and type of fields. Existing value_schema=<storedValueSchema> and new value_schema=<newValueSchema>. Undo the change of the query, or start with a new checkpoint.",
  },
  STDS_COMMITTED_BATCH_UNAVAILABLE: {
    sqlState: "KD006",
    message:
      "No committed batch found, checkpoint location: <checkpointLocation>. Ensure that the query has run and committed any microbatch before stopping.",
  },
  STDS_CONFLICT_OPTIONS: {
    sqlState: "42613",
    message: "The options <options> cannot be specified together. Please specify the one.",
  },
  STDS_FAILED_TO_READ_STATE_SCHEMA: {
    sqlState: "42K03",
    message:
      "Failed to read the state schema. Either the file does not exist, or the file is corrupted. options: <sourceOptions>. The checkpoint holds these operators and stores: <stores>.",
  },
  "STDS_INVALID_OPTION_VALUE.IS_EMPTY": {
    sqlState: "42616",
    message: "Invalid value for source option '<optionName>': cannot be empty.",
  },
  "STDS_INVALID_OPTION_VALUE.IS_NEGATIVE": {
    sqlState: "42616",
    message: "Invalid value for source option '<optionName>': cannot be negative.",
  },
  "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE": {
    sqlState: "42616",
    message: "Invalid value for source option '<optionName>': <message>",
  },
  STDS_NO_PARTITION_DISCOVERED_IN_STATE_STORE: {
    sqlState: "KD006",
    message:
      "The state does not have any partition. Please double check that the query points to the valid state. options: <sourceOptions>",
  },
  STDS_OFFSET_LOG_UNAVAILABLE: {
    sqlState: "KD006",
    message:
      "The offset log for <batchId> does not exist, checkpoint location: <checkpointLocation>. Please specify the batch ID which is available for querying - you can query the available batch IDs via using state metadata data source.",
  },
  STDS_REQUIRED_OPTION_UNSPECIFIED: { sqlState: "42601", message: "'<optionName>' must be specified." },
  STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA: {
    sqlState: "42K03",
    message:
      "Streaming stateful operator name does not match with the operator in state metadata. This likely to happen when user adds/removes/changes stateful operator of existing streaming query. Stateful operators in the metadata: [<OpsInMetadataSeq>]; Stateful operators in current batch: [<OpsInCurBatchSeq>].",
  },
  UNSUPPORTED_LOG_VERSION: {
    sqlState: "KD002",
    message:
      "The checkpoint file <path> cannot be read: maximum supported log version is v<maximum>, but encountered v<version>. It was written by a newer release: use that one.",
  },
} as const;
