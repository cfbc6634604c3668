import { createNodeRuntime } from "../runtime/node/index.ts";
import { EmbeddedEngine } from "../session/embedded-engine.ts";
import type { EngineFactory } from "../session/engine.ts";

/** The engine in this process, on the machine's own clock and disk: what sessions run on unless told otherwise. */
export const embeddedEngine: EngineFactory = async (request) => new EmbeddedEngine(request, createNodeRuntime());
