/** Calling users' closures: what they throw is wrapped, and waiting for them ends when the query is stopped. */
import { failedFunction } from "../../codegen/user-function.ts";
import type { UserFunction } from "../../expressions/expression.ts";
import { type StructType, structType } from "../../types/data-type.ts";

/** A closure as a function that throws FAILED_EXECUTE_UDF, naming it, when it fails or its promise is rejected. */
export class UserCode {
  readonly #fn: UserFunction;
  readonly #input: StructType;
  readonly #output: StructType | undefined;
  readonly #signal: AbortSignal;
  constructor(fn: UserFunction, input: StructType, output: StructType | undefined, signal: AbortSignal) {
    this.#fn = fn;
    this.#input = input;
    this.#output = output;
    this.#signal = signal;
  }

  call(...args: readonly unknown[]): unknown {
    try {
      return (this.#fn.closure as (...values: readonly unknown[]) => unknown)(...args);
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** The value of a promise of the user's. */
  async settled(value: unknown): Promise<unknown> {
    try {
      return await abortable(Promise.resolve(value), this.#signal);
    } catch (error) {
      if (this.#signal.aborted) throw error;
      throw this.failure(error);
    }
  }

  /** The elements of what the closure returned: an iterable, an async iterable, or a promise of one. */
  async *elements(result: unknown): AsyncGenerator<unknown, void, undefined> {
    const collection = isThenable(result) ? await this.settled(result) : result;
    const iterator = this.#iteratorOf(collection);
    try {
      for (;;) {
        const step = await this.settled(this.#guard(() => iterator.next()));
        const { done, value } = step as IteratorResult<unknown>;
        if (done === true) return;
        yield isThenable(value) ? await this.settled(value) : value;
      }
    } finally {
      // Not awaited: a generator of the user's may hang in what it waits for.
      if (!this.#signal.aborted) Promise.resolve(this.#guard(() => iterator.return?.())).catch(() => {});
    }
  }

  failure(error: unknown): Error {
    return failedFunction(this.#fn, [structType(this.#input.fields)], this.#output, error);
  }

  #guard<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw this.failure(error);
    }
  }

  #iteratorOf(collection: unknown): Iterator<unknown> | AsyncIterator<unknown> {
    const iterable = collection as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
    return this.#guard(() => {
      if (iterable === null || iterable === undefined || typeof collection === "string") throw notIterable();
      const asynchronous = iterable[Symbol.asyncIterator]?.();
      const iterator = asynchronous ?? iterable[Symbol.iterator]?.();
      if (iterator === undefined) throw notIterable();
      return iterator;
    });
  }
}

function notIterable(): TypeError {
  return new TypeError("the function must return an iterable of rows");
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function"
  );
}

/** The promise, or the signal's reason as soon as it aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
