import { MillraceError } from "../errors/index.ts";
import type { SourceProvider } from "./contract.ts";

/** Providers by format name, without regard to case. */
export class SourceProviders {
  readonly #byName = new Map<string, SourceProvider>();

  constructor(providers: readonly SourceProvider[]) {
    for (const provider of providers) this.register(provider);
  }

  register(provider: SourceProvider): void {
    for (const name of provider.names) this.#byName.set(name.toLowerCase(), provider);
  }

  names(): readonly string[] {
    return [...this.#byName.keys()].sort();
  }

  /** @throws MillraceError DATA_SOURCE_NOT_FOUND naming the formats there are */
  get(format: string): SourceProvider {
    const provider = this.#byName.get(format.toLowerCase());
    if (provider === undefined) {
      throw new MillraceError("DATA_SOURCE_NOT_FOUND", { provider: format, known: this.names().join(", ") });
    }
    return provider;
  }
}
