/** Reads the options of a source, with an error that names option and source for a value that is wrong. */
import { MillraceError } from "../../errors/index.ts";
import type { OptionMap } from "../../logical-plan/logical-plan.ts";

const byteUnits: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1 << 10, m: 1 << 20, g: 1 << 30, t: 2 ** 40 };
const timeUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

export class SourceOptions {
  readonly source: string;
  readonly #options: OptionMap;

  constructor(source: string, options: OptionMap) {
    this.source = source;
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

  invalid(option: string, value: string, expected: string): MillraceError {
    return new MillraceError("INVALID_OPTION", { option, provider: this.source, value, expected });
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    const lower = value.toLowerCase();
    if (lower !== "true" && lower !== "false") throw this.invalid(name, value, "It is true or false.");
    return lower === "true";
  }

  /** A whole number of at least `least`. */
  count(name: string, least = 1): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\s*\d+\s*$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least) || !Number.isSafeInteger(number)) {
      throw this.invalid(name, value, `It is a whole number of at least ${least}.`);
    }
    return number;
  }

  /** A number of bytes: `1048576`, `64m`, `1 GB`. */
  bytes(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const match = /^\s*(\d+)\s*([bkmgt]?)(?:i?b)?\s*$/i.exec(value);
    const size = match === null ? 0 : Number(match[1]) * byteUnits[match[2]!.toLowerCase()]!;
    if (size < 1 || !Number.isSafeInteger(size))
      throw this.invalid(name, value, "It is a number of bytes such as 64m.");
    return size;
  }

  /** A time span in milliseconds: `7d`, `1 hour`, `500ms`. */
  milliseconds(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const match = /^\s*(\d+)\s*([a-z]+)\s*$/i.exec(value);
    const word = match?.[2]!.toLowerCase() ?? "";
    const unit = Object.hasOwn(timeUnits, word) ? timeUnits[word] : timeUnits[word.replace(/s$/, "")];
    if (match === null || unit === undefined)
      throw this.invalid(name, value, "It is a time span such as 7d or 1 hour.");
    return Number(match[1]) * unit;
  }

  oneOf<T extends string>(name: string, values: readonly T[], otherwise: T): T {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    const found = values.find((v) => v.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw this.invalid(name, value, `It is one of ${values.join(", ")}.`);
    return found;
  }
}
