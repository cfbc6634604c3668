/** Errors of streaming queries. */
export const streamingErrors = {
  STREAM_FAILED: {
    sqlState: "XXKST",
    message: "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
  },
  CONCURRENT_STREAM_LOG_UPDATE: {
    sqlState: "40000",
    message:
      "Concurrent update to the log. Multiple streaming jobs detected for <batchId>. Please make sure only one streaming job runs on a specific checkpoint location at a time.",
  },
} as const;
