/** Errors of streaming queries. */
export const streamingErrors = {
  "CONCURRENT_QUERY.SAME_SESSION": {
    sqlState: "0A000",
    message:
      "A query of this session already runs on the checkpoint <path>, or is being started on it. Stop it first, or set spark.sql.streaming.stopActiveRunOnRestart to true.",
  },
  STREAMING_QUERY_NAME_IN_USE: {
    sqlState: "42710",
    message: "Cannot start query with name <name> as a query with that name is already active in this SparkSession.",
  },
  STREAM_FAILED: {
    sqlState: "XXKST",
    message: "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
  },
  CONCURRENT_STREAM_LOG_UPDATE: {
    sqlState: "40000",
    message:
      "Concurrent update to the log. Multiple streaming jobs detected for <batchId>. Please make sure only one streaming job runs on a specific checkpoint location at a time.",
  },
  "STREAMING_QUERY_EVOLUTION_ERROR.DUPLICATE_SOURCE_NAMES": {
    sqlState: "42KDE",
    message:
      "Streaming query evolution error: Duplicate streaming source names detected: <names>. Each streaming source must have a unique name.",
  },
  "STREAMING_QUERY_EVOLUTION_ERROR.INVALID_SOURCE_NAME": {
    sqlState: "42KDE",
    message:
      "Streaming query evolution error: Invalid streaming source name '<sourceName>'. Source names must only contain ASCII letters (a-z, A-Z), digits (0-9), and underscores (_).",
  },
  INVALID_STREAMING_REAL_TIME_MODE_TRIGGER_INTERVAL: {
    sqlState: "22023",
    message:
      "The real-time trigger interval is set to <interval> ms. This is less than the <minBatchDuration> ms minimum specified by spark.sql.streaming.realTimeMode.minBatchDuration.",
  },
  "STREAMING_REAL_TIME_MODE.ASYNC_PROGRESS_TRACKING_NOT_SUPPORTED": {
    sqlState: "0A000",
    message:
      "Streaming real-time mode has the following limitation: Async progress tracking is not supported in real-time mode. Set option asyncProgressTrackingEnabled to false and retry your query.",
  },
  "STREAMING_REAL_TIME_MODE.IDENTICAL_SOURCES_IN_UNION_NOT_SUPPORTED": {
    sqlState: "0A000",
    message:
      "Streaming real-time mode has the following limitation: Real-time mode does not support union on two or more identical streaming data sources in a single query, such as the same source DataFrame twice. Read the source a second time instead. Sources provided in the query: <sources>",
  },
  "STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED": {
    sqlState: "0A000",
    message:
      "Streaming real-time mode has the following limitation: The input stream <className> is not supported in Real-time Mode. docs/streaming.md lists the sources that are.",
  },
  "STREAMING_REAL_TIME_MODE.OPERATOR_OR_SINK_NOT_IN_ALLOWLIST": {
    sqlState: "0A000",
    message:
      "Streaming real-time mode has the following limitation: The <errorType>(s): <message> not in the <errorType> allowlist for Real-Time Mode. Use another trigger, or leave what is named out of the query.",
  },
  "STREAMING_REAL_TIME_MODE.OUTPUT_MODE_NOT_SUPPORTED": {
    sqlState: "0A000",
    message:
      "Streaming real-time mode has the following limitation: The output mode <outputMode> is not supported. To work around this limitation, set the output mode to Update.",
  },
  "STREAMING_REAL_TIME_MODE.SINK_NOT_SUPPORTED": {
    sqlState: "0A000",
    message:
      "Streaming real-time mode has the following limitation: The <className> sink is currently not supported. docs/streaming.md lists the sinks that are.",
  },
  "STATEFUL_OPERATOR_NAME.DUPLICATE": {
    sqlState: "42710",
    message: "Several operators with state have the same name: <names>. Give each a name of its own.",
  },
  "STATEFUL_OPERATOR_NAME.INVALID": {
    sqlState: "42602",
    message:
      "<name> is no name of an operator. Names consist of ASCII letters, digits and underscores, and do not begin with a digit.",
  },
  "STATEFUL_OPERATOR_NAME.NO_STATE": {
    sqlState: "42K0L",
    message:
      "There is no operator with state that could be named <name>. Call named() on what an aggregation, a deduplication, a join of streams, a limit or a function with state gives.",
  },
  UNSUPPORTED_STREAMING_OPERATION: {
    sqlState: "0A000",
    message: "<operation> is not supported. docs/streaming.md lists what a streaming query can hold.",
  },
  MULTIPLE_EVENT_TIME_COLUMNS: {
    sqlState: "42K09",
    message:
      "More than one event time columns are available. Please ensure there is at most one event time column per stream. event time columns: <eventTimeCols>",
  },
  "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION": {
    sqlState: "42KDE",
    message:
      "Invalid streaming output mode: <outputMode>. This output mode is not supported for <operation>. Use another output mode, or add a watermark on a grouping column where one is missing.",
  },
  "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE": {
    sqlState: "42KDE",
    message: "Invalid streaming output mode: the sink <className> does not support the output mode <outputMode>.",
  },
  MEMORY_SINK_NEEDS_NAME: {
    sqlState: "42601",
    message:
      'queryName must be specified for memory sink: it is the name of the table. Set it with .queryName("name").',
  },
  _LEGACY_ERROR_TEMP_1299: {
    sqlState: "0A000",
    message:
      "This query does not support recovering from checkpoint location. Delete <checkpointPath> to start over, or use output mode complete.",
  },
  CHECKPOINT_LOCATION_REQUIRED: {
    sqlState: "42601",
    message:
      'checkpointLocation must be specified either through option("checkpointLocation", …) or the setting spark.sql.streaming.checkpointLocation.',
  },
} as const;
