import { MillraceError } from "../errors/index.ts";
import type { SourceProvider } from "../sources/contract.ts";
import { iterableProvider } from "../sources/user/iterable-source.ts";
import { type RowSource, rowSourceProvider } from "../sources/user/row-source.ts";

/** What `readStream.from` takes. */
export type UserSource = AsyncIterable<unknown> | Iterable<unknown> | RowSource | SourceProvider;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The provider for a source object of the user's. Each object has one provider, however often it is asked for. */
const providers = new WeakMap<object, SourceProvider>();

export function userSourceProvider(source: unknown): SourceProvider {
  if (!isObject(source)) throw notASource(source);
  let provider = providers.get(source);
  if (provider === undefined) {
    provider = adapt(source);
    providers.set(source, provider);
  }
  return provider;
}

function adapt(source: object): SourceProvider {
  if ("inferSchema" in source) return source as SourceProvider;
  if (Symbol.asyncIterator in source || Symbol.iterator in source) {
    return iterableProvider(source as AsyncIterable<unknown> | Iterable<unknown>);
  }
  if ("latestOffset" in source && "read" in source && "initialOffset" in source) {
    return rowSourceProvider(source as RowSource);
  }
  throw notASource(source);
}

function notASource(source: unknown): MillraceError {
  return new MillraceError("INVALID_OPTION", {
    option: "source",
    provider: "readStream.from",
    value: typeof source,
    expected: "Give an async iterable, an object with initialOffset, latestOffset and read, or a SourceProvider.",
  });
}
