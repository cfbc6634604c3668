import { type ErrorContext, MillraceError } from "../../errors/index.ts";
import type { ErrorClass } from "../../errors/error-classes.ts";
import type { RemoteError } from "./messages.ts";

export function toRemoteError(error: unknown): RemoteError {
  if (error instanceof MillraceError) {
    const { errorClass, parameters, context, message } = error;
    return { errorClass, parameters, message, ...(context === undefined ? {} : { context }) };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  return { message: `${error.name}: ${error.message}`, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}

/** The error that the calling thread throws. */
export function fromRemoteError({ errorClass, parameters, context, message, stack }: RemoteError): Error {
  if (errorClass === undefined) {
    const error = new Error(message);
    if (stack !== undefined) error.stack = stack;
    return error;
  }
  const options = context === undefined ? {} : { context: context as ErrorContext };
  return new MillraceError(errorClass as ErrorClass, parameters as never, options);
}
