export { isRetriable } from "./retriable.ts";
export { errorClasses, type ErrorClass, type ErrorParameters } from "./error-classes.ts";
export { assertInvariant, isMillraceError, MillraceError, unreachable, type ErrorContext } from "./millrace-error.ts";
