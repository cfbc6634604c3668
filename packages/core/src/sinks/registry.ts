import { consoleSink } from "./console.ts";
import type { SinkProvider } from "./contract.ts";
import { csvSink, jsonSink, parquetSink, textSink } from "./files/providers.ts";
import { detachedMemorySink } from "./memory.ts";
import { noopSink } from "./noop.ts";

/** The sinks that a format name finds without further packages. */
export const builtInSinks: readonly SinkProvider[] = [
  noopSink,
  consoleSink,
  detachedMemorySink,
  jsonSink,
  parquetSink,
  csvSink,
  textSink,
];
