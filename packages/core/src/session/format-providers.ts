import { MillraceError } from "../errors/index.ts";

/** Sources or sinks by format name, without regard to case. */
export class FormatProviders<P extends { readonly names: readonly string[] }> {
  readonly #byName = new Map<string, P>();

  constructor(providers: readonly P[]) {
    for (const provider of providers) {
      for (const name of provider.names) this.#byName.set(name.toLowerCase(), provider);
    }
  }

  /**
   * @param also what may be used besides formats, for the error
   * @throws MillraceError DATA_SOURCE_NOT_FOUND naming the formats there are
   */
  get(format: string, also = ""): P {
    const provider = this.#byName.get(format.toLowerCase());
    if (provider === undefined) {
      const known = [...this.#byName.keys()].sort().join(", ") + also;
      throw new MillraceError("DATA_SOURCE_NOT_FOUND", { provider: format, known });
    }
    return provider;
  }
}
