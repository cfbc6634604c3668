/** Options of sinks, with an error that names option and sink for a value that is wrong. */
import { MillraceError } from "../errors/index.ts";
import type { OptionMap } from "../logical-plan/logical-plan.ts";

export class SinkOptions {
  readonly sink: string;
  readonly #options: OptionMap;

  constructor(sink: string, options: OptionMap) {
    this.sink = sink;
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
    return new MillraceError("INVALID_OPTION", { option, provider: this.sink, value: `'${value}'`, expected });
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    const lower = value.trim().toLowerCase();
    if (lower !== "true" && lower !== "false") throw this.invalid(name, value, "Give true or false.");
    return lower === "true";
  }

  count(name: string, otherwise: number): number {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    if (!/^\s*\d+\s*$/.test(value) || !Number.isSafeInteger(Number(value))) {
      throw this.invalid(name, value, "Give a whole number, 0 or more.");
    }
    return Number(value);
  }

  /** Exactly one character, or none for the empty text. */
  character(names: readonly string[], otherwise: string): string {
    const value = this.text(...names);
    if (value === undefined) return otherwise;
    if (value.length > 1) throw this.invalid(names[0]!, value, "Give one character, or the empty text for none.");
    return value;
  }

  /** A time span in milliseconds: `7d`, `1 hour`, `500ms`. */
  milliseconds(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const match = /^\s*(\d+)\s*([a-z]+)\s*$/i.exec(value);
    const unit = match === null ? undefined : timeUnits.get(match[2]!.toLowerCase().replace(/(?<=...)s$/, ""));
    if (match === null || unit === undefined) throw this.invalid(name, value, "Give a time span such as 7d or 1 hour.");
    return Number(match[1]) * unit;
  }
}

const timeUnits: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["millisecond", 1],
  ["s", 1000],
  ["second", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["minute", 60_000],
  ["h", 3_600_000],
  ["hour", 3_600_000],
  ["d", 86_400_000],
  ["day", 86_400_000],
  ["w", 604_800_000],
  ["week", 604_800_000],
]);
