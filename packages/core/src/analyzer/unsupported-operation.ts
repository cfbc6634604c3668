import { MillraceError } from "../errors/index.ts";

/** @param operation what a stream cannot do, as a noun */
export function unsupported(operation: string): MillraceError {
  return new MillraceError("UNSUPPORTED_STREAMING_OPERATION", { operation });
}
