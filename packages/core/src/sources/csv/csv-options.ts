import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { SourceContext } from "../contract.ts";
import { readBadRecordOptions } from "../files/bad-records.ts";
import type { RecordOptions } from "../files/record-file-reader.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { readEncoding, readLineSeparator, readSamplingRatio, refuseOthers } from "../files/text-options.ts";
import { readTextValues, type TextValues } from "../files/text-values.ts";

/** What splits text into fields. Bytes; -1 for none. */
export interface CsvSyntax {
  readonly separator: Uint8Array;
  readonly quote: number;
  readonly escape: number;
  readonly comment: number;
  readonly ignoreLeadingWhiteSpace: boolean;
  readonly ignoreTrailingWhiteSpace: boolean;
  readonly maxColumns: number;
}

/** Spark's options of CSV sources. */
export interface CsvOptions extends RecordOptions {
  readonly syntax: CsvSyntax;
  readonly text: TextValues;
  readonly header: boolean;
  readonly enforceSchema: boolean;
  readonly inferSchema: boolean;
  readonly prefersDate: boolean;
  readonly samplingRatio: number;
  readonly nullValue: string;
  /** What a quoted empty value is. */
  readonly emptyValue: string;
  readonly nanValue: string;
  readonly positiveInf: string;
  readonly negativeInf: string;
  readonly hasTimestampFormat: boolean;
  readonly dateFormatGiven: boolean;
}

export function readCsvOptions(context: SourceContext): CsvOptions {
  const options = new OptionReader("csv", context.options);
  const encoding = readEncoding(options);
  refuseOthers(options, {
    unescapedQuoteHandling: /^STOP_AT_DELIMITER$/i,
    charToEscapeQuoteEscaping: /^\\?$/,
    locale: /^en/i,
    singleVariantColumn: /^$/,
  });
  const separator = options.text("sep", "delimiter") ?? ",";
  if (separator === "") throw options.invalid("sep", separator, "It is at least one character.");
  return {
    encoding,
    syntax: {
      separator: encodeUtf8(unescapedSeparator(separator)),
      quote: byteOption(options, "quote", '"'),
      escape: byteOption(options, "escape", "\\"),
      comment: byteOption(options, "comment", ""),
      ignoreLeadingWhiteSpace: options.flag("ignoreLeadingWhiteSpace", false),
      ignoreTrailingWhiteSpace: options.flag("ignoreTrailingWhiteSpace", false),
      maxColumns: options.count("maxColumns") ?? 20_480,
    },
    bad: readBadRecordOptions(options, context),
    text: readTextValues(options, context),
    header: options.flag("header", false),
    enforceSchema: options.flag("enforceSchema", true),
    inferSchema: options.flag("inferSchema", false),
    prefersDate: options.flag("prefersDate", true),
    multiLine: options.flag("multiLine", false),
    lineSeparator: readLineSeparator(options),
    samplingRatio: readSamplingRatio(options),
    nullValue: options.text("nullValue") ?? "",
    emptyValue: options.text("emptyValue") ?? "",
    nanValue: options.text("nanValue") ?? "NaN",
    positiveInf: options.text("positiveInf") ?? "Inf",
    negativeInf: options.text("negativeInf") ?? "-Inf",
    hasTimestampFormat: options.text("timestampFormat") !== undefined,
    dateFormatGiven: options.text("dateFormat") !== undefined,
  };
}

/** Spark takes `\t` written out for a tab. */
function unescapedSeparator(separator: string): string {
  return separator.replaceAll("\\t", "\t").replaceAll("\\\\", "\\");
}

function byteOption(options: OptionReader, name: string, otherwise: string): number {
  const value = options.text(name) ?? otherwise;
  // Spark writes "none" as the empty text or as NUL.
  if (value === "" || value === "\u0000") return -1;
  if (value.length !== 1 || value.charCodeAt(0) > 0x7f)
    throw options.invalid(name, value, "It is one ASCII character.");
  return value.charCodeAt(0);
}
