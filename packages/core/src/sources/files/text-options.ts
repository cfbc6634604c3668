import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { FileCharset, OptionReader } from "../../logical-plan/option-reader.ts";

/** The charset of files; undefined for UTF-8, of which ASCII is a part. */
export function readEncoding(options: OptionReader): FileCharset | undefined {
  const charset = options.charset();
  return charset === "utf-8" || charset === "us-ascii" ? undefined : charset;
}

/** Whether a file of lines can be read in parts that begin anywhere. */
export function isSplittable(options: {
  readonly multiLine: boolean;
  readonly lineSeparator: Uint8Array | undefined;
  readonly encoding: FileCharset | undefined;
}): boolean {
  return !options.multiLine && options.lineSeparator === undefined && options.encoding === undefined;
}

export function readLineSeparator(options: OptionReader): Uint8Array | undefined {
  const separator = options.text("lineSep");
  if (separator === undefined) return undefined;
  if (separator === "") throw options.invalid("lineSep", separator, "It is at least one character.");
  return encodeUtf8(separator);
}

export function readSamplingRatio(options: OptionReader): number {
  const text = options.text("samplingRatio");
  if (text === undefined) return 1;
  const ratio = Number(text);
  if (!(ratio > 0 && ratio <= 1)) throw options.invalid("samplingRatio", text, "It is above 0 and at most 1.");
  return ratio;
}

/** Refuses options that Spark has and this reader has not, where they ask for something else than their default. */
export function refuseOthers(options: OptionReader, defaults: Readonly<Record<string, RegExp>>): void {
  for (const [name, otherwise] of Object.entries(defaults)) {
    const value = options.text(name);
    if (value !== undefined && !otherwise.test(value)) {
      throw options.invalid(name, value, "This reader has the default of the option only; leave it out.");
    }
  }
}
