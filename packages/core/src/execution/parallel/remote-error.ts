import { type ErrorContext, MillraceError } from "../../errors/index.ts";
import type { ErrorClass } from "../../errors/error-classes.ts";
import type { RemoteError } from "./messages.ts";

/** Causes of causes that are sent along. */
const mostCauses = 5;

export function toRemoteError(error: unknown, depth = 0): RemoteError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, stack } = error;
  const cause =
    error.cause === undefined || depth === mostCauses ? {} : { cause: toRemoteError(error.cause, depth + 1) };
  if (error instanceof MillraceError) {
    const { errorClass, parameters, context, message } = error;
    return { errorClass, parameters, message, ...cause, ...(context === undefined ? {} : { context }) };
  }
  return { name, message: error.message, ...cause, ...(stack === undefined ? {} : { stack }) };
}

/** The error that the calling thread throws. */
export function fromRemoteError(remote: RemoteError): Error {
  const { errorClass, parameters, context, name, message, stack } = remote;
  const cause = remote.cause === undefined ? {} : { cause: fromRemoteError(remote.cause) };
  if (errorClass === undefined) {
    const error = new Error(message, cause);
    if (name !== undefined) error.name = name;
    if (stack !== undefined) error.stack = stack;
    return error;
  }
  const options = { ...cause, ...(context === undefined ? {} : { context: context as ErrorContext }) };
  return new MillraceError(errorClass as ErrorClass, parameters as never, options);
}
