import { loadTemporal } from "../columnar/temporal.ts";
import { createNodeRuntime } from "../runtime/node/index.ts";
import { EmbeddedEngine } from "../session/embedded-engine.ts";
import type { EngineFactory } from "../session/engine.ts";

/** The engine in this process, on the machine's own clock and disk: what sessions run on unless told otherwise. */
export const embeddedEngine: EngineFactory = async (request) => {
  // Values as Temporal objects, and times without a zone, need it; a runtime that has its own loads nothing.
  await loadTemporal();
  return new EmbeddedEngine(request, createNodeRuntime());
};
