/** Errors of checkpoint and state. */
export const stateErrors = {
  CHECKPOINT_LOG_CORRUPTED: {
    sqlState: "58030",
    message:
      "The checkpoint log file <path> cannot be read: <reason>. `millrace checkpoint verify` tells what is wrong; restore the checkpoint from a copy or start with a new one.",
  },
  CHECKPOINT_WRITE_FAILED: {
    sqlState: "58030",
    message: "Writing <path> failed with <code>. The batch is not committed and is repeated on the next start.",
  },
} as const;
