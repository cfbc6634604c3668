import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";

/** Files are UTF-8; another `encoding` is refused instead of read wrongly. */
export function requireUtf8(options: OptionReader): void {
  const encoding = options.text("encoding", "charset");
  if (encoding !== undefined && !/^(?:utf-?8|us-ascii|ascii)$/i.test(encoding)) {
    throw options.invalid("encoding", encoding, "Files are read as UTF-8; convert others first.");
  }
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
