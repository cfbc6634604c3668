import { MillraceError } from "../errors/index.ts";

/** The packages that bring formats, by name of the format. One exports `sourceProvider`, `sinkProvider` or both. */
const packageOfFormat: ReadonlyMap<string, string> = new Map([["kafka", "@millrace/kafka"]]);

interface Named {
  readonly names: readonly string[];
}

/** Sources or sinks by format name, without regard to case. */
export class FormatProviders<P extends Named> {
  readonly #byName = new Map<string, P>();
  readonly #exportName: string;
  readonly #packages: ReadonlyMap<string, string>;

  /**
   * @param providers  those that need no loading
   * @param exportName what a package of a format exports the provider as
   * @param packages   the packages by format
   */
  constructor(
    providers: readonly P[],
    exportName: "sourceProvider" | "sinkProvider",
    packages: ReadonlyMap<string, string> = packageOfFormat,
  ) {
    this.#exportName = exportName;
    this.#packages = packages;
    for (const provider of providers) this.#add(provider);
  }

  /**
   * The provider of a format, loaded from its package the first time. Afterwards {@link get} knows it.
   * @param also what may be used besides formats, for the error
   * @throws MillraceError DATA_SOURCE_NOT_FOUND naming the formats there are, DATA_SOURCE_PACKAGE_NOT_FOUND naming the
   *   package to install, UNSUPPORTED_DATA_SOURCE_MODE when the package only reads or only writes
   */
  async load(format: string, also = ""): Promise<P> {
    const name = format.toLowerCase();
    const specifier = this.#packages.get(name);
    if (specifier === undefined || this.#byName.has(name)) return this.get(format, also);
    let exported: Readonly<Record<string, unknown>>;
    try {
      exported = (await import(specifier)) as Readonly<Record<string, unknown>>;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new MillraceError(
        "DATA_SOURCE_PACKAGE_NOT_FOUND",
        { provider: name, package: specifier, reason },
        { cause },
      );
    }
    const provider = exported[this.#exportName];
    if (!isProvider<P>(provider)) {
      const mode = this.#exportName === "sourceProvider" ? "reading" : "writing";
      throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", { provider: name, mode });
    }
    this.#add(provider);
    return provider;
  }

  /**
   * The provider of a format that needs no loading or was loaded.
   * @param also what may be used besides formats, for the error
   * @throws MillraceError DATA_SOURCE_NOT_FOUND naming the formats there are
   */
  get(format: string, also = ""): P {
    const provider = this.#byName.get(format.toLowerCase());
    if (provider === undefined) {
      const known = [...new Set([...this.#byName.keys(), ...this.#packages.keys()])].sort().join(", ") + also;
      throw new MillraceError("DATA_SOURCE_NOT_FOUND", { provider: format, known });
    }
    return provider;
  }

  #add(provider: P): void {
    for (const name of provider.names) this.#byName.set(name.toLowerCase(), provider);
  }
}

/** A package is taken at its word: what it exports under the name is a source or a sink. */
function isProvider<P extends Named>(value: unknown): value is P {
  return typeof value === "object" && value !== null && "names" in value && Array.isArray(value.names);
}
