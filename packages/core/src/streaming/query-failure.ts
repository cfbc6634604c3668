/** Turns what ended a query into the error that its user sees: what failed, at which offsets, and what to do. */
import { MillraceError } from "../errors/index.ts";

export interface FailurePlace {
  readonly id: string;
  readonly runId: string;
  readonly batchId: number;
  /** Lines such as `FileStreamSource[…] from {"logOffset":3} to {"logOffset":4}`. */
  readonly sources: readonly string[];
}

/** The message of an error without its stack; a user's function may throw anything. */
export function messageOf(error: unknown): string {
  if (error instanceof MillraceError) return error.message;
  if (error instanceof Error) return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
  return String(error);
}

/** STREAM_FAILED around the cause. */
export function streamFailed(cause: unknown, place: FailurePlace): MillraceError<"STREAM_FAILED"> {
  if (cause instanceof MillraceError && cause.errorClass === "STREAM_FAILED")
    return cause as MillraceError<"STREAM_FAILED">;
  const where =
    place.batchId < 0
      ? ""
      : `\nBatch ${place.batchId} was not committed and is repeated on the next start from the same checkpoint.` +
        place.sources.map((line) => `\n  ${line}`).join("");
  return new MillraceError(
    "STREAM_FAILED",
    { id: place.id, runId: place.runId, message: `${messageOf(cause)}${where}\n` },
    { cause },
  );
}
