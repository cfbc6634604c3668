import { MillraceError } from "../errors/index.ts";
import { parseBytes, parseTimeSpan } from "../types/quantities.ts";
import type { OptionMap } from "./logical-plan.ts";

/** Charsets of files, in lower case. */
export type FileCharset = "utf-8" | "us-ascii" | "iso-8859-1" | "utf-16" | "utf-16be" | "utf-16le";
const charsets: readonly FileCharset[] = ["utf-8", "us-ascii", "iso-8859-1", "utf-16", "utf-16be", "utf-16le"];

/** Reads the options of a source or a sink; errors name the option, the value, and whose option it is. */
export class OptionReader {
  readonly provider: string;
  readonly #options: OptionMap;

  constructor(provider: string, options: OptionMap) {
    this.provider = provider;
    this.#options = options;
  }

  /** The value of the first of the names that is set. Names are compared in lower case. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.#options.get(name.toLowerCase());
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** @throws MillraceError MISSING_OPTION */
  required(name: string, hint: string): string {
    const value = this.text(name);
    if (value === undefined) throw new MillraceError("MISSING_OPTION", { provider: this.provider, option: name, hint });
    return value;
  }

  invalid(option: string, value: string, expected: string): MillraceError {
    return new MillraceError("INVALID_OPTION", { option, provider: this.provider, value: `'${value}'`, expected });
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.text(name)?.trim().toLowerCase();
    if (value === undefined) return otherwise;
    if (value !== "true" && value !== "false") throw this.invalid(name, value, "Give true or false.");
    return value === "true";
  }

  /** A whole number of at least `least`. */
  count(name: string, least = 1): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\s*\d+\s*$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least) || !Number.isSafeInteger(number)) {
      throw this.invalid(name, value, `Give a whole number of at least ${least}.`);
    }
    return number;
  }

  /** A number of bytes: `1048576`, `64m`, `1 GB`. */
  bytes(name: string): number | undefined {
    return this.#parsed(name, parseBytes, "Give a number of bytes such as 64m.");
  }

  /** A time span in milliseconds: `7d`, `1 hour`, `500ms`. */
  milliseconds(name: string): number | undefined {
    return this.#parsed(name, parseTimeSpan, "Give a time span such as 7d or 1 hour.");
  }

  oneOf<T extends string>(name: string, values: readonly T[], otherwise: T): T {
    const parse = (value: string): T | undefined => values.find((v) => v.toLowerCase() === value.toLowerCase());
    return this.#parsed(name, parse, `Give one of ${values.join(", ")}.`) ?? otherwise;
  }

  /**
   * What `encoding` (or `charset`) says; UTF-8 unless given.
   * @throws MillraceError INVALID_PARAMETER_VALUE.CHARSET
   */
  charset(): FileCharset {
    const value = this.text("encoding", "charset") ?? "utf-8";
    const name = value.toLowerCase();
    const found = charsets.find((each) => each === name);
    if (found !== undefined) return found;
    const functionName = `"${this.provider}"`;
    throw new MillraceError("INVALID_PARAMETER_VALUE.CHARSET", { functionName, charset: `'${value}'` });
  }

  /** Exactly one character, or none for the empty text. */
  character(names: readonly string[], otherwise: string): string {
    const value = this.text(...names);
    if (value === undefined) return otherwise;
    if (value.length > 1) throw this.invalid(names[0]!, value, "Give one character, or the empty text for none.");
    return value;
  }

  #parsed<T>(name: string, parse: (value: string) => T | undefined, expected: string): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const result = parse(value);
    if (result === undefined) throw this.invalid(name, value, expected);
    return result;
  }
}
