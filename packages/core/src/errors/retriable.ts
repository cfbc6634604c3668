import { errorClasses } from "./error-classes.ts";
import { MillraceError } from "./millrace-error.ts";

/**
 * Whether starting again may help. A failed query goes by what made it fail. Of our errors those help whose class says so; others
 * come again with the same rows and the same program. What a sink or a function of the user's throws is not ours to judge: a
 * database may be back in a minute.
 */
export function isRetriable(error: unknown): boolean {
  if (!(error instanceof MillraceError)) return true;
  const { errorClass, cause }: MillraceError = error;
  if (errorClass === "STREAM_FAILED") return isRetriable(cause);
  const entry: { readonly sqlState: string; readonly retriable?: boolean } = errorClasses[errorClass];
  return entry.retriable === true;
}
