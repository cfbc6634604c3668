import { errorClasses, type ErrorClass, type ErrorParameters } from "./error-classes.ts";
import { sqlFragment } from "./sql-fragment.ts";

/** Where in the user's program or input an error belongs. */
export interface ErrorContext {
  /** SQL text and the position of the faulty fragment in it (UTF-16 units). */
  readonly sql?: { readonly text: string; readonly start: number; readonly stop: number };
  /** The user's line that built the faulty part of the plan, as `file:line:column`. */
  readonly callSite?: string;
}

/**
 * Every error that a user can meet: a stable class, an SQLSTATE, typed parameters and a message that says what is wrong,
 * where, and what to do. Classes carry Spark's name where Spark has one.
 */
export class MillraceError<C extends ErrorClass = ErrorClass> extends Error {
  override readonly name: string = "MillraceError";
  readonly errorClass: C;
  readonly sqlState: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly context: ErrorContext | undefined;

  constructor(
    errorClass: C,
    parameters: ErrorParameters<C>,
    options?: { readonly cause?: unknown; readonly context?: ErrorContext },
  ) {
    const entry = errorClasses[errorClass];
    const values = parameters as Readonly<Record<string, string>>;
    const text = entry.message.replaceAll(/<(\w+)>/g, (_, key: string) => String(values[key]));
    const { sql, callSite } = options?.context ?? {};
    const where =
      (sql === undefined ? "" : `\n${sqlFragment(sql)}`) +
      (callSite === undefined ? "" : `\n== DataFrame ==\nbuilt at ${callSite}`);
    super(
      `[${errorClass}] ${text} SQLSTATE: ${entry.sqlState}${where}`,
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.errorClass = errorClass;
    this.sqlState = entry.sqlState;
    this.parameters = values;
    this.context = options?.context;
  }
}

/** True for an error of the given class (or any class when none is given). */
export function isMillraceError<C extends ErrorClass>(error: unknown, errorClass?: C): error is MillraceError<C> {
  return error instanceof MillraceError && (errorClass === undefined || error.errorClass === errorClass);
}

/** Marks code that cannot be reached when every case of a union is handled: a new case is a compile error here. */
export function unreachable(value: never): never {
  throw new MillraceError("INTERNAL_ERROR", { message: `unexpected ${JSON.stringify(value)}` });
}

/** An invariant of the engine, checked in production too. */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new MillraceError("INTERNAL_ERROR", { message });
}
