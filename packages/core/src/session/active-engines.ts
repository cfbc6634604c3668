import type { EmbeddedEngine } from "./embedded-engine.ts";

/** The engines of this process that are not stopped: what a command line watches and stops. */
const engines = new Set<EmbeddedEngine>();
const listeners = new Set<(engine: EmbeddedEngine) => void>();

export function activeEngines(): readonly EmbeddedEngine[] {
  return [...engines];
}

/** Calls back for every engine that is opened from now on; returns what ends it. */
export function onEngineOpened(listener: (engine: EmbeddedEngine) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function engineOpened(engine: EmbeddedEngine): void {
  engines.add(engine);
  for (const listener of listeners) listener(engine);
}

export function engineStopped(engine: EmbeddedEngine): void {
  engines.delete(engine);
}
