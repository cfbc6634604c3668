/** `Temporal`: the runtime's own (Node 26) or the polyfill, which is loaded only when somebody asks for it. */
import type { Temporal } from "temporal-polyfill";
import { MillraceError } from "../errors/index.ts";

export type TemporalNamespace = typeof Temporal;

let loaded: TemporalNamespace | undefined = (globalThis as { readonly Temporal?: TemporalNamespace }).Temporal;

/** Makes {@link temporalNamespace} work on runtimes without `Temporal`. */
export async function loadTemporal(): Promise<TemporalNamespace> {
  loaded ??= (await import("temporal-polyfill")).Temporal;
  return loaded;
}

/**
 * `Temporal`, synchronously.
 * @throws MillraceError TEMPORAL_NOT_LOADED when the runtime has none and {@link loadTemporal} was not awaited
 */
export function temporalNamespace(): TemporalNamespace {
  if (loaded === undefined) throw new MillraceError("TEMPORAL_NOT_LOADED", {});
  return loaded;
}
