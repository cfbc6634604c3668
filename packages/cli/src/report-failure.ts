/** Prints what ended a command. A user's mistake is one line; only a bug of ours (or of the job) shows where it happened. */
export function reportFailure(error: unknown): void {
  const known = error instanceof Error && error.name === "MillraceError" && !error.message.includes("INTERNAL_ERROR");
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
}
