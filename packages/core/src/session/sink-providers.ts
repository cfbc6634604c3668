import { MillraceError } from "../errors/index.ts";
import type { SinkProvider } from "../sinks/contract.ts";
import { builtInSinks } from "../sinks/registry.ts";

/** Sinks by format name, without regard to case. */
export class SinkProviders {
  readonly #byName = new Map<string, SinkProvider>();

  constructor() {
    for (const provider of builtInSinks) {
      for (const name of provider.names) this.#byName.set(name.toLowerCase(), provider);
    }
  }

  /** The provider of a format, or the one that the user gave. */
  resolve(format: string | SinkProvider): SinkProvider {
    if (typeof format !== "string") return format;
    const provider = this.#byName.get(format.toLowerCase());
    if (provider === undefined) {
      throw new MillraceError("DATA_SOURCE_NOT_FOUND", {
        provider: format,
        known: [...this.#byName.keys()].sort().join(", "),
      });
    }
    return provider;
  }
}
